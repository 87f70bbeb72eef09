"""Extractor of what a company is known by: CNPJ, e-mail and ticket numbers."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.mentions import find_mentions


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class BusinessEntityExtractor(GraphComponent, EntityExtractorMixin):
    """Finds `cnpj` (numeric or alphanumeric), `email` and `ticket_number`.

    Whether a CNPJ's check digits are right is not decided here: a wrong one must be
    understood as a CNPJ, so that the customer is told that it is wrong.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> BusinessEntityExtractor:
        """Creates the component; nothing is learned."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities found to those that other extractors found."""
        for message in messages:
            found = self.add_extractor_name(find_mentions(message.get(TEXT) or ""))
            message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
