"""What is known of a contact when a session begins: it is not asked again."""

from dataclasses import replace

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, EventType, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.drafts import half_typed_ticket
from actions.guide_state import QUESTION_SLOTS, left_half_way
from actions.posting import post_unfinished
from actions.recall import recall
from actions.turn import writing

_CARRIED_OVER = ("draft", "wanted", "menu", "media_used_until", *QUESTION_SLOTS.values())


class ActionSessionStart(Action):
    """Begins a session with all that the desk knows, and what was half done before."""

    def name(self) -> str:
        return "action_session_start"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with writing(tracker) as turn:
            slots = await recall(turn)
            slots["service_status"] = turn.conversation.status.value
            await post_unfinished(turn, tracker)
        for name in _CARRIED_OVER:
            if tracker.get_slot(name) is not None:
                slots[name] = tracker.get_slot(name)
        if tracker.active_loop_name == "ticket_form" and half_typed_ticket(tracker):
            slots["draft"] = half_typed_ticket(tracker)
        guide = left_half_way(tracker)
        if guide is not None:
            slots["guide"] = vars(replace(guide, under_way=False))
        events = [SlotSet(name, value) for name, value in slots.items()]
        return [SessionStarted(), *events, ActionExecuted("action_listen")]
