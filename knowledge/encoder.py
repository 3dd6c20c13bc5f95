"""The sentence encoder: bge-small-zh-v1.5 as int8 ONNX on one thread; sentences become unit vectors of 512 floats.

Sentences are encoded one by one (dynamic int8 gives other numbers inside a padded batch), lower-case. Without the model's files the
product works on character n-grams alone.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understanding.sentence_vectors import key_of, read_vectors, write_vectors
from understanding.spot_tagger import Tokens

Vectors = NDArray[np.float32]
WIDTH = 512
QUERY = "为这个句子生成表示以用于检索相关文章："
_LONGEST = 192  # tokens; a resident's question has 10–60, a provision's quotation under 150
_REMEMBERED = 4096


class Encoder:
    """Encodes sentences; thread-safe. `digest` names the model's files, for caches kept beside it."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds model.onnx and tokenizer.json. FileNotFoundError when one is missing."""
        import onnxruntime
        from tokenizers import Tokenizer

        model, tokenizer = folder / "model.onnx", folder / "tokenizer.json"
        for file in (model, tokenizer):
            if not file.is_file():
                raise FileNotFoundError(file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_LONGEST)
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, Vectors] = OrderedDict()
        self.digest = hashlib.sha256(model.read_bytes() + tokenizer.read_bytes()).hexdigest()[:16]

    def encode(self, text: str) -> Vectors:
        """The unit vector of one sentence, shape (512,)."""
        key = text.lower()
        with self._lock:
            if (known := self._remembered.get(key)) is not None:
                self._remembered.move_to_end(key)
                return known
        return self._keep(key, self._run(key, ["sentence_embedding"])[0])

    def tokens(self, text: str) -> Tokens:
        """The text token by token; its sentence vector is remembered on the way, so `encode` of the same text costs nothing more.

        Lower case has the length of the text in every script the product reads; where it has not, spans are those of the lower case."""
        key = text.lower()
        vector, states, spans = self._run(key, ["sentence_embedding", "last_hidden_state"])
        self._keep(key, vector)
        return Tokens(states, spans)

    def _keep(self, key: str, vector: Vectors) -> Vectors:
        unit = np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)
        with self._lock:
            self._remembered[key] = unit
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return unit

    def encode_query(self, text: str) -> Vectors:
        """The unit vector of a question that looks for a passage (with the model's query instruction), shape (512,)."""
        return self.encode(QUERY + text)

    def _run(self, text: str, outputs: list[str]) -> tuple[Any, ...]:
        """The model's outputs for this text, then its tokens' spans."""
        encoding = self._tokenizer.encode(text)
        ids = np.array([encoding.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return *(np.asarray(rows[0], dtype=np.float32) for rows in self._session.run(outputs, feed)), tuple(encoding.offsets)


def load_encoder(folder: Path) -> Encoder | None:
    """The encoder of this folder, or None when its files are not there (answers then rest on character n-grams)."""
    try:
        return Encoder(folder)
    except FileNotFoundError:
        return None


class VectorStore:
    """Vectors kept on disk by text and model, so that a second start encodes nothing. One file per model: `<folder>/<digest>.npz`."""

    def __init__(self, encoder: Encoder, folder: Path | None) -> None:
        self._encoder = encoder
        self.model = encoder.digest
        self._file = folder / f"{encoder.digest}.npz" if folder else None
        self._known = read_vectors(self._file) if self._file else {}

    def vectors(self, texts: Iterable[str], progress: Callable[[str, float], None] | None = None) -> Vectors:
        """The vectors of the texts, shape (n, 512); new ones are encoded and written back (`progress`: "encode", share done)."""
        wanted = list(texts)
        keys = [key_of(text) for text in wanted]
        missing = {key: text for key, text in zip(keys, wanted, strict=True) if key not in self._known}
        for done, (key, text) in enumerate(missing.items(), 1):
            self._known[key] = self._encoder.encode(text)
            if progress and (done % 200 == 0 or done == len(missing)):
                progress("encode", done / len(missing))
        if missing and self._file:
            write_vectors(self._file, self._known)
        if not wanted:
            return np.zeros((0, WIDTH), dtype=np.float32)
        return np.stack([self._known[key] for key in keys])
