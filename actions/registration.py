"""Registering a contact, and changing what is known of one."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.menu import show_menu
from actions.portal_access import portal_address
from actions.session import company_slots
from actions.turn import Turn, heard, writing
from desk.companies.cnpj import find_cnpj
from desk.companies.directory import find_company
from desk.contacts.directory import companies_of
from desk.contacts.email import parse_email
from desk.contacts.portal_access import request_credentials
from desk.contacts.registration import register_contact

_WORDS = {
    "registered": "utter_registered",
    "already_registered": "utter_already_registered",
    "email_taken": "utter_registered_without_account",
}


async def _register(turn: Turn, company_id: int, name: str, email: str) -> dict[str, Any]:
    contact_id = turn.contact_id
    done = await register_contact(turn.session, contact_id, company_id, name, email)
    result = {"outcome": done.outcome, "first_name": done.contact.first_name}
    if done.outcome == "registered":
        login = await request_credentials(turn.session, contact_id, turn.conversation.public_id)
        result |= {"username": login.username, "password": login.placeholder}
    return result


class ActionRegister(Action):
    """Registers the contact, tells the login, and goes on with what was wanted before."""

    def name(self) -> str:
        return "action_register"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        company_id = tracker.get_slot("company_id")
        name, email = tracker.get_slot("contact_name"), tracker.get_slot("contact_email")
        if not (company_id and name and email):
            return [SlotSet("next_step", "nothing")]
        async with writing(tracker) as turn:
            done = await turn.once(self.name(), lambda: _register(turn, company_id, name, email))
        dispatcher.utter_message(
            response=_WORDS[done["outcome"]],
            contact_first_name=done["first_name"],
            username=done.get("username"),
            password=done.get("password"),
            portal=portal_address(),
        )
        return [
            SlotSet("identified", True),
            SlotSet("contact_first_name", done["first_name"]),
            *go_on_with(tracker.get_slot("wanted")),
        ]


def go_on_with(wanted: dict[str, Any] | None) -> list[EventType]:
    """The next step for what somebody asked for before we knew them; else the menu."""
    events = [SlotSet("wanted", None), SlotSet("next_step", "show_menu")]
    if wanted:
        events[1] = SlotSet("next_step", wanted["step"])
        if wanted.get("subject"):
            events.append(SlotSet("ticket_subject", wanted["subject"]))
    return events


class ActionChangeCompany(Action):
    """Goes on with another company of the contact; a new one is linked."""

    def name(self) -> str:
        return "action_change_company"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        mention = find_cnpj(heard(tracker).text)
        name, email = tracker.get_slot("contact_name"), tracker.get_slot("contact_email")
        async with writing(tracker) as turn:
            company = None
            if mention is not None and mention.valid:
                company = await find_company(turn.session, mention.value)
            if mention is None or not mention.valid:
                dispatcher.utter_message(response="utter_cnpj_invalid")
            elif company is None:
                dispatcher.utter_message(response="utter_company_unknown")
            elif company.blocked:
                dispatcher.utter_message(response="utter_company_blocked")
            else:
                await turn.once(self.name(), lambda: _register(turn, company.id, name, email))
                slots = company_slots(company.id, company.name, company.cnpj)
                tracker.slots.update(slots)
                dispatcher.utter_message(response="utter_company_chosen", company_name=company.name)
                events = [SlotSet(slot, value) for slot, value in slots.items()]
                if not tracker.active_loop_name:
                    events += await show_menu(dispatcher, turn, tracker)
                return events
        return []


class ActionCorrectEmail(Action):
    """Changes the contact's e-mail; the login stays as it is, a typed address proves nothing."""

    def name(self) -> str:
        return "action_correct_email"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        email = parse_email(heard(tracker).text)
        if email is None:
            dispatcher.utter_message(response="utter_email_invalid")
            return []
        company_id, name = tracker.get_slot("company_id"), tracker.get_slot("contact_name")
        async with writing(tracker) as turn:
            company_id = company_id or (await companies_of(turn.session, turn.contact_id))[0].id
            await turn.once(self.name(), lambda: _register(turn, company_id, name, email))
        dispatcher.utter_message(response="utter_email_corrected", email=email)
        return [SlotSet("contact_email", email)]
