"""The status of a service (atendimento): actions that set it, and one that acts on it.

A designer puts `action_set_waiting` and its like into any rule, followed by what is said.
"""

from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.served import for_served_companies
from actions.turn import Turn, reading, writing
from actions.welcome_back import ActionWelcomeBack, remind_of_waiting
from desk.conversations.handoff_tickets import end_handoff_tickets
from desk.conversations.requests import request_status
from desk.events.log import BOT
from desk.states import ENDED, Status

SLOT = "service_status"


class SetsStatus:
    """Asks for a status, which the conversation has when the turn ends."""

    status: ClassVar[Status]

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with writing(tracker) as turn:
            await turn.once(f"action_set_{self.status.value}", lambda: _set(turn, self.status))
        # A rule that says nothing after it is no failure.
        dispatcher.utter_message(json_message={"silent": True})
        return [SlotSet(SLOT, self.status.value)]


async def _set(turn: Turn, status: Status) -> dict[str, Any]:
    await request_status(turn.session, turn.conversation, turn.message_id, status)
    if status in ENDED:
        await end_handoff_tickets(turn.session, turn.conversation, status, BOT)
    return {}


class ActionSetOpen(SetsStatus, Action):
    """Aberto."""

    status = Status.OPEN

    def name(self) -> str:
        return "action_set_open"


class ActionSetInService(SetsStatus, Action):
    """Em atendimento."""

    status = Status.IN_SERVICE

    def name(self) -> str:
        return "action_set_in_service"


class ActionSetWaiting(SetsStatus, Action):
    """Aguardando."""

    status = Status.WAITING

    def name(self) -> str:
        return "action_set_waiting"


class ActionSetResolved(SetsStatus, Action):
    """Resolvido."""

    status = Status.RESOLVED

    def name(self) -> str:
        return "action_set_resolved"


class ActionSetClosed(SetsStatus, Action):
    """Fechado."""

    status = Status.CLOSED

    def name(self) -> str:
        return "action_set_closed"


class ActionServiceWaiting(Action):
    """Reminds somebody of what waits; greets as always when it no longer does."""

    def name(self) -> str:
        return "action_service_waiting"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with reading(tracker) as turn:
            status = turn.conversation.status
        if status is Status.WAITING and not tracker.active_loop_name:
            return [remind_of_waiting(dispatcher, tracker)]
        # The team changed it while the bot had the conversation.
        events: list[EventType] = await ActionWelcomeBack().run(dispatcher, tracker, domain)
        return [*events, SlotSet(SLOT, status.value)]
