"""Who is writing: CNPJ, name and e-mail, asked once."""

import re
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.asides import asks_something, told_beside
from actions.companies import all_blocked, company_slots
from actions.docs import answer_question
from actions.fallback import times_in_a_row
from actions.interruptions import interrupts_choice, one_step_back, requested_slot
from actions.names import introduces_name, name_in
from actions.portal_access import told_trouble
from actions.problems import asks_for_ticket, begun_anew, problem_told
from actions.recall import recall
from actions.turn import Heard, heard, reading
from actions.wording import fold, has_words
from desk.companies.cnpj import find_cnpj, format_cnpj
from desk.companies.directory import find_company
from desk.contacts.email import parse_email

NO_NAME = "-"
_HEAD_OFFICE = "0001"
_WHY = re.compile(r"\b(?:pra|para|por|p) ?q(?:ue|uê)?\b|\bpq\b|\bmotivo\b|\blgpd\b")
_WISHES = frozenset({"open_ticket", "check_status", "post_action", "recover_access", "show_menu"})


class ActionWelcome(Action):
    """Greets somebody new and keeps what they want until we know who they are."""

    def name(self) -> str:
        return "action_welcome"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        said = heard(tracker)
        async with reading(tracker) as turn:
            known = await recall(turn)
            blocked = await all_blocked(turn)
        events = [SlotSet(name, value) for name, value in known.items() if name != "identified"]
        if tracker.active_loop_name and asks_something(said.text):
            return [*events, *await answer_question(dispatcher, tracker, said.text)]
        wanted = _wanted(said)
        if wanted:
            events.append(SlotSet("wanted", wanted))
        if blocked and not tracker.active_loop_name:
            dispatcher.utter_message(
                response="utter_companies_blocked",
                contact_first_name=known.get("contact_first_name"),
                company_name=blocked[0].name,
            )
            return events
        dispatcher.utter_message(response=self._words(tracker, wanted), brand=known.get("brand"))
        return events

    def _words(self, tracker: Tracker, wanted: dict[str, Any] | None) -> str:
        said = heard(tracker)
        if tracker.active_loop_name:
            noted = wanted or said.intent in _WISHES
            return "utter_wish_noted" if noted else "utter_greet_again"
        if wanted and wanted["step"] == "open_ticket" and wanted["subject"]:
            return "utter_welcome_problem"
        if wanted or said.intent in _WISHES:
            return "utter_welcome_wish"
        return "utter_welcome" if said.intent == "greet" else "utter_hello"


def _wanted(said: Heard) -> dict[str, Any] | None:
    """What is gone on with once we know who asks."""
    beside = told_beside(said.text)
    if beside and asks_something(beside):
        return {"step": "ask", "subject": beside}
    if said.intent == "open_ticket" or asks_for_ticket(said.text):
        return {"step": "open_ticket", "subject": problem_told(said)}
    if said.intent == "recover_access":
        return {"step": "recover_access", "subject": told_trouble(said)}
    return {"step": "open_ticket", "subject": begun_anew(beside)} if beside else None


class ValidateIdentifyForm(FormValidationAction):
    """Takes each answer wherever it comes, also as a correction of an earlier one."""

    def name(self) -> str:
        return "validate_identify_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        back = one_step_back(tracker, ("company_cnpj", "contact_name", "contact_email"))
        if back:
            return back
        events: list[EventType] = await super().run(dispatcher, tracker, domain)
        if self._stuck(tracker, events):
            dispatcher.utter_message(response="utter_person_hint")
        return events

    def _stuck(self, tracker: Tracker, events: list[EventType]) -> bool:
        """Whether the second answer in a row was none: a person is offered, as everywhere."""
        asked = requested_slot(tracker)
        if not asked or tracker.active_loop_name != "identify_form" or not heard(tracker).text:
            return False
        filled = any(
            each.get("event") == "slot" and each.get("name") == asked and each.get("value")
            for each in events
        )
        ended = any(each.get("name") == "requested_slot" for each in events)
        return (
            not filled
            and not ended
            and times_in_a_row(tracker, f"utter_ask_identify_form_{asked}") >= 2
        )

    async def extract_company_cnpj(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        said, asked = heard(tracker), requested_slot(tracker)
        mention = find_cnpj(said.text)
        if mention is not None and (asked in (None, "company_cnpj") or "cnpj" in said.entities):
            return {"company_cnpj": said.text}
        answers = asks_why(said.text) or not interrupts_choice(said, or_not_understood=True)
        if asked == "company_cnpj" and said.text and answers:
            return {"company_cnpj": said.text}
        return {}

    async def validate_company_cnpj(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        mention = find_cnpj(value)
        if mention is None or not mention.valid:
            words = "utter_cnpj_missing" if mention is None else "utter_cnpj_invalid"
            dispatcher.utter_message(response=words if mention else why_or(words, value))
            return {"company_cnpj": None}
        async with reading(tracker) as turn:
            company = await find_company(turn.session, mention.value)
        if company is None or company.blocked:
            # The form ends: this service is for customers only, another CNPJ begins anew.
            unknown = company is None
            dispatcher.utter_message(
                response="utter_company_unknown" if unknown else "utter_company_blocked"
            )
            return {"company_cnpj": None, "company_id": None, "requested_slot": None}
        is_branch = company.branch != _HEAD_OFFICE
        dispatcher.utter_message(
            response="utter_branch_found" if is_branch else "utter_company_found",
            company_name=company.name,
            cnpj=format_cnpj(company.cnpj),
        )
        slots = company_slots(company.id, company.name, company.cnpj)
        told = _wanted(heard(tracker)) if told_beside(value) else None
        return slots | ({"wanted": told} if told and not tracker.get_slot("wanted") else {})

    async def extract_contact_name(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        said, asked = heard(tracker), requested_slot(tracker)
        corrected = introduces_name(said.text) and name_in(said)
        if asked == "contact_name" or corrected:
            if name_in(said):
                return {"contact_name": name_in(said)}
            if asks_why(said.text) or not has_words(said.text):
                return {"contact_name": NO_NAME}
            if not said.entities and not interrupts_choice(said):
                return {"contact_name": NO_NAME}
        return {}

    def validate_contact_name(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value == NO_NAME:
            said = heard(tracker)
            dispatcher.utter_message(response=why_or("utter_name_invalid", said.text))
            return {"contact_name": None}
        if requested_slot(tracker) == "contact_email":
            dispatcher.utter_message(response="utter_corrected")
        return {"contact_name": value, "contact_first_name": value.split()[0]}

    async def extract_contact_email(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        said, asked = heard(tracker), requested_slot(tracker)
        if parse_email(said.text):
            return {"contact_email": said.text}
        corrects = introduces_name(said.text) and name_in(said) is not None
        answers = "@" in said.text or asks_why(said.text) or not interrupts_choice(said)
        if (
            asked == "contact_email"
            and said.text
            and answers
            and not corrects
            and not said.entities
        ):
            return {"contact_email": said.text}
        return {}

    def validate_contact_email(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        email = parse_email(value)
        if email is None:
            words = "utter_email_invalid" if "@" in value else "utter_email_needed"
            dispatcher.utter_message(response=why_or(words, value))
        return {"contact_email": email}


def asks_why(text: str) -> bool:
    """Whether somebody would first know what their data are for."""
    return _WHY.search(fold(text)) is not None


def why_or(words: str, text: str) -> str:
    """The reason why we ask, for those who want to know it; else the other words."""
    return "utter_why_identify" if asks_why(text) else words
