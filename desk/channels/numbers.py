"""WhatsApp numbers as an admin registers them: ids in the open, secrets sealed."""

import json
import secrets
from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.settings import read_secrets
from desk.channels.tables import Channel
from desk.errors import Invalid
from desk.events.log import Actor, record_event
from desk.shapes import Line, Values
from desk.vault import Vault

KIND = "whatsapp_cloud"
_SECRETS = ("token", "app_secret", "verify_token")
Digits = Annotated[Line, Field(pattern=r"^[0-9]{5,60}$")]
Secret = Annotated[Line, Field(max_length=1000)]


class NumberValues(Values):
    """A WhatsApp number as Meta's console shows it; a secret left empty stays as it is.

    ``number_id`` is Meta's *phone number ID*, ``business_id`` the *WhatsApp Business Account ID*.
    ``verify_token`` is the word that Meta must say first; one is drawn when there is none.
    """

    number_id: Digits
    business_id: Digits
    token: Secret = ""
    app_secret: Secret = ""
    verify_token: Secret = ""


async def set_number(
    session: AsyncSession, channel: Channel, vault: Vault, values: NumberValues, actor: Actor
) -> None:
    """Keeps a number and its secrets.

    Raises:
        Invalid: a secret is missing, the number is another channel's, or this kind has none.
    """
    if channel.kind != KIND:
        raise Invalid("number_id", "Só canais do WhatsApp têm número.")
    query = select(Channel.id).where(
        Channel.number_id == values.number_id, Channel.kind == KIND, Channel.id != channel.id
    )
    if (await session.execute(query)).first() is not None:
        raise Invalid("number_id", "Este número já está em outro canal.")
    kept = read_secrets(channel, vault)
    given = {name: getattr(values, name) for name in _SECRETS if getattr(values, name)}
    sealed = {**kept, **given}
    for name in ("token", "app_secret"):
        if not sealed.get(name):
            raise Invalid(name, "Preencha este campo.")
    sealed.setdefault("verify_token", secrets.token_urlsafe(24))
    ids = {"number_id": values.number_id, "business_id": values.business_id}
    before = {name: getattr(channel, name) for name in ids}
    channel.number_id, channel.business_id = values.number_id, values.business_id
    channel.secrets = vault.seal(json.dumps(sealed))
    await session.flush()
    changed = [name for name in ids if ids[name] != before[name]] + sorted(given)
    if changed:
        await record_event(
            session,
            "channel.changed",
            actor,
            id=channel.id,
            fields=changed,
            before={name: before[name] for name in ids if name in changed},
            after={name: ids[name] for name in ids if name in changed},
        )
