"""The real library, and an answerer over it (its index is read from var/index when it has been built before)."""

from pathlib import Path

import pytest

from knowledge.answer_question import Answerer
from knowledge.encoder import Encoder, load_encoder
from knowledge.index import Index
from knowledge.library import FOLDER, Library, load_library

ENCODER = FOLDER.parent / "var" / "encoder"
CACHE = FOLDER.parent / "var" / "index"


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    found = load_encoder(ENCODER)
    if found is None:
        pytest.skip(f"no sentence encoder in {ENCODER.name}/ (the install step fetches it)")
    return found


@pytest.fixture(scope="session")
def answerer(library: Library, encoder: Encoder) -> Answerer:
    return Answerer(library, encoder, index=Index(library, encoder, CACHE))


@pytest.fixture(scope="session")
def plan_files() -> Path:
    return FOLDER / "plans"
