"""Files, albums, quotes and edits that customers send over Telegram, against a fake Bot API."""

import itertools
from typing import Any

import pytest

from desk.media.fetching import PATIENT_ATTEMPTS
from tests.fakes.http import Answer
from tests.fakes.telegram import BAD_GATEWAY, TOO_MANY, document, edited, photo, refusal
from tests.handoff.serving import MAX_UPLOAD_BYTES
from tests.handoff.telegram_chat import Chat

names = itertools.count(1)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)) * 20
PDF = b"%PDF-1.4\n" + b"linha\n" * 50


def a_file(chat: Chat, data: bytes = JPEG) -> str:
    """A file that Telegram has; gives its id."""
    file_id = f"file{next(names)}"
    chat.served.telegram.files[file_id] = data
    return file_id


def test_a_photo_with_a_caption_is_one_turn_with_its_original_bytes(chat: Chat) -> None:
    chat.send(caption="a tela do erro", **photo(a_file(chat)))
    (message,) = chat.until_worked(1)
    assert message.text == "a tela do erro"
    assert chat.files(message) == [("foto.jpg", "image/jpeg", JPEG)]
    assert chat.posts() == [("a tela do erro", ["foto.jpg"])]
    chat.until_states("sent")


def test_a_file_before_any_word_is_a_turn_of_its_own(chat: Chat) -> None:
    chat.send(**document(a_file(chat, PDF), "nota fiscal.pdf"))
    (message,) = chat.until_worked(1)
    assert (message.text, message.media_count) == ("", 1)
    assert chat.posts() == [("/send_media", ["nota fiscal.pdf"])]


