"""A sentence once encoded is not encoded again; a torn file costs time and nothing else."""

from pathlib import Path

import numpy as np

from understanding.features import Floats
from understanding.sentence_vectors import RememberingEncoder, vectors_file


class Counting:
    """An encoder that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, text: str) -> Floats | None:
        self.asked.append(text)
        return np.full(4, len(text), dtype=np.float32)


def test_the_next_training_encodes_only_what_is_new(tmp_path: Path) -> None:
    file, inner = vectors_file(tmp_path, "m"), Counting()
    first = RememberingEncoder(inner, file)
    first.encode("水管漏了")
    first.encode("Lift停了")
    first.keep()
    second = RememberingEncoder(inner, file)
    assert np.array_equal(second.encode("lift停了"), np.full(4, 6, dtype=np.float32))
    second.encode("灯不亮")
    second.keep()
    assert inner.asked == ["水管漏了", "Lift停了", "灯不亮"]
    third = RememberingEncoder(inner, file)
    third.encode("水管漏了")
    assert inner.asked[3:] == ["水管漏了"], "what the last training did not ask for is not kept"


def test_a_torn_file_is_encoded_anew(tmp_path: Path) -> None:
    file, inner = vectors_file(tmp_path, "m"), Counting()
    file.write_bytes(b"torn")
    RememberingEncoder(inner, file).encode("水管漏了")
    assert inner.asked == ["水管漏了"]
