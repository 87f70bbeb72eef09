"""Posting what was typed for a ticket, also when its form is left before "Fim"."""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.drafts import LeftForm, leave_form
from actions.turn import Turn, writing
from actions.unused_media import media_used, unused_media
from desk.conversations.tickets import link_ticket
from desk.tickets.posting import post_ticket_action
from desk.tickets.tables import Ticket


async def own_ticket(turn: Turn, ticket_id: int | None) -> Ticket | None:
    """A ticket by its id, when it is this contact's."""
    ticket = await turn.session.get(Ticket, ticket_id) if ticket_id else None
    return ticket if ticket and ticket.contact_id == turn.contact_id else None


async def leave_and_post(
    dispatcher: CollectingDispatcher, tracker: Tracker, *, keeps_guide: bool = False
) -> LeftForm:
    """Leaves whatever form is open; a text for a ticket whose "Fim" never came is posted."""
    left = leave_form(tracker, keeps_guide=keeps_guide)
    if tracker.active_loop_name != "post_form":
        return left
    async with writing(tracker) as turn:
        posted = await post_unfinished(turn, tracker)
    if posted:
        dispatcher.utter_message(response="utter_action_posted", **posted)
        left.events.append(media_used(tracker))
    return left


async def post_typed(turn: Turn, ticket: Ticket, tracker: Tracker) -> dict[str, Any]:
    """Posts the form's text with the files that came; run once for a message."""
    await post_ticket_action(
        turn.session,
        ticket.id,
        author_kind="contact",
        text=tracker.get_slot("action_text"),
        media_ids=unused_media(tracker),
    )
    # Its news are told in the chat where it was last handled: this one.
    await link_ticket(turn.session, turn.conversation.id, ticket.id)
    return {"number": f"#{ticket.number}"}


async def post_unfinished(turn: Turn, tracker: Tracker) -> dict[str, Any]:
    """Posts a text whose "Fim" never came: the customer was told that it is noted.

    Returns:
        The ticket's number; nothing when there was no such text.
    """
    if tracker.active_loop_name != "post_form" or not tracker.get_slot("action_text"):
        return {}
    ticket = await own_ticket(turn, tracker.get_slot("ticket_id"))
    if ticket is None:
        return {}
    return await turn.once("post_unfinished", lambda: post_typed(turn, ticket, tracker))
