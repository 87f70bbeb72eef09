"""Component that understands the answer to the news of a ticket as one."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import (
    ENTITIES,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    METADATA,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message

from nlu.news_answers import answers_news

POST_ACTION = "post_action"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class TicketNews(GraphComponent, EntityExtractorMixin):
    """Turns what is said right after the news into `post_action` on their ticket.

    The bridge tells the ticket in the metadata `news_ticket` of the one message that follows.
    Stands last in the pipeline: it corrects what the classifiers decided.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TicketNews:
        """Creates the component; nothing is learned."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Leaves messages without news as they are."""
        for message in messages:
            number = (message.get(METADATA) or {}).get("news_ticket")
            intent = message.get(INTENT) or {}
            name = str(intent.get(INTENT_NAME_KEY) or "")
            sure = float(intent.get(PREDICTED_CONFIDENCE_KEY) or 0.0)
            if number and answers_news(message.get(TEXT) or "", name, sure):
                self._answer(message, str(number))
        return messages

    def _answer(self, message: Message, number: str) -> None:
        answer = {INTENT_NAME_KEY: POST_ACTION, PREDICTED_CONFIDENCE_KEY: 1.0}
        others = [
            each
            for each in message.get(INTENT_RANKING_KEY) or []
            if each.get(INTENT_NAME_KEY) != POST_ACTION
        ]
        message.set(INTENT, answer, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [answer, *others], add_to_output=True)
        found = message.get(ENTITIES) or []
        if not any(each["entity"] == "ticket_number" for each in found):
            entity = {"entity": "ticket_number", "start": 0, "end": 0, "value": number}
            message.set(ENTITIES, found + self.add_extractor_name([entity]), add_to_output=True)
