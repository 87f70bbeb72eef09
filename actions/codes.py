"""Codes by e-mail: drawn and queued in one go, so that nobody but the letter holds them."""

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.phrases import phrase
from actions.turn import Turn, settings
from desk.channels.tables import Channel
from desk.contacts.proof import CODE_MINUTES, draw_code, masked, owner_of_email
from desk.contacts.tables import Contact
from desk.mail.queue import queue_email
from desk.vault import Vault


async def send_code(turn: Turn, email: str) -> bool:
    """Sends a code to an address; False when there were too many in the last hour.

    What an action gives back is stored and told to Rasa: the code is never among it.
    """
    code = await draw_code(turn.session, turn.contact_id, email)
    if code is None:
        return False
    channel = await turn.session.get_one(Channel, turn.conversation.channel_id)
    facts = {"code": code, "minutes": str(CODE_MINUTES), "brand": channel.brand}
    await queue_email(
        turn.session,
        Vault(settings().secret_key.get_secret_value()),
        email,
        phrase("utter_proof_mail_subject", **facts),
        phrase("utter_proof_mail", **facts),
    )
    return True


async def unproven_address(turn: Turn) -> str | None:
    """The contact's address, when it is the account of somebody whom this chat is not yet."""
    contact = await turn.session.get_one(Contact, turn.contact_id)
    owner = await owner_of_email(turn.session, contact.email) if contact.email else None
    return contact.email if owner is not None and owner.id != contact.id else None


def ask_for_code(dispatcher: CollectingDispatcher, email: str) -> list[EventType]:
    """Tells where the code went; the form that asks for it follows."""
    dispatcher.utter_message(
        response="utter_proof_code_sent", address=masked(email), minutes=CODE_MINUTES
    )
    return [
        SlotSet("proof_email", email),
        SlotSet("proof_code", None),
        SlotSet("next_step", "prove_email"),
    ]
