"""What an index is made of, and how it is kept on disk between starts (one .npz file, no code in it)."""

from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from knowledge.encoder import Vectors
from knowledge.lens import GramSpace, Lens
from knowledge.ngrams import GramMatrix, Vocabulary

_FILES_KEPT = 3


@dataclass(frozen=True)
class Kept:
    """The vocabulary and the lens of a library, the rows of its texts seen through the lens and their gram weights, by name."""

    vocabulary: Vocabulary
    lens: Lens
    rows: dict[str, Vectors] = field(default_factory=dict)
    grams: dict[str, GramMatrix] = field(default_factory=dict)


def keep(file: Path, made: Kept) -> None:
    """Write it beside its place and move it there; older files of the folder beyond a few are removed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    parts: dict[str, NDArray[np.generic]] = {
        "vocabulary": np.array(list(made.vocabulary.column)), "idf": made.vocabulary.idf,
        "counts": np.array([made.vocabulary.shared, made.vocabulary.texts]),
        "directions": made.lens.space.directions.astype(np.float16), "matrix": made.lens.matrix,
    }  # fmt: skip
    parts |= {f"mean:{role}": mean for role, mean in made.lens.means.items()}
    parts |= {f"rows:{name}": rows.astype(np.float16) for name, rows in made.rows.items()}
    for name, matrix in made.grams.items():
        parts |= {f"grams:{name}:{what}": array for what, array in matrix.arrays().items()}
    part = file.with_suffix(".part.npz")
    with part.open("wb") as out:
        np.savez(out, **parts)  # type: ignore[arg-type]
    part.replace(file)
    for old in sorted(file.parent.glob("index-*.npz"), key=lambda f: f.stat().st_mtime)[:-_FILES_KEPT]:
        old.unlink(missing_ok=True)


def kept(file: Path) -> Kept | None:
    """What `keep` wrote; None when there is none, or a torn file (it costs only the time to build again)."""
    if not file.is_file():
        return None
    try:
        with file.open("rb") as opened, np.load(opened) as held:
            return _read({name: held[name] for name in held.files})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _read(parts: dict[str, NDArray[np.generic]]) -> Kept:
    shared, texts = map(int, parts["counts"])
    vocabulary = Vocabulary({str(g): i for i, g in enumerate(parts["vocabulary"])}, parts["idf"].astype(np.float32), shared, texts)
    means = {name[5:]: value.astype(np.float32) for name, value in parts.items() if name.startswith("mean:")}
    lens = Lens(GramSpace(vocabulary, parts["directions"].astype(np.float32)), means, parts["matrix"].astype(np.float32))
    made = Kept(vocabulary, lens)
    for name, value in parts.items():
        if name.startswith("rows:"):
            made.rows[name[5:]] = value.astype(np.float32)
        if name.startswith("grams:") and name.endswith(":starts"):
            stem = name[: -len("starts")]
            made.grams[stem[6:-1]] = GramMatrix({what: parts[stem + what] for what in ("starts", "places", "weights", "rows")})
    return made
