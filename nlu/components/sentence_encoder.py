"""The sentence encoder: bge-small-zh as int8 ONNX, one sentence in, one vector of length 1 out."""

import base64
import binascii
import hashlib
import os
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

SIZE = 512
LONGEST = 128  # tokens; the model itself fails beyond 512
MODEL_SHA256 = "277740d23747fa6dbe5b3afa74fca21d818fb89556ce5c819ce1d3896e6e4c25"
TOKENIZER_SHA256 = "3d09c84ebd10306706a79a8276b3ab736a40d8ec03251c7639f4e52c3a1a4f8e"
HANDED = 64  # vectors kept that the application has made already
DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "var" / "encoder"


def encoder_folder() -> Path:
    """Where model.onnx and tokenizer.json are looked for (LINDA_ENCODER_DIR)."""
    return Path(os.environ.get("LINDA_ENCODER_DIR") or DEFAULT_FOLDER)


def fingerprint(folder: Path) -> str | None:
    """sha256 over both files, None when there is no encoder; part of the digest that decides about training anew."""
    digest = hashlib.sha256()
    for name in ("model.onnx", "tokenizer.json"):
        path = folder / name
        if not path.is_file():
            return None
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def kept_vectors(folder: Path) -> dict[str, np.ndarray]:
    """The vectors of sentences that the application's training made with the same encoder, by `key_of`; empty when there are none."""
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in ("model.onnx", "tokenizer.json"))).hexdigest()[:16]
    file = folder.parent / "understanding" / f"vectors-{digest}.npz"
    try:
        with np.load(file, allow_pickle=False) as held:
            return {str(key): vector for key, vector in zip(held["keys"], held["vectors"], strict=True)}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}


def key_of(text: str) -> str:
    """The name of a sentence among the kept vectors."""
    return hashlib.sha256(text.lower().encode()).hexdigest()[:24]


class SentenceEncoder:
    """Encodes singly, because a dynamic int8 model gives other vectors inside a padded batch."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        import tokenizers

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        model = str(folder / "model.onnx")
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST)
        self._handed: OrderedDict[str, np.ndarray] = OrderedDict()
        self._known: dict[str, np.ndarray] = {}

    def hand(self, text: str, vector: np.ndarray) -> None:
        """Keeps a vector of the same encoder made elsewhere, for the next `encode` of this text."""
        self._handed[text] = vector
        while len(self._handed) > HANDED:
            self._handed.popitem(last=False)

    def remember(self, vectors: dict[str, np.ndarray]) -> None:
        """Takes vectors of the same encoder by `key_of`, for training."""
        self._known = vectors

    def encode(self, text: str) -> np.ndarray:
        """A vector of SIZE float32 of length 1."""
        handed = self._handed.pop(text, None)
        known = self._known.get(key_of(text)) if self._known and handed is None else handed
        if known is not None:
            return known
        tokens = self._tokenizer.encode(text.lower())
        ids = np.array([tokens.ids], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        vector = self._session.run(["sentence_embedding"], inputs)[0][0]
        return np.asarray(vector / (np.linalg.norm(vector) or 1.0), dtype=np.float32)


def vector_from(text: str) -> np.ndarray | None:
    """The vector in base64 (SIZE float32, little-endian); None when it is anything else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    vector = np.frombuffer(data, dtype="<f4") if len(data) == 4 * SIZE else np.zeros(0, dtype=np.float32)
    return vector if len(vector) and np.isfinite(vector).all() and abs(float(vector @ vector) - 1) < 1e-3 else None


@lru_cache(maxsize=1)
def shared_encoder(folder: Path) -> SentenceEncoder | None:
    """The process's one encoder, None when its files are not there: everything works without it, at lower quality."""
    return SentenceEncoder(folder) if fingerprint(folder) else None
