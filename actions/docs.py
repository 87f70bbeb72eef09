"""Questions on how something is done."""

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.handoff import NEW_TICKET, NO, PERSON
from actions.menu import offer


class ActionAnswerFromDocs(Action):
    """Says honestly that there is no answer yet, and offers a person or a ticket."""

    def name(self) -> str:
        return "action_answer_from_docs"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_docs_unavailable")
        if tracker.active_loop_name:
            dispatcher.utter_message(response="utter_docs_in_form")
            return []
        return [offer(dispatcher, "utter_docs_menu", [PERSON, NEW_TICKET, NO])]
