"""Posting what was typed for a ticket, also when its form is left before "Fim"."""

from typing import Any

from rasa_sdk import Tracker

from actions.following import own_ticket
from actions.media import unused_media
from actions.turn import Turn
from desk.conversations.tickets import link_ticket
from desk.tickets.posting import post_ticket_action
from desk.tickets.tables import Ticket


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
