"""The step of a form that takes files until "Fim"."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.interruptions import interrupts_choice, requested_slot
from actions.turn import heard
from actions.wording import says_finished

_END = [{"title": "Fim", "payload": "Fim"}]


def answer_to_media_step(slot: str, tracker: Tracker) -> dict[str, Any]:
    """``done`` after "Fim" or a no; other words are kept as more of the description.

    A bare file, or "segue a foto", is left to `action_receive_media`.
    """
    said = heard(tracker)
    if requested_slot(tracker) != slot or not said.text:
        return {}
    if says_finished(said.text) or (said.intent == "deny" and said.word_count <= 6):
        return {slot: "done"}
    if said.intent == "affirm" and said.word_count <= 3:
        return {}
    tells_more = said.has_files or said.word_count > 8
    return {} if interrupts_choice(said) and not tells_more else {slot: said.text}


def _ask(dispatcher: CollectingDispatcher, tracker: Tracker, slot: str, response: str) -> None:
    # Whoever is sending files one by one has just been told how to finish.
    if requested_slot(tracker) != slot:
        dispatcher.utter_message(response=response, buttons=_END)


class ActionAskTicketMedia(Action):
    """Asks for files once, not after each of them."""

    def name(self) -> str:
        return "action_ask_ticket_media"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        _ask(dispatcher, tracker, "ticket_media", "utter_ask_media")
        return []


class ActionAskActionMedia(Action):
    """Asks for files once, not after each of them."""

    def name(self) -> str:
        return "action_ask_action_media"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        _ask(dispatcher, tracker, "action_media", "utter_ask_more_media")
        return []
