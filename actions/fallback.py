"""What the bot did not understand: one rephrase request, then a person."""

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.guide_offer import guide_for, offer_guide
from actions.handoff import PERSON, hand_off
from actions.menu import Option, offer
from actions.turn import heard
from actions.wording import has_words

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
        times = times_in_a_row(tracker, self.name())
        if times >= 2:
            dispatcher.utter_message(response="utter_person_instead")
            return await hand_off(dispatcher, tracker, self.name(), "not_understood")
        if tracker.active_loop_name:
            dispatcher.utter_message(
                response="utter_offer_person_in_form" if times else "utter_rephrase_in_form"
            )
            return []
        guide = await guide_for(heard(tracker).text if tracker.get_slot("identified") else None)
        if guide is not None:
            return [offer_guide(dispatcher, guide, heard(tracker).text)]
        if times:
            return [offer(dispatcher, "utter_offer_person", [PERSON, NOT_NOW])]
        said = heard(tracker)
        foreign = said.intent == "out_of_scope" and has_words(said.text)
        return [offer(dispatcher, "utter_out_of_scope" if foreign else "utter_rephrase", WAYS_ON)]


def times_in_a_row(tracker: Tracker, action: str) -> int:
    """In how many turns just before this one the action ran, without a break.

    The question of a form is no action of its own in a tracker: its response tells of it.
    """
    turns: list[bool] = []
    for event in tracker.applied_events():
        if event.get("event") == "user":
            turns.append(False)
        elif turns and action in (
            event.get("name") if event.get("event") == "action" else None,
            (event.get("metadata") or {}).get("utter_action"),
        ):
            turns[-1] = True
    before = turns[:-1]
    count = 0
    while count < len(before) and before[-1 - count]:
        count += 1
    return count
