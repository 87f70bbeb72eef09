"""The service stops between a file's receipt and its coming: the next one goes on with it."""

from pathlib import Path

import pytest

from tests.conftest import ENGINES
from tests.fakes.telegram import photo
from tests.handoff.serving import Served, copy_of
from tests.handoff.telegram_chat import Chat
from tests.postgresql import PostgresDatabases

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256))


@pytest.fixture(params=ENGINES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of this test's own."""
    if request.param == "sqlite":
        return copy_of(request.getfixturevalue("sqlite_template"), tmp_path)
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    return databases.clone()


def test_files_and_albums_on_their_way_survive_a_restart(address: str, tmp_path: Path) -> None:
    with Served(address, tmp_path) as first:
        first.set_secrets()
        first.telegram.files["a"] = first.telegram.files["b"] = JPEG
        first.telegram.held |= {"a", "b"}
        with first.client() as client:
            chat = Chat(first, client)
            chat.deliver(chat.numbered(1, media_group_id="g", **photo("a")))
            chat.deliver(chat.numbered(2, media_group_id="g", caption="duas", **photo("b")))
            chat.deliver(chat.numbered(3, text="e um texto"))
            first.until(lambda: len(chat.heard) == 2 and len(chat.fetches()) == 2)
    with Served(address, tmp_path) as second:
        second.telegram.files["a"] = second.telegram.files["b"] = JPEG
        with second.client() as client:
            user_id = chat.user_id
            chat = Chat(second, client)
            chat.user_id = user_id
            album, text = chat.until_worked(2)
            assert chat.posts() == [("duas", ["foto.jpg"] * 2), ("e um texto", [])]
            assert [data for _, _, data in chat.files(album)] == [JPEG, JPEG]
            assert (album.seq, text.seq) == (1, 2)
            chat.until_states("sent", "sent")
