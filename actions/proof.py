"""Proving an address: the form that asks for the code, and what follows from it."""

import re
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.codes import send_code
from actions.companies import company_slots
from actions.interruptions import interrupts_choice, requested_slot
from actions.recall import recall
from actions.registration import change_address, go_on_with, tell_address_change
from actions.turn import Heard, Turn, heard, writing
from actions.welcome_back import greet_back, several_companies
from actions.wording import fold, says_no
from desk.contacts.email import parse_email
from desk.contacts.proof import check_code, masked
from desk.conversations.find import lock_conversation
from desk.conversations.merging import merge_proven
from desk.events.log import by_contact

RIGHT, FAILED, SKIPPED, CORRECTED = "right", "failed", "skipped", "corrected"
CODE, RESEND, UNCLEAR = "code", "resend", "unclear"
_CODE = re.compile(r"(?<!\d)\d{3}[\s.-]?\d{3}(?!\d)|(?<!\d)(?:\d[\s.-]){5}\d(?!\d)")
_RESEND = re.compile(
    r"\b(?:re-?envi\w*|nao (?:recebi|chegou|veio|achei)|nada chegou|(?:outro|novo) codigo"
    r"|(?:mand|envi)\w* (?:o codigo )?(?:de novo|novamente|outr\w|dnv)|n (?:recebi|chegou))"
)
_SKIP = re.compile(
    r"(?:quero |vou |pode |prefiro )?(?:continu\w+|segu\w+|pul\w+|depois|deixa\w*|esquece)"
    r"(?: (?:sem|o|codigo|ele|assim|mesmo|pra|para|la|depois))*"
    r"|.*\bnao (?:e|eh) (?:o )?meu\b.*|.*\bnao (?:tenho|uso) (?:mais )?(?:acesso|esse).*"
)
# Whoever has no account here yet has nothing of these to keep.
_OF_THE_FORMER = ("company_id", "company_name", "company_cnpj", "ticket_id", "menu", "proof_email")


def answer_in(said: Heard) -> str | None:
    """What a message says to the question for the code; None for a request of its own."""
    plain = fold(said.text).strip(" .!?*")
    if parse_email(said.text):
        return CORRECTED
    if _CODE.search(said.text):
        return CODE
    if _RESEND.search(plain):
        return RESEND
    if says_no(said.text) or _SKIP.fullmatch(plain):
        return SKIPPED
    if not said.text or (said.intent != "recover_access" and interrupts_choice(said)):
        return None
    return UNCLEAR


class ValidateProofForm(FormValidationAction):
    """Compares the code; what it was never enters a slot."""

    def name(self) -> str:
        return "validate_proof_form"

    async def extract_proof_code(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        answer = answer_in(heard(tracker))
        asked = requested_slot(tracker) == "proof_code"
        return {"proof_code": answer} if asked and answer else {}

    async def validate_proof_code(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value == CODE:
            return {"proof_code": await self._check(dispatcher, tracker)}
        if value == RESEND:
            await self._resend(dispatcher, tracker)
            return {"proof_code": None}
        if value == CORRECTED:
            return {"proof_code": CORRECTED, "contact_email": parse_email(heard(tracker).text)}
        if value == UNCLEAR:
            dispatcher.utter_message(response="utter_proof_unclear")
            return {"proof_code": None}
        return {"proof_code": value}

    async def _check(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> str | None:
        async with writing(tracker) as turn:
            done = await turn.once(self.name(), lambda: _compare(turn, heard(tracker).text))
        if done["outcome"] == "right":
            return RIGHT
        if done["outcome"] == "wrong" and done["tries_left"]:
            dispatcher.utter_message(response="utter_proof_wrong", tries=done["tries_left"])
            return None
        dispatcher.utter_message(
            response="utter_proof_too_many_tries"
            if done["outcome"] == "wrong"
            else "utter_proof_expired"
        )
        return FAILED

    async def _resend(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        email = str(tracker.get_slot("proof_email") or "")
        async with writing(tracker) as turn:

            async def send() -> dict[str, Any]:
                return {"sent": await send_code(turn, email)}

            done = await turn.once(self.name(), send)
        dispatcher.utter_message(
            response="utter_proof_code_again" if done["sent"] else "utter_proof_use_the_last",
            address=masked(email),
        )


async def _compare(turn: Turn, text: str) -> dict[str, Any]:
    """Checks the code; the right one makes this chat the known contact's, in one transaction."""
    typed = _CODE.search(text)
    check = await check_code(turn.session, turn.contact_id, typed.group() if typed else "")
    if check.outcome != "right" or check.owner_id is None:
        outcome = "expired" if check.outcome == "right" else check.outcome
        return {"outcome": outcome, "tries_left": check.tries_left}
    conversation = await lock_conversation(turn.session, turn.conversation.id)
    actor = by_contact(conversation.contact_id)
    await merge_proven(turn.session, conversation, check.owner_id, actor)
    return {"outcome": "right", "tries_left": check.tries_left}


class ActionProveEmail(Action):
    """Greets the proven contact by name, or goes on as somebody new."""

    def name(self) -> str:
        return "action_prove_email"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        outcome = tracker.get_slot("proof_code")
        done: list[EventType] = [SlotSet("proof_code", None)]
        if outcome == CORRECTED:
            email = str(tracker.get_slot("contact_email") or "")
            async with writing(tracker) as turn:
                result = await turn.once(self.name(), lambda: change_address(turn, tracker, email))
            events = tell_address_change(dispatcher, result, email)
            return done + (events or await go_on_with(dispatcher, tracker))
        if outcome != RIGHT:
            dispatcher.utter_message(response="utter_proof_skipped")
            return done + await go_on_with(dispatcher, tracker)
        return done + await self._welcome(dispatcher, tracker)

    async def _welcome(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        async with writing(tracker) as turn:
            slots: dict[str, Any] = dict.fromkeys(_OF_THE_FORMER) | await recall(turn)
            named = company_slots(
                tracker.get_slot("company_id"),
                str(tracker.get_slot("company_name") or ""),
                str(tracker.get_slot("company_cnpj") or ""),
            )
            if named["company_id"] and slots["company_id"] is None:
                slots |= named  # one of several was named just now
            tracker.slots.update(slots)
            dispatcher.utter_message(response="utter_proof_right")
            await greet_back(dispatcher, turn, slots.get("contact_first_name"))
            events: list[EventType] = [SlotSet(name, value) for name, value in slots.items()]
            if not tracker.get_slot("wanted") and not slots["company_id"]:
                return events + await several_companies(dispatcher, turn)
        return events + await go_on_with(dispatcher, tracker, known=True)
