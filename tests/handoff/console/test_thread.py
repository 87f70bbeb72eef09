from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.conversations.thread import AttachmentView, MessageView, QuoteView
from desk.events.tables import Event
from handoff.console.message_parts import LEAST_PIXELS, QUOTE_CHARS, shown_size
from handoff.console.thread import NO_DIVIDER, ThreadItem, thread_items

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
FROM_MARIA = MessageView(
    id=1,
    seq=1,
    direction="in",
    kind="message",
    author_kind="contact",
    author_name="Maria",
    text="oi",
    buttons=[],
    created_at=NOW,
    edited_at=None,
    deleted=False,
    delivery="received",
    failure="",
    reply_to=None,
)
FROM_ANA = replace(
    FROM_MARIA,
    id=2,
    seq=2,
    direction="out",
    author_kind="agent",
    author_name="Ana",
    text="bom dia",
    created_at=NOW + timedelta(seconds=20),
    delivery="sent",
)

QUOTE = QuoteView(
    id=1,
    seq=1,
    direction="in",
    author_kind="contact",
    author_name="Maria",
    text="qual o prazo?",
    deleted=False,
)


def test_events_stand_between_the_messages_and_a_day_opens_with_its_name() -> None:
    claimed = Event(
        seq=7,
        at=NOW + timedelta(seconds=10),
        kind="conversation.owner_changed",
        actor_kind="agent",
        actor_id=1,
        data={"after": "agent", "assignee_id": 1},
    )
    items = _items([FROM_MARIA, FROM_ANA], [claimed])
    assert [item.kind for item in items] == ["day", "message", "event", "message"]
    assert items[0].text == "Hoje"
    assert items[2].text == "Ana assumiu a conversa"


def test_an_event_from_before_the_first_shown_message_is_left_out() -> None:
    early = Event(
        seq=1,
        at=NOW - timedelta(hours=1),
        kind="conversation.status_changed",
        actor_kind="bot",
        data={"after": "open"},
    )
    assert [item.kind for item in _items([FROM_MARIA], [early])] == ["day", "message"]


def test_one_persons_messages_in_one_breath_belong_together() -> None:
    again = replace(FROM_MARIA, id=2, seq=2, created_at=NOW + timedelta(minutes=1))
    later = replace(FROM_MARIA, id=3, seq=3, created_at=NOW + timedelta(minutes=9))
    assert [item.follows for item in _items([FROM_MARIA, again, later])[1:]] == [
        False,
        True,
        False,
    ]


def test_a_provisional_password_is_not_shown_to_the_team() -> None:
    told = replace(FROM_ANA, text="Senha: ⟦senha:11111111-1111-4111-8111-111111111111⟧")
    (_, item) = _items([told])
    assert item.text == "Senha: ••••••••"
    assert "senha:" not in "".join(part.text for part in item.parts)


def test_a_note_is_told_from_an_answer_and_has_no_delivery() -> None:
    (_, item) = _items([replace(FROM_ANA, kind="note")])
    assert (item.author_kind, item.author_name) == ("note", "Nota de Ana")
    assert item.state_label == ""


def test_a_failed_delivery_says_why_and_a_suppressed_reply_says_so() -> None:
    failed = replace(FROM_ANA, delivery="failed", failure="número inexistente")
    suppressed = replace(FROM_ANA, id=3, seq=3, delivery="suppressed")
    items = _items([failed, suppressed])[1:]
    assert [item.state_label for item in items] == [
        "Falhou: número inexistente",
        "Não enviada: uma pessoa assumiu",
    ]
    assert all(item.failed for item in items)


def test_files_keep_their_kind() -> None:
    files = [
        AttachmentView(1, "image/png", 10, "a.png"),
        AttachmentView(2, "application/pdf", 10, "b.pdf"),
    ]
    (_, item) = _items([replace(FROM_MARIA, attachments=files)])
    assert [(file.kind, file.url) for file in item.attachments] == [
        ("image", "/media/1/a.png"),
        ("file", "/media/2/b.pdf"),
    ]


