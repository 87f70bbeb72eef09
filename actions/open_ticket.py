"""The ticket itself, once its form is filled."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.drafts import forget_ticket
from actions.menu import show_menu
from actions.phrases import phrase
from actions.served import for_served_companies
from actions.turn import Turn, writing
from actions.unused_media import media_used, unused_media
from actions.wording import first_sentence
from desk.conversations.tickets import link_ticket
from desk.tickets.opening import open_ticket

MOST_SUBJECT_CHARS = 120


class ActionOpenTicket(Action):
    """Opens the ticket once, tells its number, and shows the menu that lists it."""

    def name(self) -> str:
        return "action_open_ticket"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        # The form may have failed on the way: what it should have filled is checked again.
        if not tracker.get_slot("ticket_subject") or not tracker.get_slot("ticket_description"):
            dispatcher.utter_message(response="utter_ticket_not_opened")
            return []
        subject = str(tracker.get_slot("ticket_subject"))
        async with writing(tracker) as turn:
            done = await turn.once(self.name(), lambda: open_typed(turn, tracker, subject=subject))
            dispatcher.utter_message(response="utter_ticket_opened", **done)
            menu = await show_menu(dispatcher, turn, tracker)
        return [*forget_ticket(), media_used(tracker), *menu]


async def open_typed(
    turn: Turn, tracker: Tracker, *, subject: str, made_by_handoff: bool = False
) -> dict[str, Any]:
    """Opens the ticket that was typed, with the files that came; run once for a message.

    A question that the documentation left open says which of its pages were read.
    """
    lines = [str(tracker.get_slot("ticket_description") or subject)]
    read = [each["title"] for each in tracker.get_slot("docs_shown") or []]
    if read and subject == subject_of(str(tracker.get_slot("docs_question") or "")):
        lines.append(phrase("utter_summary_docs", value=", ".join(dict.fromkeys(read))))
    ticket = await open_ticket(
        turn.session,
        contact_id=turn.contact_id,
        company_id=tracker.get_slot("company_id"),
        subject=subject,
        description="\n".join(lines),
        request_type_id=request_type_id(tracker),
        media_ids=unused_media(tracker),
        conversation_id=turn.conversation.id,
    )
    await link_ticket(
        turn.session, turn.conversation.id, ticket.id, made_by_handoff=made_by_handoff
    )
    return {"number": f"#{ticket.number}", "subject": ticket.subject}


def subject_of(told: str) -> str:
    """The subject of a ticket on what was told: its first sentence."""
    return first_sentence(told, MOST_SUBJECT_CHARS)


def request_type_id(tracker: Tracker) -> int | None:
    """The request type chosen in the form."""
    chosen = str(tracker.get_slot("ticket_type") or "")
    return int(chosen.removeprefix("id:")) if chosen.startswith("id:") else None
