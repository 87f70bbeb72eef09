"""Every table, so that the metadata is whole wherever this is imported."""

from desk.channels import tables as channels
from desk.companies import tables as companies
from desk.contacts import tables as contacts
from desk.conversations import tables as conversations
from desk.db import Base
from desk.events import tables as events
from desk.mail import tables as mail
from desk.media import tables as media
from desk.team import tables as team
from desk.tickets import tables as tickets

__all__ = [
    "Base",
    "channels",
    "companies",
    "contacts",
    "conversations",
    "events",
    "mail",
    "media",
    "team",
    "tickets",
]
