"""A known customer says hello."""

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.menu import Option, offer, show_menu
from actions.session import company_slots
from actions.turn import Turn, reading
from desk.companies.cnpj import format_cnpj
from desk.contacts.directory import companies_of
from desk.contacts.portal_access import has_portal_account
from desk.states import STATUS_LABELS
from desk.tickets.directory import tickets_of


class ActionWelcomeBack(Action):
    """Greets by name with the state of the last matter, then company, access or menu."""

    def name(self) -> str:
        return "action_welcome_back"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if tracker.active_loop_name:
            dispatcher.utter_message(response="utter_greet_again")
            return []
        async with reading(tracker) as turn:
            await self._greet(dispatcher, turn)
            companies = await company_options(turn)
            if len(companies) > 1 and not tracker.get_slot("company_id"):
                return [offer(dispatcher, "utter_choose_company", companies)]
            return await offer_access(dispatcher, turn, tracker)

    async def _greet(self, dispatcher: CollectingDispatcher, turn: Turn) -> None:
        tickets = await tickets_of(turn.session, turn.contact_id, limit=1)
        if not tickets:
            dispatcher.utter_message(response="utter_welcome_back")
            return
        dispatcher.utter_message(
            response="utter_welcome_back_ticket",
            number=f"#{tickets[0].number}",
            subject=tickets[0].subject,
            status=STATUS_LABELS[tickets[0].status.value],
        )


class ActionOfferAccess(Action):
    """After the choice of a company: the access to the portal, or on to the menu."""

    def name(self) -> str:
        return "action_offer_access"

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
    return await show_menu(dispatcher, turn, tracker)


ACCESS_OPTIONS = [
    Option("1", "Recuperar meu acesso ao portal", "recover_access", answers="affirm"),
    Option("2", "Continuar sem recuperar", "show_menu", answers="deny"),
]


async def company_options(turn: Turn) -> list[Option]:
    """The contact's companies as a menu."""
    companies = [
        company
        for company in await companies_of(turn.session, turn.contact_id)
        if not company.blocked
    ]
    return [
        Option(
            str(number),
            f"{company.name} ({format_cnpj(company.cnpj)})",
            "offer_access",
            company_slots(company.id, company.name, company.cnpj),
        )
        for number, company in enumerate(companies, 1)
    ]
