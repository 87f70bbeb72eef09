"""Thanks and goodbye."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.drafts import leave_form
from actions.posting import post_unfinished
from actions.recall import COMPANY_SLOTS
from actions.turn import Turn, writing
from actions.unused_media import media_used
from desk.contacts.directory import companies_of
from desk.conversations.requests import request_status, request_stay_ended
from desk.states import Status


class ActionThanks(Action):
    """Answers thanks, which do not reopen an ended service."""

    def name(self) -> str:
        return "action_thanks"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with writing(tracker) as turn:
            await turn.once(self.name(), lambda: _stay_ended(turn))
        dispatcher.utter_message(response="utter_thanks")
        return []


async def _stay_ended(turn: Turn) -> dict[str, Any]:
    await request_stay_ended(turn.session, turn.conversation, turn.message_id)
    return {}


class ActionGoodbye(Action):
    """Ends the conversation at once, whatever form is open; a half-typed ticket is kept."""

    def name(self) -> str:
        return "action_goodbye"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        left = leave_form(tracker)
        async with writing(tracker) as turn:
            posted = await post_unfinished(turn, tracker)
            await turn.once(self.name(), lambda: _resolve(turn))
            choice = len(await companies_of(turn.session, turn.contact_id)) > 1
        if posted:
            dispatcher.utter_message(response="utter_action_posted", **posted)
        guided = tracker.active_loop_name == "guide_form"
        kept = "utter_goodbye_guide" if guided else "utter_goodbye_draft" if left.draft else ""
        dispatcher.utter_message(response=kept or "utter_goodbye")
        used = [media_used(tracker)] if posted else []
        # Whoever speaks for several companies says anew, the next time, for which.
        forgotten = [SlotSet(name, None) for name in COMPANY_SLOTS] if choice else []
        return [*left.events, *used, *forgotten, SlotSet("menu", None), SlotSet("wanted", None)]


async def _resolve(turn: Turn) -> dict[str, Any]:
    await request_status(turn.session, turn.conversation, turn.message_id, Status.RESOLVED)
    return {}
