"""Rasa's view of the two kinds of features: character n-grams (sparse) and the sentence encoder (dense), each of the whole sentence."""

from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.character_ngrams import CharacterNgrams
from components.sentence_encoder import encoder_folder, kept_vectors, shared_encoder


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class CharacterFeaturizer(SparseFeaturizer, GraphComponent):
    """TF-IDF of character n-grams, one sparse row per message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`longest`: n of the n-grams; `at_least`: sentences an n-gram must stand in."""
        return {**SparseFeaturizer.get_default_config(), "longest": 3, "at_least": 2}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource, name: str) -> None:
        super().__init__(name, config)
        self._storage, self._resource = storage, resource
        self._ngrams: CharacterNgrams | None = None

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> Any:
        """A new, unfitted component."""
        return cls(config, model_storage, resource, execution_context.node_name)

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **_: Any
    ) -> Any:
        """The fitted component; a damaged model raises, it is never served half."""
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            component._ngrams = CharacterNgrams.load(Path(folder))
        return component

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Any numbers from 1 on."""
        if min(config["longest"], config["at_least"]) < 1:
            raise ValueError("CharacterFeaturizer: longest 与 at_least 至少为 1")

    def train(self, training_data: TrainingData) -> Resource:
        """Learns the vocabulary."""
        texts = [m.get(TEXT) for m in training_data.training_examples if m.get(TEXT)]
        self._ngrams = CharacterNgrams.fit(texts, self._config["longest"], self._config["at_least"])
        with self._storage.write_to(self._resource) as folder:
            self._ngrams.save(Path(folder))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the sparse row of each message with text."""
        for message in messages:
            if message.get(TEXT) and self._ngrams:
                message.add_features(Features(self._ngrams.rows([message.get(TEXT)]), FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The same for training."""
        self.process(training_data.training_examples)
        return training_data


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class EncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """The sentence encoder's vector; without its files it adds nothing, and the classifier uses its characters-only half."""

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> Any:
        """A new component; the encoder is loaded once per process."""
        component = cls(execution_context.node_name, config)
        component._encoder = shared_encoder(encoder_folder())
        return component

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing to set here: the files are named by LINDA_ENCODER_DIR."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the vector, shape (1, 512), to each message with text."""
        for message in messages:
            if message.get(TEXT) and self._encoder:
                vector: np.ndarray = self._encoder.encode(message.get(TEXT))[np.newaxis, :]
                message.add_features(Features(vector, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The same for training, where the application's training may have encoded the sentences already."""
        if self._encoder:
            self._encoder.remember(kept_vectors(encoder_folder()))
        self.process(training_data.training_examples)
        return training_data
