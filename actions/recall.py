"""What the desk knows of a contact, as slots: it is not asked again."""

from typing import Any

from actions.companies import company_slots, open_companies
from actions.turn import Turn
from desk.channels.tables import Channel
from desk.contacts.tables import Contact

COMPANY_SLOTS = ("company_id", "company_name", "company_cnpj")


async def recall(turn: Turn) -> dict[str, Any]:
    """The slots that the desk can fill; a company only when there is no choice to make.

    The name of somebody who is not registered is a channel's profile name: good enough to address
    them, not to register them.
    """
    contact = await turn.session.get_one(Contact, turn.contact_id)
    channel = await turn.session.get_one(Channel, turn.conversation.channel_id)
    companies = await open_companies(turn)
    slots: dict[str, Any] = {
        "brand": channel.brand,
        "identified": bool(contact.name and contact.email and companies),
        "contact_name": contact.name if contact.email else None,
        "contact_email": contact.email,
        "contact_first_name": contact.first_name or None,
    }
    if len(companies) == 1:
        slots |= company_slots(companies[0].id, companies[0].name, companies[0].cnpj)
    return {name: value for name, value in slots.items() if value is not None}
