"""The groups of values that are set in the console, with their defaults."""

import re
from datetime import datetime
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

_COLOR = re.compile(r"#[0-9a-f]{6}")


def _color(value: str) -> str:
    lowered = value.strip().lower()
    if lowered and not _COLOR.fullmatch(lowered):
        raise ValueError("Escreva a cor como #1a73e8.")
    return lowered


def _secure_url(value: str) -> str:
    address = value.strip()
    if not address:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    # Customers click on it: nothing but a plain secure address, without a name or password in it.
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise ValueError("Escreva o endereço inteiro, como https://exemplo.com/tela.")
    if any(char.isspace() or not char.isprintable() for char in address):
        raise ValueError("O endereço não pode ter espaços.")
    return address


class Group(BaseModel):
    """Values that are read and saved together under ``group_name``.

    ``plain_fields``: those whose values the log may tell; they are no text about people.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    group_name: ClassVar[str]
    plain_fields: ClassVar[frozenset[str]] = frozenset()


class Brand(Group):
    """How customers know the company.

    ``name`` and ``color`` are empty where the channel's own, or the default, counts.
    """

    group_name: ClassVar[str] = "brand"
    plain_fields: ClassVar[frozenset[str]] = frozenset(
        {"name", "color", "logo_media_id", "shows_agent_first_name"}
    )

    name: Annotated[str, Field(max_length=120)] = ""
    color: Annotated[str, AfterValidator(_color)] = ""
    logo_media_id: int | None = None
    shows_agent_first_name: bool = False


class Automation(Group):
    """What happens by itself."""

    group_name: ClassVar[str] = "automation"
    plain_fields: ClassVar[frozenset[str]] = frozenset(
        {
            "in_service_when_agent_replies",
            "reopen_when_contact_writes",
            "ticket_in_service_when_agent_acts",
            "ticket_reopens_when_contact_acts",
            "tell_customers_of_ticket_news",
            "tell_place_in_queue",
        }
    )

    in_service_when_agent_replies: bool = True
    reopen_when_contact_writes: bool = True
    ticket_in_service_when_agent_acts: bool = True
    ticket_reopens_when_contact_acts: bool = True
    tell_customers_of_ticket_news: bool = True
    tell_place_in_queue: bool = True


class PortalNote(Group):
    """Word on the state of the portal: "instabilidade desde 14h". Without text there is none.

    Without ``starts_at`` it is shown at once, without ``ends_at`` until it is taken away.
    """

    group_name: ClassVar[str] = "portal_note"
    plain_fields: ClassVar[frozenset[str]] = frozenset({"starts_at", "ends_at"})

    text: Annotated[str, Field(max_length=500)] = ""
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "PortalNote":
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError("O fim precisa ser depois do início.")
        return self

    def is_shown(self, at: datetime) -> bool:
        """Whether the note is to be seen at this instant."""
        if not self.text.strip():
            return False
        started = self.starts_at is None or self.starts_at <= at
        return started and (self.ends_at is None or at < self.ends_at)


class DirectSupport(Group):
    """How a person looks at the customer's screen, when the steps of a guide did not help.

    Without ``screen_share_url`` nothing is offered.
    """

    group_name: ClassVar[str] = "direct_support"
    plain_fields: ClassVar[frozenset[str]] = frozenset({"screen_share_url"})

    screen_share_url: Annotated[str, AfterValidator(_secure_url), Field(max_length=500)] = ""


GROUPS: dict[str, type[Group]] = {
    "brand": Brand,
    "automation": Automation,
    "portal-note": PortalNote,
    "direct-support": DirectSupport,
}
"""By the name in the API's address."""
