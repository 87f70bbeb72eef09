"""What the bot did not understand: the documentation, one rephrase request, then a person."""

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.docs import answer_trouble
from actions.guide_offer import guide_for, offer_guide
from actions.handoff import PERSON, hand_off
from actions.menu import Option, offer
from actions.turn import heard
from actions.wording import has_words, is_english

_FEWEST_WORDS_TO_LOOK_UP = 3
_MISSES = (
    "utter_rephrase",
    "utter_rephrase_in_form",
    "utter_out_of_scope",
    "utter_only_portuguese",
    "utter_offer_person",
    "utter_offer_person_in_form",
)
WAYS_ON = [
    Option("1", "utter_option_new_ticket", "open_ticket"),
    Option("2", "utter_option_my_tickets", "show_menu"),
    Option("3", "utter_option_person", "talk_to_human"),
]
NOT_NOW = Option("2", "utter_option_try_again", "show_menu", answers="deny")


class ActionRephrase(Action):
    """Asks to rephrase; the second time in a row offers a person, the third calls one."""

    def name(self) -> str:
        return "action_rephrase"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if not tracker.active_loop_name:
            known = await self._known(dispatcher, tracker)
            if known:
                return known
        times = times_in_a_row(tracker, *_MISSES)
        if times >= 2:
            dispatcher.utter_message(response="utter_person_instead")
            return await hand_off(dispatcher, tracker, self.name(), "not_understood")
        if tracker.active_loop_name:
            dispatcher.utter_message(
                response="utter_offer_person_in_form" if times else "utter_rephrase_in_form"
            )
            return []
        said = heard(tracker)
        if is_english(said.text):
            return [offer(dispatcher, "utter_only_portuguese", WAYS_ON)]
        if times:
            return [offer(dispatcher, "utter_offer_person", [PERSON, NOT_NOW])]
        foreign = said.intent == "out_of_scope" and has_words(said.text)
        return [offer(dispatcher, "utter_out_of_scope" if foreign else "utter_rephrase", WAYS_ON)]

    async def _known(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """What a guide or the documentation knows of words that no intent was seen in."""
        said = heard(tracker)
        guide = await guide_for(said.text if tracker.get_slot("identified") else None)
        if guide is not None:
            return [offer_guide(dispatcher, guide, said.text)]
        if said.intent == "out_of_scope" or said.word_count < _FEWEST_WORDS_TO_LOOK_UP:
            return []
        return await answer_trouble(dispatcher, tracker, said.text, "utter_docs_perhaps")


def times_in_a_row(tracker: Tracker, *responses: str) -> int:
    """In how many turns in a row before this one any of these responses was uttered."""
    turns: list[bool] = []
    for event in tracker.applied_events():
        if event.get("event") == "user":
            turns.append(False)
        elif turns and (event.get("metadata") or {}).get("utter_action") in responses:
            turns[-1] = True
    before = turns[:-1]
    count = 0
    while count < len(before) and before[-1 - count]:
        count += 1
    return count
