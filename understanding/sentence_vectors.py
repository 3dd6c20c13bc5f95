"""The encoder's vectors of sentences, kept on disk by text: of the training sentences here (Rasa's training reads the same file), of the
plans' texts in knowledge.encoder."""

import hashlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from understanding.features import Encoder, Floats


def vectors_file(folder: Path, model: str) -> Path:
    """Where the vectors made by an encoder (its digest) are kept."""
    return folder / f"vectors-{model}.npz"


def key_of(text: str) -> str:
    """The name of a sentence in the file; the encoder reads lower case."""
    return hashlib.sha256(text.lower().encode()).hexdigest()[:24]


class RememberingEncoder:
    """An encoder that looks into a file first; `keep` writes what was asked for since, and that alone."""

    def __init__(self, encoder: Encoder, file: Path) -> None:
        self._encoder, self._file = encoder, file
        self._known = read_vectors(file)
        self._asked: dict[str, Floats] = {}

    def encode(self, text: str) -> Floats | None:
        """The unit vector of a sentence, shape (512,)."""
        key = key_of(text)
        vector = self._known[key] if key in self._known else self._encoder.encode(text)
        if vector is not None:
            self._asked[key] = vector
        return vector

    def keep(self) -> None:
        """Write the file, at once."""
        if self._asked.keys() != self._known.keys():
            write_vectors(self._file, self._asked)


def write_vectors(file: Path, vectors: dict[str, Floats]) -> None:
    """Write vectors by `key_of` beside their place and move them there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part.npz")
    np.savez(part, keys=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
    part.replace(file)


def read_vectors(file: Path) -> dict[str, Floats]:
    """What `write_vectors` wrote; nothing of a torn file (it costs only the time to encode again)."""
    if not file.is_file():
        return {}
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as held:
            return {str(key): vector for key, vector in zip(held["keys"], held["vectors"], strict=True)}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}
