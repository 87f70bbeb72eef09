"""Calls from Rasa to the action server: faster, and never failing silently.

Rasa 3.6 checks every answer of the action server with `jsonschema.validate`, which checks
the schema itself each time: three quarters of a turn's work. It looks for the class of every
event of the conversation, each turn, among all classes: a third of a long conversation's turn.
And an action that fails leaves no trace in the reply. Rasa offers no hook for any of these, so
this component, being part of the pipeline, changes Rasa's classes when a model is loaded; what was
understood is told by `understood.py` on the same way.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

from jsonschema import Draft7Validator
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    FollowupAction,
    SessionStarted,
    SlotSet,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from nlu import understood

logger = logging.getLogger(__name__)

_original_run = RemoteAction.run
_class_of_event = functools.lru_cache(maxsize=128)(Event.resolve_by_type)


@functools.lru_cache(maxsize=1)
def _validator() -> Draft7Validator:
    return Draft7Validator(RemoteAction.action_response_format_spec())


def _validate_action_result(_self: RemoteAction, result: dict[str, Any]) -> bool:
    """Checks an answer of the action server with a validator that is built once."""
    _validator().validate(result)
    return True


async def _run_or_report(
    self: RemoteAction,
    output_channel: OutputChannel,
    nlg: NaturalLanguageGenerator,
    tracker: DialogueStateTracker,
    domain: Domain,
) -> list[Event]:
    """Runs an action; a failure becomes an item of the reply that the bridge understands."""
    try:
        return await _original_run(self, output_channel, nlg, tracker, domain)
    except ActionExecutionRejection:
        raise
    except Exception as error:
        # The error may quote what the customer wrote; only its kind goes to the log.
        logger.error("Action '%s' failed: %s.", self.name(), type(error).__name__)
        return _failure(self.name(), tracker.get_slot(REQUESTED_SLOT))


def _failure(action_name: str, requested_slot: str | None) -> list[Event]:
    events: list[Event] = [BotUttered(data={"custom": {"failed_action": action_name}})]
    if action_name.startswith("validate_") and requested_slot:
        # A form whose validation sets no slot is rejected, and its events with it.
        events.append(SlotSet(requested_slot, None))
    if action_name == ACTION_SESSION_START_NAME:
        # Without these the conversation would never be in order again.
        return [*events, SessionStarted(), ActionExecuted(ACTION_LISTEN_NAME)]
    # Whatever a rule would do next relies on what the action should have set.
    events.append(FollowupAction(ACTION_LISTEN_NAME))
    return events


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ActionCalls(GraphComponent):
    """Puts the changes in place; messages pass through unchanged."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ActionCalls:
        """Changes Rasa's classes; doing it again changes nothing."""
        RemoteAction._validate_action_result = _validate_action_result
        RemoteAction.run = _run_or_report
        Event.resolve_by_type = staticmethod(_class_of_event)
        understood.install()
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Nothing to do with messages."""
        return messages
