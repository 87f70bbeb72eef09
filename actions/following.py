"""Following a ticket: its status and story, and writing on it."""

from collections.abc import Sequence
from datetime import datetime

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.codes import unproven_address
from actions.menu import TICKET_OPTIONS, offer, show_menu, ticket_options
from actions.phrases import phrase
from actions.posting import leave_and_post, own_ticket
from actions.served import for_served_companies
from actions.turn import Turn, heard, reading, settings, writing
from actions.wording import has_words, wants_to_answer
from desk.states import STATUS_LABELS
from desk.tickets.directory import find_ticket, last_action, mark_seen, ticket_story, tickets_of
from desk.tickets.tables import Ticket, TicketAction

_TEAM = "utter_story_author_agent"
_AUTHORS = {"contact": "utter_story_author_contact", "bot": "utter_story_author_bot"}


async def meant_ticket(turn: Turn, tracker: Tracker) -> Ticket | Sequence[Ticket] | str:
    """The ticket that a message means; all of them when unclear; a number that is none."""
    contact_id = turn.contact_id
    if tracker.latest_action_name == "action_choose_option":
        chosen = await own_ticket(turn, tracker.get_slot("ticket_id"))
        return chosen or ""
    number = heard(tracker).entities.get("ticket_number")
    if number:
        return await find_ticket(turn.session, contact_id, number) or number
    tickets = await tickets_of(turn.session, contact_id, company_id=tracker.get_slot("company_id"))
    return tickets[0] if len(tickets) == 1 else tickets


class ActionShowTicket(Action):
    """Shows status and last action of a ticket, and what is new since the last look."""

    def name(self) -> str:
        return "action_show_ticket"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with writing(tracker) as turn:
            ticket = await meant_ticket(turn, tracker)
            if not isinstance(ticket, Ticket):
                return await _unclear(dispatcher, turn, tracker, ticket, "check_status")
            dispatcher.utter_message(
                response="utter_ticket_status",
                number=f"#{ticket.number}",
                subject=ticket.subject,
                status=STATUS_LABELS[ticket.status.value],
                story=await _news(turn, ticket),
            )
            await mark_seen(turn.session, ticket.id)
        events: list[EventType] = [SlotSet("ticket_id", ticket.id)]
        if not tracker.active_loop_name:
            events.append(offer(dispatcher, "utter_ticket_menu", TICKET_OPTIONS))
        return events


async def _unclear(
    dispatcher: CollectingDispatcher,
    turn: Turn,
    tracker: Tracker,
    found: Sequence[Ticket] | str,
    step: str,
) -> list[EventType]:
    """Asks which ticket, or says that there is none."""
    if isinstance(found, str) and found:
        dispatcher.utter_message(response="utter_ticket_unknown", number=found)
    elif not found:
        hidden = await unproven_address(turn)
        dispatcher.utter_message(
            response="utter_no_tickets_unproven" if hidden else "utter_no_tickets"
        )
    if tracker.active_loop_name:
        return []
    if isinstance(found, str) or not found:
        return await show_menu(dispatcher, turn, tracker)
    return [offer(dispatcher, "utter_choose_ticket", ticket_options(found, step))]


async def _news(turn: Turn, ticket: Ticket) -> str:
    """What is new since the last look; at least the last action."""
    actions = list(await ticket_story(turn.session, ticket.id, since=ticket.contact_seen_at))
    title = "utter_story_news"
    if not actions:
        last = await last_action(turn.session, ticket.id)
        actions, title = ([last] if last else []), "utter_story_last"
    if not actions:
        return phrase("utter_story_none", opened=_local(ticket.created_at))
    return "\n".join([phrase(title), *(_told(action) for action in actions)])


def _told(action: TicketAction) -> str:
    # A blank line would split the reply into several messages.
    text = "\n".join(line for line in action.text.splitlines() if line.strip())
    if action.media_count:
        files = "utter_story_files" if action.media_count > 1 else "utter_story_file"
        text = f"{text} {phrase(files, count=action.media_count)}".strip()
    return phrase(
        "utter_story_line",
        author=phrase(_AUTHORS.get(action.author_kind, _TEAM)),
        at=_local(action.created_at),
        text=text,
    )


def _local(moment: datetime) -> str:
    local = moment.astimezone(settings().zone)
    return phrase("utter_moment", date=f"{local:%d/%m/%Y}", time=f"{local:%H:%M}")


class ActionChooseTicketToAnswer(Action):
    """Finds the ticket to write on; the form follows when it is clear."""

    def name(self) -> str:
        return "action_choose_ticket_to_answer"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        left = await leave_and_post(dispatcher, tracker)
        async with reading(tracker) as turn:
            ticket = await meant_ticket(turn, tracker)
            looked_at = await own_ticket(turn, tracker.get_slot("ticket_id"))
            if not isinstance(ticket, (Ticket, str)) and ticket and looked_at:
                ticket = looked_at
            if isinstance(ticket, Ticket):
                events = [*left.events, SlotSet("ticket_id", ticket.id)]
                events += _said_already(dispatcher, tracker, ticket)
                return [*events, SlotSet("next_step", "post_action")]
            tracker.active_loop = {}
            events = await _unclear(dispatcher, turn, tracker, ticket, "post_action")
        return [*left.events, *events, SlotSet("next_step", "nothing")]


def _said_already(
    dispatcher: CollectingDispatcher, tracker: Tracker, ticket: Ticket
) -> list[EventType]:
    """Plain words right after the news of a ticket are the action's text."""
    said = heard(tracker)
    if said.news_ticket != ticket.number or not has_words(said.text):
        return []
    if wants_to_answer(said.text):
        return []
    dispatcher.utter_message(response="utter_action_noted", number=f"#{ticket.number}")
    return [SlotSet("action_text", said.text)]
