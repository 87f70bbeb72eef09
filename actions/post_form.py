"""Writing on a ticket: a text, then files until "Fim"."""

from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.drafts import forget_action
from actions.interruptions import free_text_for, one_step_back
from actions.media_step import DONE, WAITING, answer_to_media_step
from actions.menu import TICKET_OPTIONS, offer
from actions.phrases import phrase
from actions.posting import own_ticket, post_typed
from actions.served import for_served_companies, while_served
from actions.turn import writing
from actions.unused_media import media_used, unused_media
from actions.wording import has_words, says_finished


class ValidatePostForm(FormValidationAction):
    """Takes the text and waits for the files."""

    def name(self) -> str:
        return "validate_post_form"

    @while_served
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        back = one_step_back(tracker, ("action_text", "action_media"))
        return back or await super().run(dispatcher, tracker, domain)

    async def extract_action_text(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        text = free_text_for("action_text", tracker)
        return {} if text is None else {"action_text": text}

    def validate_action_text(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if says_finished(value):
            if unused_media(tracker):
                return {"action_text": phrase("utter_files_only"), "action_media": DONE}
        elif has_words(value):
            return {"action_text": value}
        dispatcher.utter_message(response="utter_action_text_invalid")
        return {"action_text": None}

    async def extract_action_media(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return answer_to_media_step("action_media", tracker)

    def validate_action_media(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value == DONE:
            return {"action_media": DONE}
        if value == WAITING:
            dispatcher.utter_message(response="utter_media_waiting")
            return {"action_media": None}
        dispatcher.utter_message(response="utter_media_more")
        text = f"{tracker.get_slot('action_text') or ''}\n{value}".strip()
        return {"action_media": None, "action_text": text}


class ActionPostAction(Action):
    """Posts the text and the files once, and shows the ticket's menu again."""

    def name(self) -> str:
        return "action_post_action"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with writing(tracker) as turn:
            ticket = await own_ticket(turn, tracker.get_slot("ticket_id"))
            if ticket is None or not tracker.get_slot("action_text"):
                dispatcher.utter_message(response="utter_action_not_posted")
                return forget_action()
            done = await turn.once(self.name(), lambda: post_typed(turn, ticket, tracker))
        dispatcher.utter_message(response="utter_action_posted", **done)
        menu = offer(dispatcher, "utter_ticket_menu", TICKET_OPTIONS)
        return [*forget_action(), media_used(tracker), menu]