OGG = b"OggS" + bytes(200)
KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "video": ({"video": {"file_name": "IMG_1.MOV"}}, "IMG_1.MOV"),
    "video without a name": ({"video": {}}, "video.mp4"),
    "round video": ({"video_note": {}}, "video.mp4"),
    "voice": ({"voice": {"mime_type": "audio/ogg"}}, "audio.ogg"),
    "song": ({"audio": {"file_name": "hino.mp3"}}, "hino.mp3"),
    "animation": ({"animation": {"file_name": "g.mp4"}, "document": {"file_name": "x"}}, "g.mp4"),
    "sticker": ({"sticker": {"is_animated": False, "is_video": False}}, "figurinha.webp"),
    "moving sticker": ({"sticker": {"is_video": True}}, "figurinha.webm"),
    "a path for a name": ({"document": {"file_name": "../../etc/passwd"}}, "passwd"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_kept(chat: Chat, kind: str) -> None:
    content, name = KINDS[kind]
    file_id = a_file(chat, OGG + kind.encode())
    chat.send(**{each: {"file_id": file_id, **facts} for each, facts in content.items()})
    (message,) = chat.until_worked(1)
    ((kept, _, data),) = chat.files(message)
    assert (kept, data) == (name, OGG + kind.encode())


THINGS: dict[str, tuple[dict[str, Any], str]] = {
    "contact": (
        {"contact": {"first_name": "Zé", "phone_number": "+5511999990000"}},
        "[contato: Zé, +5511999990000]",
    ),
    "place": ({"location": {"latitude": -23.5, "longitude": -46.6}}, "[localização: -23.5, -46.6]"),
    "poll": (
        {"poll": {"question": "Qual?", "options": [{"text": "a"}, {"text": "b"}]}},
        "[enquete: Qual? (a; b)]",
    ),
    "dice": ({"dice": {"value": 3}}, "[mensagem que este canal ainda não sabe mostrar]"),
}


@pytest.mark.parametrize("thing", THINGS)
def test_what_is_no_file_is_told_in_words(chat: Chat, thing: str) -> None:
    content, words = THINGS[thing]
    chat.send(**content)
    assert [row.text for row in chat.until_worked(1)] == [words]


def test_what_telegram_itself_notes_is_nobodys_message(chat: Chat) -> None:
    chat.send(pinned_message={"message_id": 1})
    chat.write("oi")
    assert [row.text for row in chat.until_worked(1)] == ["oi"]


def test_a_turn_waits_for_its_file_and_what_was_written_after_it_waits_too(chat: Chat) -> None:
    file_id = a_file(chat)
    chat.served.telegram.held.add(file_id)
    chat.send(caption="olha a foto", **photo(file_id))
    chat.write("deu para ver?")
    chat.served.until(lambda: len(chat.heard) == 2)
    other = Chat(chat.served, chat.client)
    other.write("oi")
    other.until_worked(1)  # nobody else waits
    assert [row.state for row in chat.heard] == ["received", "received"]
    assert chat.posts() == []
    chat.served.telegram.held.clear()
    chat.until_worked(2)
    assert chat.posts() == [("olha a foto", ["foto.jpg"]), ("deu para ver?", [])]
    assert [row.seq for row in chat.heard] == [1, 2]


def test_an_album_is_one_turn_whatever_the_order_of_its_pieces(chat: Chat) -> None:
    ids = [a_file(chat, JPEG + bytes([number])) for number in range(3)]
    pieces = [
        chat.numbered(50 + number, media_group_id="g1", **photo(file_id))
        for number, file_id in enumerate(ids)
    ]
    pieces[0]["message"]["caption"] = "as três telas"
    for piece in (pieces[2], pieces[0], pieces[1], pieces[2]):
        assert chat.deliver(piece).status_code == 200
    (message,) = chat.until_worked(1)
    assert message.text == "as três telas"
    assert [data for _, _, data in chat.files(message)] == [JPEG + bytes([n]) for n in range(3)]
    assert chat.posts() == [("as três telas", ["foto.jpg"] * 3)]
    for piece in pieces:
        chat.deliver(piece)
    chat.deliver(chat.numbered(60, text="e agora?"))
    chat.until_worked(2)
    assert chat.posts()[1:] == [("e agora?", [])]


def test_a_piece_that_comes_after_its_albums_turn_is_a_message_by_itself(chat: Chat) -> None:
    chat.deliver(chat.numbered(1, media_group_id="g", **photo(a_file(chat))))
    chat.until_worked(1)
    for number in (2, 3):
        chat.deliver(chat.numbered(number, media_group_id="g", **photo(a_file(chat))))
    chat.until_worked(3)
    assert [names for _, names in chat.posts()] == [["foto.jpg"]] * 3


def test_two_albums_at_once_are_two_messages(chat: Chat) -> None:
    for number in range(6):
        album = {"media_group_id": f"g{number % 2}"}
        chat.deliver(chat.numbered(number + 1, **album, **photo(a_file(chat))))
    chat.until_worked(2)
    assert [len(names) for _, names in chat.posts()] == [3, 3]


def test_a_file_is_tried_again_until_it_is_whole(chat: Chat) -> None:
    file_id = a_file(chat, PDF)
    cut = Answer(PDF, cut_after=10)
    chat.served.telegram.file_answers += [
        BAD_GATEWAY,
        TOO_MANY,
        None,
        cut,
        None,
        Answer(status=404),
    ]
    chat.send(**document(file_id, "a.pdf"))
    for _ in range(4):
        chat.served.until(lambda: not chat.fetches() or chat.served.telegram.file_answers == [])
        chat.make_fetches_due()
    (message,) = chat.until_worked(1)
    assert chat.files(message) == [("a.pdf", "application/pdf", PDF)]


@pytest.mark.parametrize(
    ("answers", "size", "reason"),
    [
        (
            [refusal("Bad Request: file is too big")],
            100,
            "passa de 20 MB, o máximo que o Telegram entrega a assistentes",
        ),
        ([], 30 * 1024 * 1024, f"passa do limite de {MAX_UPLOAD_BYTES} bytes"),
    ],
    ids=["too big for bots", "too big for us"],
)
def test_a_file_that_cannot_be_had_is_said_to_both_sides(
    chat: Chat, answers: list[Answer], size: int, reason: str
) -> None:
    chat.served.telegram.file_answers += answers
    chat.send(caption="segue o vídeo", **document(a_file(chat), "filme.mp4", size))

    def ended() -> bool:
        chat.make_fetches_due()
        return [row.state for row in chat.heard] == ["done"]

    chat.served.until(ended, "the end of the tries")
    (message,) = chat.heard
    assert message.text == f"segue o vídeo\n[O arquivo “filme.mp4” não chegou: {reason}.]"
    assert chat.posts() == [("segue o vídeo", [])]
    chat.until_states("sent", "sent")
    assert "filme.mp4" in chat.got[0]
    assert reason in chat.got[0]
    assert chat.got[1] == "re: segue o vídeo"


def test_a_file_that_keeps_everybody_waiting_joins_its_message_when_it_comes(chat: Chat) -> None:
    chat.served.telegram.file_answers += [BAD_GATEWAY] * (PATIENT_ATTEMPTS + 2)
    chat.send(caption="segue o laudo", **document(a_file(chat, PDF), "laudo.pdf"))

    def ended() -> bool:
        chat.make_fetches_due()
        return [row.state for row in chat.heard] == ["done"]

    chat.served.until(ended, "the end of the patience")
    assert chat.heard[0].text == "segue o laudo\n[O arquivo “laudo.pdf” ainda não chegou.]"
    assert chat.posts() == [("segue o laudo", [])]
    chat.until_states("sent", "sent")
    assert "laudo.pdf" in chat.got[0]

    def came() -> bool:
        chat.make_fetches_due()
        return chat.heard[0].media_count == 1

    chat.served.until(came, "the file")
    (message,) = chat.heard
    assert message.text == "segue o laudo"
    assert chat.files(message) == [("laudo.pdf", "application/pdf", PDF)]
    assert len(chat.posts()) == 1
    assert chat.states() == ["sent", "sent"]


def test_a_file_that_grows_on_the_way_is_not_swallowed_whole(chat: Chat) -> None:
    chat.served.telegram.file_answers += [
        None,
        Answer(b"x" * (MAX_UPLOAD_BYTES * 3)),
    ]
    chat.send(**document(a_file(chat), "log.txt"))
    (message,) = chat.until_worked(1)
    assert "não chegou: passa do limite" in message.text
    assert chat.files(message) == []


def test_an_album_of_which_one_file_is_missing_keeps_the_others(chat: Chat) -> None:
    large = document(a_file(chat), "grande.bin", MAX_UPLOAD_BYTES + 1)
    chat.deliver(chat.numbered(1, media_group_id="g", **document(a_file(chat, PDF), "a.pdf")))
    chat.deliver(chat.numbered(2, media_group_id="g", **large))
    chat.deliver(chat.numbered(3, media_group_id="g", **document(a_file(chat, PDF), "b.pdf")))
    (message,) = chat.until_worked(1)
    assert [name for name, _, _ in chat.files(message)] == ["a.pdf", "b.pdf"]
    assert "grande.bin" in message.text
    assert chat.posts() == [("/send_media", ["a.pdf", "b.pdf"])]


def test_an_empty_file_is_told_as_such(chat: Chat) -> None:
    chat.send(**document(a_file(chat, b""), "vazio.txt"))
    (message,) = chat.until_worked(1)
    assert message.text == "[O arquivo “vazio.txt” não chegou: veio vazio.]"


def test_a_quote_finds_the_message_it_quotes(chat: Chat) -> None:
    first = chat.write("oi")
    chat.until_states("sent")
    own, bots = chat.rows
    chat.write("sobre o meu", reply_to_message={"message_id": first["message"]["message_id"]})
    chat.write("sobre a sua", reply_to_message={"message_id": int(bots.provider_id or 0)})
    chat.write("sobre outra", reply_to_message={"message_id": 987654})
    quotes = {row.text: row.reply_to_id for row in chat.until_worked(4)}
    assert quotes == {
        "oi": None,
        "sobre o meu": own.id,
        "sobre a sua": bots.id,
        "sobre outra": None,
    }


def test_any_piece_of_an_album_may_be_quoted(chat: Chat) -> None:
    for number in (1, 2):
        chat.deliver(chat.numbered(number, media_group_id="g", **photo(a_file(chat))))
    (album,) = chat.until_worked(1)
    chat.deliver(chat.numbered(9, text="esta aqui", reply_to_message={"message_id": 2}))
    assert chat.until_worked(2)[1].reply_to_id == album.id


def test_an_edit_changes_the_message_and_is_no_new_turn(chat: Chat) -> None:
    sent = chat.write("meu cnpj é 1")
    chat.until_worked(1)
    for _ in range(2):
        chat.deliver(edited(sent, text="meu cnpj é 11.222.333/0001-81"))
    chat.write("mais")
    messages = chat.until_worked(2)
    assert [row.text for row in messages] == ["meu cnpj é 11.222.333/0001-81", "mais"]
    assert messages[0].edited_at is not None
    assert [text for text, _ in chat.posts()] == ["meu cnpj é 1", "mais"]


def test_a_caption_may_be_edited_while_the_file_is_on_its_way_and_taken_away(chat: Chat) -> None:
    file_id = a_file(chat)
    chat.served.telegram.held.add(file_id)
    sent = chat.send(caption="olha isso aqi", **photo(file_id))
    chat.deliver(edited(sent, caption="olha isso aqui"))
    chat.served.until(lambda: chat.heard and chat.heard[0].edited_at)
    chat.served.telegram.held.clear()
    chat.until_worked(1)
    assert chat.posts() == [("olha isso aqui", ["foto.jpg"])]
    bare = edited(sent)
    del bare["edited_message"]["caption"]
    chat.deliver(bare)
    chat.served.until(lambda: chat.heard[0].text == "")


def test_an_edit_of_what_never_came_is_taken_as_new(chat: Chat) -> None:
    chat.deliver(edited(chat.numbered(5, text="oi, corrigido")))
    assert [row.text for row in chat.until_worked(1)] == ["oi, corrigido"]
    chat.deliver(chat.numbered(5, text="oi"))
    chat.deliver(edited(chat.numbered(6, location={"latitude": 1.0, "longitude": 2.0})))
    chat.write("mais")
    assert [row.text for row in chat.until_worked(2)] == ["oi, corrigido", "mais"]


def test_a_person_of_the_team_sees_a_file_as_soon_as_it_is_here(chat: Chat) -> None:
    chat.write("oi")
    chat.until_worked(1)
    chat.claimed()
    chat.send(caption="segue", **photo(a_file(chat)))
    message = chat.until_worked(2)[1]
    with chat.served.team("ana@demo.ponte") as team:
        public_id = team.get("/conversations").json()["conversations"]
        shown = [
            each
            for row in public_id
            for each in team.get(f"/conversations/{row['id']}/messages").json()["messages"]
            if each["id"] == message.id
        ]
    assert [(each["text"], len(each["attachments"])) for each in shown] == [("segue", 1)]
