"""Rasa's view of the intent model."""

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, vstack

from components.kernel_model import Features, KernelModel, Shape

BOTH, CHARACTERS = "both", "characters"
RANKED = 5


def says_something(text: str) -> bool:
    """Whether there is a letter, digit or symbol (emoji) in it: punctuation alone has no intent."""
    return any(unicodedata.category(character)[0] in "LNS" for character in text)


def features_of(messages: list[Message]) -> Features | None:
    """The featurizers' rows, stacked; without vectors when any message has none, None when one has no characters' row."""
    sparse = [m.get_sparse_features(TEXT)[1] for m in messages]
    dense = [m.get_dense_features(TEXT)[1] for m in messages]
    if not messages or any(row is None for row in sparse):
        return None
    characters = sparse[0].features if len(sparse) == 1 else csr_matrix(vstack([row.features for row in sparse]))
    return Features(characters, None if any(row is None for row in dense) else np.vstack([row.features for row in dense]))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class KernelIntentClassifier(GraphComponent, IntentClassifier):
    """Ranks intents with calibrated confidences. Holds one model for when the encoder is there and one for when it is not."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The kernel's shape (components/kernel_model.py)."""
        return dict(vars(Shape()))

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._shape = Shape(**{key: float(config[key]) for key in vars(Shape())})
        self._storage, self._resource = storage, resource
        self._models: dict[str, KernelModel] = {}

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> Any:
        """A new, unfitted component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **_: Any
    ) -> Any:
        """The fitted component; a damaged model raises, it is never served half."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            for name in (CHARACTERS, BOTH):
                if name == CHARACTERS or (Path(folder) / f"{name}.json").is_file():
                    component._models[name] = KernelModel.load(Path(folder), name)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fits both models, or the one on characters alone where there is no encoder."""
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        labels = [m.get(INTENT) for m in examples]
        voices = [((m.get("metadata") or {}).get("intent") or {}).get("voice", "") for m in examples]
        features = features_of(examples)
        if features is None:
            raise ValueError("KernelIntentClassifier 需要 CharacterFeaturizer 排在它前面")
        self._models[CHARACTERS] = KernelModel.fit(Features(features.characters), labels, voices, self._shape)
        if features.vectors is not None:
            self._models[BOTH] = KernelModel.fit(features, labels, voices, self._shape)
        with self._storage.write_to(self._resource) as folder:
            for name, model in self._models.items():
                model.save(Path(folder), name)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets intent and intent_ranking (the best five), confidences in 0…1."""
        for message in messages:
            ranking = self._ranking(message)
            message.set("intent", ranking[0] if ranking else {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _ranking(self, message: Message) -> list[dict[str, Any]]:
        features = features_of([message]) if says_something(message.get(TEXT) or "") else None
        if features is None or not self._models:
            return []
        model = self._models.get(BOTH) if features.vectors is not None else None
        model = model or self._models[CHARACTERS]
        probabilities = model.probabilities(features)[0]
        best = np.argsort(-probabilities)[:RANKED]
        return [{"name": model.classes[i], "confidence": float(probabilities[i])} for i in best]