def test_the_unseen_begin_with_the_customers_first_new_message() -> None:
    asked = replace(FROM_MARIA, id=3, seq=3)
    more = replace(FROM_MARIA, id=4, seq=4)
    messages = [FROM_MARIA, FROM_ANA, asked, more]
    assert [item.kind for item in _items(messages, seen_seq=1)] == [
        "day",
        "message",
        "message",
        "unseen",
        "message",
        "message",
    ]
    for seen_seq in (0, 4, NO_DIVIDER):
        assert "unseen" not in [item.kind for item in _items(messages, seen_seq=seen_seq)]


@pytest.mark.parametrize(
    ("message", "can"),
    [
        (FROM_MARIA, "reply copy"),
        (replace(FROM_ANA, author_id=1), "reply copy edit delete"),
        (replace(FROM_ANA, author_id=2), "reply copy"),
        (replace(FROM_ANA, author_id=1, text=""), "reply delete"),
        (replace(FROM_ANA, author_id=1, deleted=True), ""),
        (replace(FROM_ANA, author_id=1, kind="note"), "copy edit delete"),
        (replace(FROM_ANA, delivery="failed"), "resend copy"),
        (replace(FROM_MARIA, edited_at=NOW), "reply copy history"),
        (replace(FROM_ANA, author_kind="bot", author_id=None), "reply copy"),
    ],
)
def test_a_message_offers_what_this_reader_may_do(message: MessageView, can: str) -> None:
    assert _items([message])[1].can == can


def test_a_message_that_may_have_arrived_twice_says_so() -> None:
    (_, item) = _items([replace(FROM_ANA, perhaps_repeated=True)])
    assert item.state_label == "Enviada, talvez repetida"
    assert item.eventful


def test_a_quote_is_short_and_shows_a_picture_and_no_password() -> None:
    picture = AttachmentView(9, "image/png", 10, "tela.png")
    secret = "⟦senha:11111111-1111-4111-8111-111111111111⟧ " + "x" * 500
    quotes = [
        replace(QUOTE, text=secret),
        replace(QUOTE, text="", attachment=picture),
        replace(QUOTE, deleted=True, author_kind="bot"),
    ]
    shown = [_items([replace(FROM_ANA, quote=quote)])[1].quote for quote in quotes]
    assert all(shown)
    long, pictured, deleted = [quote for quote in shown if quote]
    assert long.text.startswith("••••••••")
    assert len(long.text) <= QUOTE_CHARS + 1
    assert (pictured.text, pictured.thumb_url) == ("tela.png", "/media/9/tela.png?small=1")
    assert (deleted.text, deleted.author) == ("Mensagem apagada", "Assistente virtual")


def test_colleagues_who_are_named_stand_out_and_others_do_not() -> None:
    note = replace(
        FROM_ANA,
        kind="note",
        text="@bruno Lima e @Bruno, não @Brunoro: ana@x.br",
        mentions=["Bruno Lima"],
    )
    (_, item) = _items([note])
    assert [part.text for part in item.parts if part.mention] == ["@bruno Lima", "@Bruno"]
    assert "".join(part.text for part in item.parts) == note.text


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((4000, 3000), (320, 240)),
        ((3000, 4000), (240, 320)),
        ((100, 50), (100, 50)),
        ((10, 4000), (LEAST_PIXELS, 320)),
        ((0, 0), (0, 0)),
    ],
)
def test_a_pictures_place_is_kept_in_its_proportions(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert shown_size(*size) == shown


def _items(
    messages: list[MessageView], events: list[Event] | None = None, seen_seq: int = NO_DIVIDER
) -> list[ThreadItem]:
    return thread_items(
        messages,
        events or [],
        {1: "Ana"},
        media_url=lambda media_id, name: f"/media/{media_id}/{name}",
        zone=ZoneInfo("America/Sao_Paulo"),
        now=NOW + timedelta(hours=1),
        viewer_id=1,
        seen_seq=seen_seq,
    )
