"""Numbered menus: shown, and answered by digit, by button or by meaning."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.companies import company_slots, open_companies
from actions.drafts import draft_option
from actions.numbers import number_in
from actions.phrases import phrase
from actions.posting import leave_and_post
from actions.scores import score_in
from actions.served import for_served_companies
from actions.turn import Heard, Turn, heard, reading
from actions.wording import fold, says_back, says_no, says_yes
from desk.companies.cnpj import format_cnpj
from desk.states import STATUS_LABELS
from desk.tickets.directory import tickets_of
from desk.tickets.tables import Ticket

LIST_GUIDES = "list_guides"
_TITLE_CHARS = 60


@dataclass(frozen=True)
class Option:
    """One line of a menu.

    Attributes:
        key: the digits that choose it.
        title: what it says, or the name of the response that says it.
        step: the value of the slot `next_step` that the rules go on with.
        slots: further slots that the choice sets.
        answers: the intent that chooses it too, `affirm` or `deny`.
    """

    key: str
    title: str
    step: str
    slots: dict[str, Any] = field(default_factory=dict)
    answers: str = ""

    @property
    def words(self) -> str:
        """What the customer reads."""
        return phrase(self.title) if self.title.startswith("utter_") else self.title


def offer(
    dispatcher: CollectingDispatcher, response: str, options: Sequence[Option], **facts: Any
) -> EventType:
    """Shows a menu and remembers it, so that the next message may choose from it."""
    shown = [replace(option, title=option.words) for option in options]
    dispatcher.utter_message(
        response=response,
        options="\n".join(f"{option.key} - {option.title}" for option in shown),
        buttons=[{"title": option.title, "payload": option.key} for option in shown],
        **facts,
    )
    return SlotSet("menu", [asdict(option) for option in shown])


def remembered(tracker: Tracker) -> list[Option]:
    """The menu last shown."""
    return [Option(**each) for each in tracker.get_slot("menu") or []]


def chosen(options: Iterable[Option], said: Heard) -> Option | None:
    """The option that a message means, by number, by yes or no, or by words of its title."""
    options = list(options)
    if options and options[0].step == "rate":
        return options[0] if score_in(said.text) else None
    number = number_in(said.text)
    if number is not None:
        return next((option for option in options if option.key == str(number)), None)
    for option in options:
        if option.answers and option.answers == said.intent:
            return option
    words = fold(said.text).strip(" .!?*")
    if "ultim" in words and options:
        listed = [option for option in options if option.step != LIST_GUIDES]
        return (listed or options)[-1]
    if len(words) <= 2 or says_yes(said.text) or says_no(said.text):
        return None
    begins = re.compile(rf"\b{re.escape(words)}")
    matching = [option for option in options if begins.search(fold(option.words))]
    return matching[0] if len(matching) == 1 else None


def ticket_title(ticket: Ticket) -> str:
    """A ticket in a menu."""
    subject = ticket.subject
    if len(subject) > _TITLE_CHARS:
        subject = subject[: _TITLE_CHARS - 1] + "…"
    return f"#{ticket.number} - {subject} ({STATUS_LABELS[ticket.status.value]})"


def ticket_options(tickets: Sequence[Ticket], step: str, start: int = 1) -> list[Option]:
    """Tickets as lines of a menu, numbered from ``start``."""
    return [
        Option(str(number), ticket_title(ticket), step, {"ticket_id": ticket.id})
        for number, ticket in enumerate(tickets, start)
    ]


async def main_options(turn: Turn, tracker: Tracker, draft: Any = None) -> list[Option]:
    """The main menu: a new ticket, what was left half done, the contact's own, the guides."""
    options = [Option("0", "utter_option_new_ticket", "open_ticket")]
    half_typed = draft or tracker.get_slot("draft")
    if half_typed:
        options.append(Option("1", *draft_option(half_typed)))
    guide = tracker.get_slot("guide")
    if guide and guide["run"] and not guide["ended"]:
        title = phrase("utter_option_guide_left", title=guide["title"])
        options.append(Option(str(len(options)), title, "guide"))
    company_id = tracker.get_slot("company_id")
    tickets = await tickets_of(turn.session, turn.contact_id, company_id=company_id)
    options += ticket_options(tickets, "check_status", start=len(options))
    return [*options, Option(str(len(options)), "utter_option_guides", LIST_GUIDES)]


async def show_menu(
    dispatcher: CollectingDispatcher, turn: Turn, tracker: Tracker, draft: Any = None
) -> list[EventType]:
    """Shows the main menu."""
    return [offer(dispatcher, "utter_menu", await main_options(turn, tracker, draft))]


async def company_options(turn: Turn) -> list[Option]:
    """The contact's companies as a menu; branches differ by their CNPJ."""
    return [
        Option(
            str(number),
            f"{company.name} ({format_cnpj(company.cnpj)})",
            "offer_access",
            company_slots(company.id, company.name, company.cnpj),
        )
        for number, company in enumerate(await open_companies(turn), 1)
    ]


TICKET_OPTIONS = [
    Option("1", "utter_option_post_action", "post_action"),
    Option("2", "utter_option_ticket_list", "show_menu"),
    Option("3", "utter_option_goodbye", "goodbye"),
]


class ActionShowMenu(Action):
    """Shows the main menu; an open form is left, its draft kept. "Voltar" goes one menu back."""

    def name(self) -> str:
        return "action_show_menu"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        left = await leave_and_post(dispatcher, tracker)
        back = says_back(heard(tracker).text)
        if back and tracker.active_loop_name == "post_form" and tracker.get_slot("ticket_id"):
            return [*left.events, offer(dispatcher, "utter_ticket_menu", TICKET_OPTIONS)]
        at_ticket = any(option.step == "post_action" for option in remembered(tracker))
        async with reading(tracker) as turn:
            if back and not at_ticket and not tracker.active_loop_name:
                companies = await company_options(turn)
                if len(companies) > 1:
                    return [offer(dispatcher, "utter_choose_company", companies)]
            return [*left.events, *await show_menu(dispatcher, turn, tracker, left.draft)]


class ActionChooseOption(Action):
    """Finds what a number, a yes or a no chooses; the rules go on by `next_step`."""

    def name(self) -> str:
        return "action_choose_option"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        said, options = heard(tracker), remembered(tracker)
        identified = bool(tracker.get_slot("identified"))
        if not options and identified:
            async with reading(tracker) as turn:
                options = await main_options(turn, tracker)
        option = chosen(options, said)
        if option is not None:
            left = await leave_and_post(dispatcher, tracker, keeps_guide=True)
            slots = [SlotSet(name, value) for name, value in option.slots.items()]
            return [*left.events, *slots, SlotSet("next_step", option.step)]
        return self._unclear(dispatcher, tracker, said, options)

    def _unclear(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        said: Heard,
        options: list[Option],
    ) -> list[EventType]:
        step = "nothing"
        if said.intent == "deny":
            dispatcher.utter_message(response="utter_no_problem")
        elif said.intent == "menu_option" and options:
            offer(dispatcher, "utter_option_unknown", options)
        elif tracker.get_slot("identified") or options:
            dispatcher.utter_message(response="utter_nothing_to_choose")
        else:
            step = "identify"
        return [SlotSet("next_step", step)]
