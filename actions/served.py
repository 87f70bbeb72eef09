"""Whoever speaks for a company that the admin has just blocked is told so, whatever they asked.

The company was open when the session began; each action that works for it looks again.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Concatenate

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.companies import all_blocked
from actions.drafts import forget_action, forget_ticket, half_typed_ticket, leave_form
from actions.recall import COMPANY_SLOTS, recall
from actions.turn import Turn, reading
from desk.companies.tables import Company

Run = Callable[
    Concatenate[Any, CollectingDispatcher, Tracker, DomainDict, ...], Awaitable[list[EventType]]
]

# After these the rules look at `next_step`; after the others a change of it would fit no rule.
_DECIDE_NEXT_STEP = frozenset(
    {"action_choose_ticket_to_answer", "action_recover_access", "action_receive_media"}
)


def for_served_companies(run: Run) -> Run:
    """Runs an action only for a company that is served; says so when it no longer is."""

    @wraps(run)
    async def checked(
        action: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        events = await _turned_away(dispatcher, tracker)
        if events and action.name() in _DECIDE_NEXT_STEP:
            return [*events, SlotSet("next_step", "nothing")]
        return events or await run(action, dispatcher, tracker, domain)

    return checked


def while_served(run: Run) -> Run:
    """The same for a form: it ends, and the action that follows it says why."""

    @wraps(run)
    async def checked(
        form: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with reading(tracker) as turn:
            blocked = await _is_blocked(turn, tracker)
        if blocked:
            return [SlotSet("requested_slot", None)]
        return await run(form, dispatcher, tracker, domain)

    return checked


async def _turned_away(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    async with reading(tracker) as turn:
        if not await _is_blocked(turn, tracker):
            return []
        known = await recall(turn)
    dispatcher.utter_message(response="utter_company_blocked")
    # Who they are stays known: the rules go on, and another CNPJ of theirs is taken at once.
    left = {name: known.get(name) for name in COMPANY_SLOTS} | {"menu": None}
    # What was half typed is offered again, should the company be served once more.
    draft = half_typed_ticket(tracker)
    return [
        *leave_form(tracker).events,
        *forget_ticket(),
        *forget_action(),
        *([SlotSet("draft", draft)] if draft else []),
        *(SlotSet(name, value) for name, value in left.items()),
    ]


async def _is_blocked(turn: Turn, tracker: Tracker) -> bool:
    company_id = tracker.get_slot("company_id")
    if company_id is not None:
        company = await turn.session.get(Company, company_id)
        return company is not None and company.blocked
    return bool(tracker.get_slot("identified") and await all_blocked(turn))
