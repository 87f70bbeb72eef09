"""Telegram with more than one service: one after the other, and two at once on one database."""

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


def test_two_services_at_once_do_everything_once_and_in_order(address: str, tmp_path: Path) -> None:
    with Served(address, tmp_path) as one, Served(address, tmp_path) as other:
        both = (one, other)
        one.set_secrets()
        for served in both:
            served.telegram.files |= {f"f{number}": JPEG for number in range(4)}
        with one.client() as first, other.client() as second:
            chat = Chat(one, first)
            doors = [chat, Chat(other, second)]
            doors[1].user_id = chat.user_id
            updates = [chat.numbered(1, text="um")]
            updates += [
                chat.numbered(2 + number, media_group_id="g", **photo(f"f{number}"))
                for number in range(3)
            ]
            updates += [chat.numbered(5, text="dois"), chat.numbered(6, **photo("f3"))]
            updates += [chat.numbered(7 + number, text=f"mais {number}") for number in range(4)]
            for number, update in enumerate(updates):
                doors[number % 2].deliver(update)
                doors[1 - number % 2].deliver(update)  # and once more, by the other door
            messages = chat.until_worked(8)
            words = ["um", "", "dois", "", "mais 0", "mais 1", "mais 2", "mais 3"]
            assert [row.text for row in messages] == words
            assert [row.media_count for row in messages] == [0, 3, 0, 1, 0, 0, 0, 0]
            chat.until_states(*["sent"] * 8)
            posts = [post for served in both for post in served.rasa.posts]
            assert sorted(post.metadata["message_id"] for post in posts) == [
                row.id for row in messages
            ]
            sent = [*chat.got, *doors[1].got]
            assert sorted(sent) == sorted(f"re: {text or '/send_media'}" for text in words)
