"""Rasa's door to the intent model."""

from __future__ import annotations

from typing import Any

import joblib
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.intents import IntentModel
from nlu.spelling import common_words

MODEL_FILE = "intents.joblib"
RANKED = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ChatIntentClassifier(GraphComponent, IntentClassifier):
    """Classifies chat messages, mistyped ones too (`nlu/intents.py`).

    An intent with a single example is one that only the bridge says, as `/intent`; nothing
    is learned for it, so that no gibberish is taken for it.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings compared in docs/comparisons/nlu.md."""
        return {
            "shortest_piece": 2,
            "longest_piece": 4,
            "mistyped_copies": 2,
            "most_slips": 3,
            "meaning_scale": 10.0,
            "iterations": 60,
            "sharpness": 1.0,
            "random_seed": 7,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None = None,
    ) -> None:
        """Begins untrained unless a model is given."""
        self._model = model or IntentModel(config)
        self._model_storage = model_storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ChatIntentClassifier:
        """Creates the untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ChatIntentClassifier:
        """Reads the trained model and loads the sentence encoder."""
        with model_storage.read_from(resource) as folder:
            model: IntentModel = joblib.load(folder / MODEL_FILE)
        model.load()
        return cls(config, model_storage, resource, model)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from the examples and stores what was learned."""
        count = training_data.number_of_examples_per_intent
        examples = [each for each in training_data.intent_examples if count[each.get(INTENT)] > 1]
        self._model.learn(
            [each.get(TEXT) for each in examples],
            [each.get(INTENT) for each in examples],
            common_words(),
        )
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / MODEL_FILE)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the likeliest intent of each message, and the ranking."""
        for message in messages:
            found = self._model.probabilities(message.get(TEXT) or "")
            ranking = [
                {"name": intent, "confidence": confidence} for intent, confidence in found.items()
            ][:RANKED]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages
