"""Registering a contact, and changing what is known of one."""

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.asides import asks_something, gives_own, without_named
from actions.codes import ask_for_code, send_code
from actions.companies import company_slots
from actions.docs import answer_question, answer_trouble, ticket_on_this
from actions.guide_offer import guide_for, offer_guide
from actions.handoff import NO
from actions.menu import Option, offer, show_menu
from actions.phrases import phrase
from actions.portal_access import portal_address
from actions.posting import leave_and_post
from actions.turn import Turn, heard, writing
from desk.companies.cnpj import find_cnpj, format_cnpj
from desk.companies.directory import find_company
from desk.contacts.directory import companies_of
from desk.contacts.email import parse_email
from desk.contacts.portal_access import has_portal_account, request_credentials
from desk.contacts.registration import correct_email, register_contact
from desk.contacts.tables import Contact

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

            async def register() -> dict[str, Any]:
                result = await _register(turn, company_id, name, email)
                if result["outcome"] == "email_taken":
                    result["sent"] = await send_code(turn, email)
                return result

            done = await turn.once(self.name(), register)
        known = [
            SlotSet("identified", True),
            SlotSet("contact_first_name", done["first_name"]),
        ]
        if done.get("sent"):
            return known + ask_for_code(dispatcher, email)
        _tell(dispatcher, done)
        return known + await go_on_with(dispatcher, tracker)


def _tell(dispatcher: CollectingDispatcher, done: dict[str, Any]) -> None:
    dispatcher.utter_message(
        response=_WORDS[done["outcome"]],
        contact_first_name=done.get("first_name"),
        username=done.get("username"),
        password=done.get("password"),
        portal=portal_address(),
    )


async def go_on_with(
    dispatcher: CollectingDispatcher, tracker: Tracker, *, known: bool = False
) -> list[EventType]:
    """The next step for what somebody asked for before we knew them; else the menu.

    A problem that a guide is for is offered the guide, a question is answered. ``known``: they
    turned out to have an access, which may be what they wanted back.
    """
    wanted: dict[str, Any] = tracker.get_slot("wanted") or {}
    problem = wanted.get("subject")
    if problem and wanted["step"] == "ask":
        told = await answer_question(dispatcher, tracker, problem)
        return [SlotSet("wanted", None), *told, SlotSet("next_step", "nothing")]
    guide = await guide_for(problem)
    if guide is not None:
        menu = offer_guide(dispatcher, guide, str(problem))
        return [SlotSet("wanted", None), menu, SlotSet("next_step", "nothing")]
    if problem and wanted["step"] == "open_ticket":
        told = await answer_trouble(dispatcher, tracker, problem)
        if told:
            return [SlotSet("wanted", None), *told, SlotSet("next_step", "nothing")]
    events = [SlotSet("wanted", None), SlotSet("next_step", "show_menu")]
    if wanted and (known or wanted["step"] != "recover_access"):
        events[1] = SlotSet("next_step", wanted["step"])
        if problem and wanted["step"] == "open_ticket":
            events.append(SlotSet("ticket_subject", wanted["subject"]))
    return events


class ActionChangeCompany(Action):
    """Goes on with another company of the contact; a new one is linked.

    A CNPJ that belongs to a question, or to another matter, changes nothing by itself.
    """

    def name(self) -> str:
        return "action_change_company"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        chosen = tracker.get_slot("named")
        text = str(chosen or heard(tracker).text)
        mention = find_cnpj(text)
        if mention is not None and mention.valid and not chosen and not gives_own(text):
            title = phrase("utter_option_use_cnpj", cnpj=format_cnpj(mention.value))
            use = Option("1", title, "change_company", {"named": mention.value}, "affirm")
            return await _other_matter(dispatcher, tracker, use)
        question = without_named(text) if asks_something(text) else ""
        if question and mention and mention.value == tracker.get_slot("company_cnpj"):
            return await answer_question(dispatcher, tracker, question)
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
                if not tracker.active_loop_name and not question:
                    events += await show_menu(dispatcher, turn, tracker)
                if not question:
                    return [*events, SlotSet("named", None)]
                return [*events, *await answer_question(dispatcher, tracker, question)]
        return [SlotSet("named", None)]


async def _other_matter(
    dispatcher: CollectingDispatcher, tracker: Tracker, use: Option
) -> list[EventType]:
    """Answers what was asked; else asks what the address or CNPJ is for. Nothing is changed."""
    text = heard(tracker).text
    if asks_something(text):
        return await answer_question(dispatcher, tracker, without_named(text))
    if tracker.active_loop_name:
        return []
    on_this = ticket_on_this("2", text)
    on_this = replace(on_this, slots={**on_this.slots, "ticket_description": text})
    return [offer(dispatcher, "utter_named_aside", [use, on_this, NO])]


async def change_address(turn: Turn, tracker: Tracker, email: str) -> dict[str, Any]:
    """Changes the contact's address; one that is another's gets a code instead."""
    if not await correct_email(turn.session, turn.contact_id, email):
        return {"outcome": "email_taken", "sent": await send_code(turn, email)}
    companies = await companies_of(turn.session, turn.contact_id)
    if await has_portal_account(turn.session, turn.contact_id) or not companies:
        return {"outcome": "corrected"}
    # The address typed at first was another's: this one may have an account.
    contact = await turn.session.get_one(Contact, turn.contact_id)
    company_id = tracker.get_slot("company_id") or companies[0].id
    return await _register(turn, company_id, contact.name or "", email)


def tell_address_change(
    dispatcher: CollectingDispatcher, done: dict[str, Any], email: str
) -> list[EventType]:
    """Says what came of it; the events that ask for a code, when one was sent."""
    if done.get("sent"):
        return ask_for_code(dispatcher, email)
    if done["outcome"] == "corrected":
        dispatcher.utter_message(response="utter_email_corrected", email=email)
    elif done["outcome"] == "email_taken":
        dispatcher.utter_message(response="utter_proof_too_many_codes")
    else:
        _tell(dispatcher, done)
    return []


class ActionCorrectEmail(Action):
    """Changes the contact's e-mail; an address that is another's must be proved first."""

    def name(self) -> str:
        return "action_correct_email"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        nothing: list[EventType] = [SlotSet("named", None), SlotSet("next_step", "nothing")]
        chosen = tracker.get_slot("named")
        text = str(chosen or heard(tracker).text)
        email = parse_email(text)
        if email is None:
            dispatcher.utter_message(response="utter_email_invalid")
            return nothing
        if not chosen and not gives_own(text):
            title = phrase("utter_option_use_email", email=email)
            use = Option("1", title, "correct_email", {"named": email}, "affirm")
            return [*nothing, *await _other_matter(dispatcher, tracker, use)]
        left = await leave_and_post(dispatcher, tracker)
        async with writing(tracker) as turn:
            done = await turn.once(self.name(), lambda: change_address(turn, tracker, email))
        asks = tell_address_change(dispatcher, done, email)
        if asks:
            return [*left.events, SlotSet("named", None), *asks]
        if done["outcome"] == "email_taken":
            return nothing
        return [SlotSet("contact_email", email), *nothing]
