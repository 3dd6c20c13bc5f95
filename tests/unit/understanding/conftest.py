"""Models trained once for this folder's tests, on character n-grams alone (no encoder needed)."""

from pathlib import Path

import pytest

from understanding.models import Models
from understanding.read_message import Reader
from understanding.train import load, train_if_changed

COMMUNITIES = {"donghe": ("阳光家园", "富强小区", "金桂苑", "翠堤湾小区", "幸福里"), "ejinhoro": ("乌兰花园",)}


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("understanding")
    assert train_if_changed(folder, None, lambda percent, words: None)
    return folder


@pytest.fixture(scope="session")
def models(model_folder: Path) -> Models:
    return load(model_folder)


@pytest.fixture(scope="session")
def reader(models: Models) -> Reader:
    return Reader(models, COMMUNITIES)
