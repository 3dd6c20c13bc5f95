"""Vectors are unit, singly encoded, and kept on disk so that a second start encodes nothing."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder import Encoder, VectorStore, load_encoder


class Counting:
    """Stands in for the encoder at its edge, counting what is encoded."""

    digest = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, text: str) -> np.ndarray:
        self.asked.append(text)
        return np.full(512, len(text), dtype=np.float32)


def test_a_second_start_encodes_nothing(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    before = VectorStore(first, tmp_path).vectors(["公示", "电梯坏了", "公示"])  # type: ignore[arg-type]
    after = VectorStore(second, tmp_path).vectors(["公示", "电梯坏了", "公示"])  # type: ignore[arg-type]
    assert first.asked == ["公示", "电梯坏了"]
    assert second.asked == []
    assert np.array_equal(before, after)


def test_a_torn_file_costs_only_the_time_to_encode_again(tmp_path: Path) -> None:
    (tmp_path / "counting.npz").write_bytes(b"PK\x03\x04torn")
    again = Counting()
    assert VectorStore(again, tmp_path).vectors(["公示"]).shape == (1, 512)  # type: ignore[arg-type]
    assert again.asked == ["公示"]


def test_no_files_no_encoder(tmp_path: Path) -> None:
    assert load_encoder(tmp_path) is None


def test_meaning_counts_more_than_words(encoder: Encoder) -> None:
    asked = encoder.encode("电梯里的广告费归谁")
    near, far = encoder.encode("小区公共收益的归属"), encoder.encode("电梯维修保养的周期")
    assert float(np.linalg.norm(asked)) == pytest.approx(1.0, abs=1e-4)
    assert float(asked @ near) > 0.3
    assert encoder.encode("ABC物业") is encoder.encode("abc物业")
    assert far.shape == (512,)
