"""Everything of a guide on one ticket, whatever it ended with.

A run has a ticket of its own: a guide is one matter, and the ticket that the customer looked at
before may be another one. It is opened when the run ends (solved: opened and resolved at once; not
solved, a person or a ticket wanted: open), so that one that is merely broken off leaves none.
"""

from typing import Any

from rasa_sdk import Tracker

from actions.guide_state import GuideState, record_lines, type_of
from actions.turn import Turn, guides
from actions.unused_media import unused_media
from desk.conversations.tickets import link_ticket
from desk.events.log import BOT
from desk.guides.runs import end_run, run_of
from desk.guides.tables import Outcome
from desk.states import Status
from desk.tickets.opening import open_ticket
from desk.tickets.posting import post_ticket_action, set_ticket_status
from desk.tickets.tables import Ticket


async def record_guide(
    turn: Turn,
    tracker: Tracker,
    state: GuideState,
    outcome: Outcome,
    *,
    made_by_handoff: bool = False,
) -> dict[str, Any]:
    """Opens the run's ticket with all that is known, and ends the run; once for a message.

    A run that ended before, with a person as a rule, keeps its ticket: what came since is posted
    there.
    """
    run = await run_of(turn.session, turn.conversation.id, state.run)
    guide = await guides().named(state.slug)
    record = "\n".join(record_lines(tracker, state, guide))
    solved_at = state.at + 1 if outcome is Outcome.SOLVED else None
    if run is not None and run.ticket_id is not None:
        if outcome is not run.outcome:
            await post_ticket_action(turn.session, run.ticket_id, author_kind="bot", text=record)
        await end_run(turn.session, run, outcome, solved_at=solved_at)
        ticket = await turn.session.get_one(Ticket, run.ticket_id)
        await _resolve_if(turn, ticket, outcome)
        return {"number": f"#{ticket.number}", "ticket_id": ticket.id, "is_new": False}
    ticket = await open_ticket(
        turn.session,
        contact_id=turn.contact_id,
        company_id=tracker.get_slot("company_id"),
        subject=state.title,
        description=record,
        request_type_id=await type_of(turn, guide),
        media_ids=unused_media(tracker),
        conversation_id=turn.conversation.id,
    )
    await link_ticket(
        turn.session, turn.conversation.id, ticket.id, made_by_handoff=made_by_handoff
    )
    await _resolve_if(turn, ticket, outcome)
    if run is not None:
        await end_run(turn.session, run, outcome, ticket_id=ticket.id, solved_at=solved_at)
    return {"number": f"#{ticket.number}", "ticket_id": ticket.id, "is_new": True}


async def _resolve_if(turn: Turn, ticket: Ticket, outcome: Outcome) -> None:
    if outcome is Outcome.SOLVED and ticket.status is not Status.CLOSED:
        await set_ticket_status(turn.session, ticket.id, Status.RESOLVED, BOT, told_otherwise=True)
