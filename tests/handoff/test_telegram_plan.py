"""How a message of ours becomes calls of the Bot API; and what never leaves with an error."""

import traceback
from datetime import UTC, datetime

import pytest

from desk.channels.tables import Channel
from desk.conversations.delivery import OutgoingFile
from desk.vault import Vault
from handoff.channels.splitting import split_text, units
from handoff.channels.telegram.bot_api import BotApi
from handoff.channels.telegram.plan import kind_of, steps_of
from handoff.channels.telegram.wording import marked
from handoff.outbox import TryLater
from tests.fakes.http import Answer, FakeServer, Heard
from tests.fakes.telegram import BOT_TOKEN, refusal
from tests.system import free_ports

MB = 1024 * 1024


def a_file(mime: str, size: int = 1000) -> OutgoingFile:
    return OutgoingFile("0" * 64, mime, "nome", size)


JPG, MP4, PDF, MP3, OGG = map(
    a_file, ("image/jpeg", "video/mp4", "application/pdf", "audio/mpeg", "audio/ogg")
)


@pytest.mark.parametrize(
    ("text", "files", "calls"),
    [
        ("oi", [], ["text"]),
        ("", [JPG], ["photo"]),
        ("oi", [JPG], ["photo+caption"]),
        ("oi", [JPG, MP4], ["photo+caption,video"]),
        ("oi", [JPG, PDF, PDF], ["photo+caption", "document,document"]),
        ("oi", [PDF, JPG], ["document+caption", "photo"]),
        ("oi", [OGG, OGG], ["voice+caption", "voice"]),
        ("", [MP3, MP3], ["audio,audio"]),
        ("x" * 1025, [JPG], ["text", "photo"]),
        ("x" * 5000, [JPG], ["text", "text", "photo"]),
        ("", [JPG] * 12, [",".join(["photo"] * 10), "photo,photo"]),
    ],
)
def test_what_is_called_for(text: str, files: list[OutgoingFile], calls: list[str]) -> None:
    steps = steps_of(text, files)
    shown = [
        ",".join(
            kind_of(file) + ("+caption" if step.kind(offset) == "caption" else "")
            for offset, file in enumerate(step.files)
        )
        or "text"
        for step in steps
    ]
    assert shown == calls
    positions = [step.position + offset for step in steps for offset in range(step.count)]
    assert positions == list(range(len(positions)))


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (a_file("image/png", 10 * MB), "photo"),
        (a_file("image/png", 10 * MB + 1), "document"),
        (a_file("image/gif"), "animation"),
        (a_file("image/heic"), "document"),
        (a_file("application/zip"), "document"),
    ],
)
def test_a_file_is_sent_as(file: OutgoingFile, kind: str) -> None:
    assert kind_of(file) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "curto",
        "palavra " * 3000,
        "x" * 10_000,
        "👍🏽" * 5000,
        "linha\n" * 2000,
        " " * 9000 + "fim",
    ],
)
def test_a_long_text_is_cut_within_bounds_and_nothing_of_it_is_lost(text: str) -> None:
    parts = split_text(text)
    assert all(units(part) <= 4096 for part in parts)
    assert all(part.strip() for part in parts) or parts == [text]
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_long_text_is_cut_between_words() -> None:
    assert split_text("um dois tres oito", 10) == ["um dois ", "tres oito"]


@pytest.mark.parametrize(
    ("text", "shown", "strong"),
    [
        (
            "escreva *sair* ou *voltar ao bot*.",
            "escreva sair ou voltar ao bot.",
            ["sair", "voltar ao bot"],
        ),
        ("👍🏽 *sim*", "👍🏽 sim", ["sim"]),
        ("  \n*oi*", "oi", ["oi"]),
        ("2*3*4 e * não * isso", "2*3*4 e * não * isso", []),
        ("veja https://a.b/*c* já", "veja https://a.b/*c* já", []),
    ],
)
def test_words_in_asterisks_are_strong_as_everywhere(
    text: str, shown: str, strong: list[str]
) -> None:
    fields = marked(text)
    assert fields["text"] == shown
    units_of_text = shown.encode("utf-16-le")
    found = [
        units_of_text[each["offset"] * 2 : (each["offset"] + each["length"]) * 2].decode(
            "utf-16-le"
        )
        for each in fields.get("entities", [])
    ]
    assert found == strong
    assert set(marked("*a*", "caption")) == {"caption", "caption_entities"}


def a_channel(vault: Vault) -> Channel:
    secrets = vault.seal(f'{{"token": "{BOT_TOKEN}"}}')
    return Channel(
        kind="telegram", slug="x", brand="X", secrets=secrets, created_at=datetime.now(UTC)
    )


async def test_an_error_never_shows_the_token() -> None:
    vault = Vault("a secret key of the tests")
    (port,) = free_ports(1)

    async def garbage(heard: Heard) -> Answer:
        return Answer(b"<html>", cut_after=3)

    async with FakeServer(garbage) as server:
        for url in (f"http://127.0.0.1:{port}", server.url):
            api = BotApi(url, vault)
            for call in (
                api.call(a_channel(vault), "sendMessage", {"chat_id": "1", "text": "oi"}),
                api.download(a_channel(vault), "files/a", 1000),
            ):
                with pytest.raises(TryLater) as caught:
                    await call
                shown = "".join(traceback.format_exception(caught.value))
                assert BOT_TOKEN not in shown
            await api.close()


async def test_only_a_lost_answer_makes_it_uncertain_whether_a_message_arrived() -> None:
    vault = Vault("a secret key of the tests")
    (port,) = free_ports(1)

    async def cut(heard: Heard) -> Answer:
        return Answer(b"x" * 100, cut_after=10)

    async def busy(heard: Heard) -> Answer:
        return refusal("Internal Server Error", 500)

    async def uncertain(url: str) -> bool:
        api = BotApi(url, vault)
        with pytest.raises(TryLater) as caught:
            await api.call(a_channel(vault), "sendMessage", {"chat_id": "1", "text": "oi"})
        await api.close()
        return caught.value.uncertain

    assert not await uncertain(f"http://127.0.0.1:{port}")
    async with FakeServer(cut) as server:
        assert await uncertain(server.url)
    async with FakeServer(busy) as server:
        assert not await uncertain(server.url)
