"""Guided help: how a guide begins, and what becomes of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.docs import answer_trouble
from actions.drafts import leave_form
from actions.guide_facts import browser_in, message_in, tried_in
from actions.guide_offer import guide_for, guide_option, offer_guide, refused_problem
from actions.guide_record import record_guide
from actions.guide_state import FORM, GuideState, forget_guide, state_of
from actions.menu import Option, offer, remembered, show_menu
from actions.posting import leave_and_post
from actions.problems import asks_for_ticket, problem_told
from actions.served import for_served_companies
from actions.tone import in_tone, is_upset
from actions.turn import Turn, guides, heard, writing
from actions.unused_media import media_used
from desk.configuration.groups import PortalNote
from desk.configuration.values import read_configuration
from desk.contacts.account_state import account_state
from desk.guides.guide import Check, Guide
from desk.guides.runs import start_run
from desk.guides.tables import Outcome

_NOTHING = SlotSet("next_step", "nothing")


class ActionBeginTicket(Action):
    """A told problem that a guide is for: offers it. Everything else opens the form at once."""

    def name(self) -> str:
        return "action_begin_ticket"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if tracker.active_loop_name == FORM:
            return [
                *leave_form(tracker).events,
                *await ticket_instead(dispatcher, tracker),
                _NOTHING,
            ]
        if tracker.active_loop_name == "post_form":
            left = await leave_and_post(dispatcher, tracker)
            tracker.active_loop = {}
            return [*left.events, *await self._begin(dispatcher, tracker)]
        return await self._begin(dispatcher, tracker)

    async def _begin(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        problem = problem_told(heard(tracker))
        guide = None if tracker.active_loop_name else await guide_for(problem)
        if guide is not None:
            return [offer_guide(dispatcher, guide, problem or ""), _NOTHING]
        if problem and not tracker.active_loop_name and not asks_for_ticket(heard(tracker).text):
            told = await answer_trouble(dispatcher, tracker, problem)
            if told:
                return [*told, _NOTHING]
        dispatcher.utter_message(json_message={"silent": True})
        refused = (
            "" if problem or tracker.active_loop_name else refused_problem(remembered(tracker))
        )
        subject = [SlotSet("ticket_subject", refused)] if refused else []
        return [*subject, SlotSet("next_step", "open_ticket")]


async def ticket_instead(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Opens the ticket of the guide that is under way: nothing is asked again."""
    state = state_of(tracker)
    if state is None or not state.run:
        return []
    async with writing(tracker) as turn:
        done = await turn.once(
            "guide_ticket", lambda: record_guide(turn, tracker, state, Outcome.TICKET)
        )
        dispatcher.utter_message(response="utter_guide_ticket", **done)
        menu = await show_menu(dispatcher, turn, tracker)
    return [*forget_guide(), media_used(tracker), *menu]


class ActionListGuides(Action):
    """The guides as a menu."""

    def name(self) -> str:
        return "action_list_guides"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        options = [
            guide_option(str(number), guide.title, guide, "")
            for number, guide in enumerate(await guides().all(), start=1)
        ]
        options.append(Option(str(len(options) + 1), "utter_option_guides_none", "open_ticket"))
        return [offer(dispatcher, "utter_guides", options)]


class ActionBeginGuide(Action):
    """Greets in the right tone, looks at account and portal, and begins or takes up the steps."""

    def name(self) -> str:
        return "action_begin_guide"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        kept = state_of(tracker)
        guide = await guides().named(kept.slug) if kept else None
        if kept is None or guide is None:
            dispatcher.utter_message(response="utter_guide_gone")
            return [*forget_guide(), _NOTHING]
        async with writing(tracker) as turn:
            upset = is_upset(turn, tracker)
            found = await turn.once(self.name(), lambda: _look(turn, tracker, guide, kept))
        state = replace(kept, under_way=True, **found)
        if found["portal"] and not state.insists:
            return [state.kept(), _tell_portal(dispatcher, state), _NOTHING]
        begun = "utter_guide_resumed" if state.at or state.insists else "utter_guide_begin"
        dispatcher.utter_message(response=in_tone(begun, upset=upset), title=guide.title)
        answers = [SlotSet(name, None) for name in ("guide_step", "guide_confirmed", "menu")]
        return [state.kept(), *answers, *_told(tracker, state), SlotSet("next_step", "guide")]


async def _look(turn: Turn, tracker: Tracker, guide: Guide, state: GuideState) -> dict[str, Any]:
    """The portal's note and the account as they are; the run, which begins once."""
    now = datetime.now(UTC)
    note = await read_configuration(turn.session, PortalNote)
    checks_portal = Check.PORTAL in guide.checks and note.is_shown(now)
    found: dict[str, Any] = {"portal": note.text.strip() if checks_portal else ""}
    if state.run:  # The steps that were answered belong to the account as it was found.
        return {**found, "run": state.run, "account": state.account}
    known = Check.ACCOUNT in guide.checks and tracker.get_slot("identified")
    found["account"] = (
        (await account_state(turn.session, turn.contact_id, now)).value if known else ""
    )
    run = await start_run(
        turn.session,
        turn.conversation.id,
        guide,
        account_state=found["account"],
        portal_noted=bool(found["portal"]),
    )
    return {**found, "run": run.id}


def _tell_portal(dispatcher: CollectingDispatcher, state: GuideState) -> EventType:
    note = "\n".join(line for line in state.portal.splitlines() if line.strip())
    insists = vars(replace(state, insists=True))
    options = [
        Option("1", "utter_option_portal_told", "guide_ticket", answers="affirm"),
        Option("2", "utter_option_portal_try", "guide", {"guide": insists}),
        Option("3", "utter_option_portal_wait", "show_menu", {"guide": None}, "deny"),
    ]
    return offer(dispatcher, "utter_guide_portal", options, note=note)


def _told(tracker: Tracker, state: GuideState) -> list[EventType]:
    """What the customer's own words answer already."""
    told = {
        "guide_happens": state.problem or None,
        "guide_message": message_in(state.problem),
        "guide_tried": tried_in(state.problem),
        "guide_browser": browser_in(state.problem),
    }
    return [
        SlotSet(name, value) for name, value in told.items() if value and not tracker.get_slot(name)
    ]


class ActionGuideTicket(Action):
    """Opens the ticket of a guide: the customer hears of the portal by its news."""

    def name(self) -> str:
        return "action_guide_ticket"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        state = state_of(tracker)
        if state is None or not state.run:
            dispatcher.utter_message(response="utter_guide_gone")
            return []
        async with writing(tracker) as turn:
            done = await turn.once(
                self.name(), lambda: record_guide(turn, tracker, state, Outcome.PORTAL_DOWN)
            )
            dispatcher.utter_message(response="utter_guide_portal_ticket", **done)
            menu = await show_menu(dispatcher, turn, tracker)
        return [*forget_guide(), media_used(tracker), *menu]
