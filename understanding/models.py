"""The trained classifiers on disk (numpy arrays, no pickle) and in memory."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from understanding.features import Featurizer, Floats, Vector, cues
from understanding.linear import LinearModel

FILE, STAMP = "models.npz", "stamp.json"
TASKS = ("intent", "category", "danger", "danger_category")


@dataclass(frozen=True)
class Models:
    """The n-grams and, per task, a model without and one with the sentence encoder (`with_meaning` may be empty)."""

    featurizer: Featurizer
    plain: dict[str, LinearModel]
    with_meaning: dict[str, LinearModel]
    digest: str = ""

    def of(self, task: str, vector: Vector) -> LinearModel:
        """The model of a task that fits what is known of the message."""
        if vector.meaning is not None and task in self.with_meaning:
            return self.with_meaning[task]
        return self.plain[task]


def save(models: Models, folder: Path, facts: dict[str, object]) -> None:
    """Write the arrays, then the stamp; `facts` go into the stamp beside the digest of the inputs."""
    arrays: dict[str, NDArray[np.generic]] = {
        "vocabulary": np.array(models.featurizer.vocabulary),
        "rarity": models.featurizer.rarity,
        "cue_names": np.array(list(cues())),
    }
    for variant, group in (("plain", models.plain), ("meaning", models.with_meaning)):
        for task, model in group.items():
            key = f"{variant}.{task}"
            arrays[f"{key}.labels"] = np.array(model.labels)
            arrays[f"{key}.grams"] = model.grams.astype(np.float16)
            arrays[f"{key}.cues"], arrays[f"{key}.bias"] = model.cues, model.bias
            arrays[f"{key}.temperature"] = np.array([model.temperature], dtype=np.float32)
            if model.meaning is not None:
                arrays[f"{key}.meaning"] = model.meaning
            if model.landmarks is not None and model.duals is not None:
                arrays[f"{key}.landmarks"], arrays[f"{key}.duals"] = model.landmarks.astype(np.float16), model.duals
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "models.part.npz"
    with part.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    part.replace(folder / FILE)
    (folder / STAMP).write_text(json.dumps({"digest": models.digest, **facts}, ensure_ascii=False, indent=1), encoding="utf-8")


def stamp_of(folder: Path) -> str:
    """The digest of the inputs the models in this folder were trained from; empty when there are none."""
    try:
        told = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(told.get("digest", "")) if (folder / FILE).is_file() else ""


def load(folder: Path) -> Models:
    """The models of this folder. FileNotFoundError when they were never trained; ValueError when they do not fit this program."""
    with np.load(folder / FILE, allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in kept.files}
    if [str(name) for name in arrays["cue_names"]] != list(cues()):
        raise ValueError("the understanding models were trained with other cues: train again (understanding.train)")
    featurizer = Featurizer([str(gram) for gram in arrays["vocabulary"].tolist()], arrays["rarity"])
    groups: dict[str, dict[str, LinearModel]] = {"plain": {}, "meaning": {}}
    for name in arrays:
        variant, _, rest = name.partition(".")
        if variant in groups and rest.endswith(".labels"):
            task = rest.removesuffix(".labels")
            groups[variant][task] = _model(arrays, f"{variant}.{task}")
    return Models(featurizer, groups["plain"], groups["meaning"], stamp_of(folder))


def _model(arrays: dict[str, Floats], key: str) -> LinearModel:
    return LinearModel(
        tuple(str(label) for label in arrays[f"{key}.labels"]),
        arrays[f"{key}.grams"],
        arrays[f"{key}.cues"],
        arrays.get(f"{key}.meaning"),
        arrays[f"{key}.bias"],
        float(arrays[f"{key}.temperature"][0]),
        arrays[f"{key}.landmarks"].astype(np.float32) if f"{key}.landmarks" in arrays else None,
        arrays.get(f"{key}.duals"),
    )
