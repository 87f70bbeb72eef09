"""The access to the portal: a new provisional password, seen by this chat alone."""

import re
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.asides import is_of_another
from actions.codes import ask_for_code, send_code, unproven_address
from actions.docs import answer_instead
from actions.guide_offer import guide_for, offer_guide
from actions.handoff import NEW_TICKET, PERSON
from actions.menu import Option, offer, show_menu
from actions.served import for_served_companies
from actions.turn import Heard, Turn, heard, settings, writing
from actions.wording import fold
from desk.contacts.portal_access import has_portal_account, request_credentials

_ASKS = re.compile(
    r"\b(?:recupera\w*|esquec\w*|reset\w*|redefin\w*|nova senha|senha nova|outra senha"
    r"|perdi|(?:quero|preciso)(?: de)? (?:a |minha |uma )?(?:senha|acesso)|trocar|mudar|gerar)\b"
)

OWN = "utter_option_recover_own_access"
_HOW = re.compile(r"\b(?:como|onde)\b")
_LOST_OR_TROUBLE = re.compile(r"\b(?:esquec\w*|perdi|lembro|(?:nao|n)(?! sei\b))\b")


def portal_address() -> str:
    """Where the portal is."""
    return f"{settings().public_url.rstrip('/')}/portal"


class ActionRecoverAccess(Action):
    """Tells the login anew; the password itself is put in at delivery only."""

    def name(self) -> str:
        return "action_recover_access"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        in_form = bool(tracker.active_loop_name)
        if is_of_another(heard(tracker).text):
            return [*await _not_theirs(dispatcher, tracker), SlotSet("next_step", "nothing")]
        if _asks_how(tracker):
            question = heard(tracker).text
            answered = await answer_instead(dispatcher, tracker, question, _recover_option("3"))
            if answered:
                return [*answered, SlotSet("next_step", "nothing")]
        known = tracker.get_slot("identified") and not in_form
        guide = await guide_for(told_trouble(heard(tracker)) if known else None)
        if guide is not None:
            offered = offer_guide(dispatcher, guide, heard(tracker).text, _recover_option("4"))
            return [offered, SlotSet("next_step", "nothing")]
        async with writing(tracker) as turn:
            done = await turn.once(
                self.name(), lambda: _new_login(turn, may_ask_for_code=not in_form)
            )
            email = await unproven_address(turn)
            if done.get("sent") and email:
                return ask_for_code(dispatcher, email)
            if "username" in done:
                dispatcher.utter_message(
                    response="utter_access_recovered", portal=portal_address(), **done
                )
            elif "sent" in done:
                dispatcher.utter_message(response="utter_proof_too_many_codes")
            else:
                dispatcher.utter_message(response="utter_access_none")
            menu = [] if in_form else await show_menu(dispatcher, turn, tracker)
        return [*menu, SlotSet("next_step", "nothing")]


async def _not_theirs(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """The access of somebody else: how it is done is told, nobody's password is changed."""
    text = heard(tracker).text
    option = _recover_option("3")
    events = await answer_instead(dispatcher, tracker, text, option)
    if events:
        return events
    dispatcher.utter_message(response="utter_access_not_yours")
    if tracker.active_loop_name:
        return []
    return [offer(dispatcher, "utter_docs_menu", [PERSON, NEW_TICKET, replace(option, title=OWN)])]


def _recover_option(key: str) -> Option:
    return Option(key, "utter_option_recover_access", "recover_access")


def _asks_how(tracker: Tracker) -> bool:
    """Whether somebody who still has a password asks for the way: a new one would end it."""
    said = heard(tracker)
    text = fold(said.text)
    asks = said.intent == "recover_access" and bool(_HOW.search(text))
    return asks and not _LOST_OR_TROUBLE.search(text)


def told_trouble(said: Heard) -> str | None:
    """Words that tell of trouble with getting in; None when they ask for the access itself."""
    asks = said.intent != "recover_access" or _ASKS.search(fold(said.text))
    return None if asks else said.text


async def _new_login(turn: Turn, *, may_ask_for_code: bool) -> dict[str, Any]:
    """A new password; for whom is not proved to be who they say, a code by e-mail first."""
    contact_id = turn.contact_id
    if not await has_portal_account(turn.session, contact_id):
        email = await unproven_address(turn)
        return {"sent": await send_code(turn, email)} if email and may_ask_for_code else {}
    login = await request_credentials(turn.session, contact_id, turn.conversation.public_id)
    return {"username": login.username, "password": login.placeholder}
