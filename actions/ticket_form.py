"""Opening a ticket: subject, request type, description, files until "Fim"."""

from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.companies import open_companies
from actions.fallback import times_in_a_row
from actions.interruptions import (
    free_text_for,
    interrupts_choice,
    one_step_back,
    requested_slot,
)
from actions.media_step import DONE, WAITING, answer_to_media_step
from actions.menu import chosen, company_options, offer
from actions.numbers import number_in
from actions.open_ticket import subject_of
from actions.phrases import phrase
from actions.problems import problem_told, tells_matter
from actions.served import while_served
from actions.turn import Heard, heard, reading
from actions.wording import fold, has_words, says_finished, says_no, says_yes
from desk.companies.cnpj import find_cnpj
from desk.tickets.request_types import offered_in_chat
from desk.tickets.tables import RequestType

NO_TYPE, UNCLEAR = "none", "unclear"
_STEPS = ("ticket_subject", "ticket_type", "ticket_description", "ticket_media")
_TYPE_MISSES = ("utter_request_type_unknown", "utter_request_type_noted")
_FEWEST_TELLING_WORDS = 5
_SURELY_ANGRY = 0.7
_OTHER = frozenset({"outro", "outra", "outros", "outras", "nenhum", "nenhuma", "nenhum desses"})


