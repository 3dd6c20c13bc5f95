"""First in the pipeline: messages and training sentences go through the text gate."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.text_gate import clean


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class TextGate(GraphComponent):
    """Replaces a message's text by `clean(text)`; the tracker keeps what the channel passed on."""

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> Any:
        """A new component."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Cleans in place."""
        for message in messages:
            if message.get(TEXT):
                message.data[TEXT] = clean(message.get(TEXT))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Cleans the training sentences in place."""
        self.process(training_data.training_examples)
        return training_data
