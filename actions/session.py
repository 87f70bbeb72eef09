"""What is known of a contact when a session begins: it is not asked again."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, EventType, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.companies import company_slots, open_companies
from actions.drafts import half_typed_ticket
from actions.posting import post_unfinished
from actions.turn import Turn, writing
from desk.channels.tables import Channel
from desk.contacts.tables import Contact

COMPANY_SLOTS = ("company_id", "company_name", "company_cnpj")
_CARRIED_OVER = ("draft", "wanted", "menu", "media_used_until")


async def recall(turn: Turn) -> dict[str, Any]:
    """The slots that the desk can fill; a company only when there is no choice to make."""
    contact = await turn.session.get_one(Contact, turn.contact_id)
    channel = await turn.session.get_one(Channel, turn.conversation.channel_id)
    companies = await open_companies(turn)
    slots: dict[str, Any] = {
        "brand": channel.brand,
        "identified": bool(contact.name and contact.email and companies),
        "contact_name": contact.name,
        "contact_email": contact.email,
        "contact_first_name": contact.first_name or None,
    }
    if len(companies) == 1:
        slots |= company_slots(companies[0].id, companies[0].name, companies[0].cnpj)
    return {name: value for name, value in slots.items() if value is not None}


class ActionSessionStart(Action):
    """Begins a session with all that the desk knows, and what was half done before."""

    def name(self) -> str:
        return "action_session_start"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with writing(tracker) as turn:
            slots = await recall(turn)
            await post_unfinished(turn, tracker)
        for name in _CARRIED_OVER:
            if tracker.get_slot(name) is not None:
                slots[name] = tracker.get_slot(name)
        if tracker.active_loop_name == "ticket_form" and half_typed_ticket(tracker):
            slots["draft"] = half_typed_ticket(tracker)
        events = [SlotSet(name, value) for name, value in slots.items()]
        return [SessionStarted(), *events, ActionExecuted("action_listen")]