class ValidateTicketForm(FormValidationAction):
    """Takes the answers; free text may be anything but a clear request of its own."""

    def name(self) -> str:
        return "validate_ticket_form"

    @while_served
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with reading(tracker) as turn:
            types = await offered_in_chat(turn.session)
        steps = [slot for slot in _STEPS if types or slot != "ticket_type"]
        back = one_step_back(tracker, steps)
        return back or await super().run(dispatcher, tracker, domain)

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
    ) -> list[str]:
        """Who speaks for several companies says first for which: a ticket has one."""
        asked = requested_slot(tracker) == "company_id"
        if tracker.get_slot("company_id") is not None and not asked:
            return domain_slots
        async with reading(tracker) as turn:
            several = len(await open_companies(turn)) > 1
        return ["company_id", *domain_slots] if several else domain_slots

    async def extract_company_id(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        said = heard(tracker)
        if requested_slot(tracker) != "company_id" or not said.text:
            return {}
        async with reading(tracker) as turn:
            options = await company_options(turn)
        mention = find_cnpj(said.text)
        if mention is None:
            found = chosen(options, said)
        else:
            mine = [each for each in options if each.slots["company_cnpj"] == mention.value]
            found = mine[0] if mine else None
        if found is None and (mention is not None or interrupts_choice(said)):
            return {}  # another company is linked by the rule for a CNPJ
        return {"company_id": found.slots if found else UNCLEAR}

    def validate_company_id(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        if value == UNCLEAR:
            dispatcher.utter_message(response="utter_company_unclear")
            return {"company_id": None}
        return {"company_id": value}

    async def extract_ticket_subject(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        said = heard(tracker)
        told = problem_told(said)
        # Asked for by another form, or by none: this one is being opened.
        opening = requested_slot(tracker) not in ("company_id", *_STEPS)
        if tracker.get_slot("ticket_subject") is None and opening and told:
            return {"ticket_subject": told}
        text = free_text_for("ticket_subject", tracker)
        return {} if text is None else {"ticket_subject": text}

    async def validate_ticket_subject(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if not has_words(value) or says_nothing(heard(tracker), value):
            dispatcher.utter_message(response="utter_subject_invalid")
            return {"ticket_subject": None}
        _apologise(dispatcher, tracker)
        subject = subject_of(value)
        slots: dict[str, Any] = {"ticket_subject": subject}
        if requested_slot(tracker) not in ("company_id", *_STEPS):
            dispatcher.utter_message(response="utter_subject_noted", subject=subject)
        if len(value) > len(subject) + 40 and not tracker.get_slot("ticket_description"):
            # Somebody told everything at once; it is not asked for again.
            slots["ticket_description"] = value
        async with reading(tracker) as turn:
            if not await offered_in_chat(turn.session):
                slots["ticket_type"] = NO_TYPE
        return slots

    async def extract_ticket_type(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if requested_slot(tracker) != "ticket_type":
            return {}
        said = heard(tracker)
        async with reading(tracker) as turn:
            found = find_type(await offered_in_chat(turn.session), said.text)
        if found is None and interrupts_choice(said) and not tells_matter(said):
            return {}
        return {"ticket_type": found or said.text}

    async def validate_ticket_type(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value == NO_TYPE or value.startswith("id:"):
            return {"ticket_type": value}
        told = tracker.get_slot("ticket_description") or ""
        kept: dict[str, Any] = {}
        said = heard(tracker)
        refuses = says_no(value) or said.intent == "deny"
        if not refuses and (tells_matter(said) or said.word_count >= _FEWEST_TELLING_WORDS):
            kept["ticket_description"] = f"{told}\n{value}".strip()
        if refuses or times_in_a_row(tracker, *_TYPE_MISSES):
            # Nobody is kept in a question: the team can say what it is.
            dispatcher.utter_message(response="utter_request_type_other")
            return {"ticket_type": NO_TYPE, **kept}
        dispatcher.utter_message(response=_TYPE_MISSES[1] if kept else _TYPE_MISSES[0])
        return {"ticket_type": None, **kept}

    async def extract_ticket_description(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        text = free_text_for("ticket_description", tracker)
        return {} if text is None else {"ticket_description": text}

    def validate_ticket_description(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if not has_words(value):
            dispatcher.utter_message(response="utter_description_invalid")
            return {"ticket_description": None}
        if says_no(value):
            return {"ticket_description": tracker.get_slot("ticket_subject")}
        if says_finished(value):
            dispatcher.utter_message(response="utter_description_missing")
            return {"ticket_description": None}
        _apologise(dispatcher, tracker)
        return {"ticket_description": value}

    async def extract_ticket_media(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return answer_to_media_step("ticket_media", tracker)

    def validate_ticket_media(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value == DONE:
            return {"ticket_media": DONE}
        if value == WAITING:
            dispatcher.utter_message(response="utter_media_waiting")
            return {"ticket_media": None}
        dispatcher.utter_message(response="utter_media_more")
        description = f"{tracker.get_slot('ticket_description') or ''}\n{value}".strip()
        return {"ticket_media": None, "ticket_description": description}


def _apologise(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Anger in place of free text is kept as it is, and heard."""
    said = heard(tracker)
    if said.intent == "complaint" and said.confidence >= _SURELY_ANGRY:
        dispatcher.utter_message(response="utter_complaint")
        dispatcher.utter_message(response="utter_person_hint")


def says_nothing(said: Heard, subject: str) -> bool:
    """Whether a yes, a no or one more "quero abrir um chamado" stands for the subject."""
    if said.text != subject or said.word_count > 8:
        return False
    if says_yes(subject) or says_no(subject) or says_finished(subject):
        return True
    return said.intent == "open_ticket" and problem_told(said) is None


def find_type(types: Sequence[RequestType], text: str) -> str | None:
    """``id:<number>`` of the type that a message names, ``none`` for "Outro"; None if unclear."""
    said = fold(text).strip(" .!*")
    names = [fold(each.name) for each in types]
    if said in names:
        return f"id:{types[names.index(said)].id}"
    number = number_in(text)
    if number is not None and len(said.split()) <= 5:
        if 1 <= number <= len(types):
            return f"id:{types[number - 1].id}"
        return NO_TYPE if number == len(types) + 1 else None
    if said in _OTHER or said.startswith("outr"):
        return NO_TYPE
    near = [
        each
        for each, name in zip(types, names, strict=True)
        if len(said) > 3 and (said in name or name in said)
    ]
    return f"id:{near[0].id}" if len(near) == 1 else None


class ActionAskCompany(Action):
    """Lists the contact's companies."""

    def name(self) -> str:
        return "action_ask_company_id"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with reading(tracker) as turn:
            offer(dispatcher, "utter_choose_company", await company_options(turn))
        return []


class ActionAskTicketType(Action):
    """Lists the request types that take part in a chat, and "Outro"."""

    def name(self) -> str:
        return "action_ask_ticket_type"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with reading(tracker) as turn:
            titles = [each.name for each in await offered_in_chat(turn.session)]
        titles.append(phrase("utter_option_other_type"))
        dispatcher.utter_message(
            response="utter_ask_request_type",
            options="\n".join(f"{number} - {title}" for number, title in enumerate(titles, 1)),
            buttons=[
                {"title": title, "payload": str(number)} for number, title in enumerate(titles, 1)
            ],
        )
        return []
