"""A known customer says hello."""

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.codes import unproven_address
from actions.menu import Option, company_options, offer, show_menu
from actions.served import for_served_companies
from actions.tone import in_tone
from actions.turn import Turn, reading
from desk.contacts.portal_access import has_portal_account
from desk.conversations.feelings import DISSATISFIED
from desk.states import STATUS_LABELS, Status
from desk.tickets.directory import tickets_of


class ActionWelcomeBack(Action):
    """Greets by name with the state of the last matter, then company, access or menu."""

    def name(self) -> str:
        return "action_welcome_back"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if tracker.active_loop_name:
            dispatcher.utter_message(response="utter_greet_again")
            return []
        async with reading(tracker) as turn:
            if turn.conversation.status is Status.WAITING:
                return [remind_of_waiting(dispatcher, tracker)]
            await greet_back(dispatcher, turn, tracker.get_slot("contact_first_name"))
            companies = await company_options(turn)
            if len(companies) > 1 and not tracker.get_slot("company_id"):
                return [offer(dispatcher, "utter_choose_company", companies)]
            return await offer_access(dispatcher, turn, tracker)


def remind_of_waiting(dispatcher: CollectingDispatcher, tracker: Tracker) -> EventType:
    """Hello to somebody whose service waits, with the ways to go on."""
    first_name = tracker.get_slot("contact_first_name")
    return offer(
        dispatcher, "utter_service_waiting", WAITING_OPTIONS, contact_first_name=first_name
    )


async def greet_back(dispatcher: CollectingDispatcher, turn: Turn, first_name: str | None) -> None:
    """Hello by name, with the state of the last matter."""
    tickets = await tickets_of(turn.session, turn.contact_id, limit=1)
    upset = turn.conversation.sentiment == DISSATISFIED
    if not tickets:
        greeting = in_tone("utter_welcome_back", upset=upset)
        dispatcher.utter_message(response=greeting, contact_first_name=first_name)
        return
    dispatcher.utter_message(
        response=in_tone("utter_welcome_back_ticket", upset=upset),
        contact_first_name=first_name,
        number=f"#{tickets[0].number}",
        subject=tickets[0].subject,
        status=STATUS_LABELS[tickets[0].status.value],
    )


async def several_companies(dispatcher: CollectingDispatcher, turn: Turn) -> list[EventType]:
    """Asks which of several companies; nothing more is asked for in this turn."""
    companies = await company_options(turn)
    return [
        offer(dispatcher, "utter_choose_company", companies),
        SlotSet("next_step", "nothing"),
    ]


class ActionOfferAccess(Action):
    """After the choice of a company: the access to the portal, or on to the menu."""

    def name(self) -> str:
        return "action_offer_access"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with reading(tracker) as turn:
            return await offer_access(dispatcher, turn, tracker)


async def offer_access(
    dispatcher: CollectingDispatcher, turn: Turn, tracker: Tracker
) -> list[EventType]:
    """Offers to recover the access to the portal, to those who have one."""
    if await has_portal_account(turn.session, turn.contact_id):
        return [offer(dispatcher, "utter_access_menu", ACCESS_OPTIONS)]
    if await unproven_address(turn):
        return [offer(dispatcher, "utter_proof_menu", PROOF_OPTIONS)]
    return await show_menu(dispatcher, turn, tracker)


WAITING_OPTIONS = [
    Option("1", "utter_option_service_resolved", "resolve_service"),
    Option("2", "utter_option_service_team", "talk_to_human"),
    Option("3", "utter_option_other_matter", "show_menu"),
]

ACCESS_OPTIONS = [
    Option("1", "utter_option_recover_access", "recover_access", answers="affirm"),
    Option("2", "utter_option_go_on_without_access", "show_menu", answers="deny"),
]

PROOF_OPTIONS = [
    Option("1", "utter_option_prove_email", "recover_access", answers="affirm"),
    Option("2", "utter_option_go_on_without_proof", "show_menu", answers="deny"),
]
