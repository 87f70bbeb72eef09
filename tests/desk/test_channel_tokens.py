"""A token: drawn anew for the same bot at any time, another bot's only before it is used."""

import pytest

from desk.channels.receipts import store_receipt
from desk.channels.settings import read_secrets, set_token
from desk.db import Database
from desk.errors import Invalid
from desk.events.log import SYSTEM
from desk.vault import Vault
from tests.desk.building import a_channel

VAULT = Vault("a secret key of the tests")


def a_token(bot: int, ending: str) -> str:
    return f"{bot}:{ending * 35}"


async def test_another_bots_token_would_hide_its_first_messages(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_channel(session, "telegram", "equipe")
        await set_token(session, channel, VAULT, a_token(1, "a"), SYSTEM)
        await set_token(session, channel, VAULT, a_token(2, "b"), SYSTEM)  # a slip, set right
        await store_receipt(session, channel.id, b"{}")
        await set_token(session, channel, VAULT, a_token(2, "c"), SYSTEM)
        with pytest.raises(Invalid, match="outro bot"):
            await set_token(session, channel, VAULT, a_token(3, "d"), SYSTEM)
        assert read_secrets(channel, VAULT)["token"] == a_token(2, "c")
