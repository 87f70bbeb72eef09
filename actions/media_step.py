"""The step of a form that takes files until "Fim"."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.interruptions import interrupts_choice, interrupts_free_text, requested_slot
from actions.problems import asks_for_ticket
from actions.turn import Heard, heard
from actions.wording import says_finished, says_no, says_yes

DONE, WAITING = "done", "waiting"
_MOST_WORDS_OF_A_WISH = 8
_NO_MATTER = frozenset({"thanks", "complaint"})


def answer_to_media_step(slot: str, tracker: Tracker) -> dict[str, Any]:
    """``DONE`` after "Fim" or a no; other words are kept as more of the description.

    A bare file, or "segue a foto", is left to `action_receive_media`.
    """
    said = heard(tracker)
    if requested_slot(tracker) != slot or not said.text:
        return {}
    if says_finished(said.text) or says_no(said.text):
        return {slot: DONE}
    if says_yes(said.text):
        return {slot: WAITING}
    if said.has_files or said.word_count > _MOST_WORDS_OF_A_WISH:
        return {slot: said.text}
    leads_away = interrupts_free_text(said) or asks_for_ticket(said.text) or _wishes_else(said)
    return {} if leads_away else {slot: said.text}


def _wishes_else(said: Heard) -> bool:
    """Whether a few words are thanks or a complaint, which say nothing of the matter."""
    return said.intent in _NO_MATTER and interrupts_choice(said)


_TELL_HOW_TO_FINISH = frozenset(
    {"utter_media_received_more", "utter_media_more", "utter_media_waiting"}
)


def _ask(dispatcher: CollectingDispatcher, tracker: Tracker, response: str) -> None:
    # Whoever is sending files one by one has just been told how to finish.
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            break
        if (event.get("metadata") or {}).get("utter_action") in _TELL_HOW_TO_FINISH:
            return
    dispatcher.utter_message(response=response)


class ActionAskTicketMedia(Action):
    """Asks for files once, not after each of them."""

    def name(self) -> str:
        return "action_ask_ticket_media"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        _ask(dispatcher, tracker, "utter_ask_media")
        return []


class ActionAskActionMedia(Action):
    """Asks for files once, not after each of them."""

    def name(self) -> str:
        return "action_ask_action_media"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        _ask(dispatcher, tracker, "utter_ask_more_media")
        return []
