"""What the bot and the team send over WhatsApp, and what the Cloud API answers."""

import pytest

from handoff.channels.whatsapp.numbers import forms_of
from tests.fakes.http import Answer
from tests.fakes.rasa import says
from tests.fakes.whatsapp import (
    BAD_GATEWAY,
    EXPIRED,
    GONE,
    NONSENSE,
    NOT_ON_WHATSAPP,
    PAIR_LIMIT,
    TOO_MANY,
    refusal,
    status,
    webhook,
    words_of,
)
from tests.handoff.serving import MAX_UPLOAD_BYTES
from tests.handoff.whatsapp_chat import WhatsAppChat

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)) * 20
PDF = b"%PDF-1.4\n" + b"linha\n" * 50
OGG = b"OggS\x00\x02" + bytes(20) + b"\x01\x1eOpusHead" + bytes(200)


@pytest.fixture
def talking(whatsapp: WhatsAppChat) -> WhatsAppChat:
    """Somebody whom Ana is talking to; what came before is forgotten."""
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    whatsapp.claimed()
    whatsapp.served.whatsapp.sent.clear()
    return whatsapp


@pytest.mark.parametrize(
    ("number", "forms"),
    [
        ("5511987654321", ("5511987654321", "551187654321")),
        ("551187654321", ("551187654321", "5511987654321")),
        ("551133334444", ("551133334444",)),
        ("14155550123", ("14155550123",)),
        ("BR.123", ("BR.123",)),
    ],
)
def test_only_brazilian_mobile_numbers_have_two_forms(number: str, forms: tuple[str, ...]) -> None:
    assert forms_of(number) == forms


def test_a_long_reply_goes_in_parts(whatsapp: WhatsAppChat) -> None:
    whatsapp.served.rasa.turns.append(says("x" * 4096 + "y"))
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    assert whatsapp.got == ["x" * 4096, "y"]


def test_of_a_long_text_only_the_part_that_failed_and_the_rest_go_again(
    whatsapp: WhatsAppChat,
) -> None:
    whatsapp.served.rasa.turns.append(says("a" * 4096 + "b" * 4096 + "c"))
    whatsapp.served.whatsapp.answers += ["", BAD_GATEWAY]
    whatsapp.write("oi")
    whatsapp.served.until(lambda: whatsapp.states() == ["pending"] and len(whatsapp.got) == 1)
    whatsapp.make_due()
    whatsapp.until_states("sent")
    assert whatsapp.got == ["a" * 4096, "b" * 4096, "c"]


def test_of_several_pieces_the_last_one_tells(whatsapp: WhatsAppChat) -> None:
    whatsapp.served.rasa.turns.append(says("a" * 4096 + "b"))
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    first, last = whatsapp.sent
    named = {"biz_opaque_callback_data": first["biz_opaque_callback_data"]}
    whatsapp.tell(first["wamid"], "delivered", **named)
    whatsapp.tell(last["wamid"], "delivered")
    whatsapp.until_states("delivered")


def test_a_piece_that_failed_goes_again_alone_when_the_team_asks_for_it(
    talking: WhatsAppChat,
) -> None:
    message = talking.told("a" * 4096 + "b")
    talking.until_states("sent", "sent")
    first = talking.sent[0]
    named = {"biz_opaque_callback_data": first["biz_opaque_callback_data"]}
    errors = [{"code": 131026, "title": "Message undeliverable"}]
    talking.tell(first["wamid"], "failed", errors=errors, **named)
    talking.until_states("sent", "failed")
    with talking.served.team("ana@demo.ponte") as ana:
        path = f"/conversations/{talking.public_id}/messages/{message.id}/resend"
        assert ana.post(path).status_code == 202
    talking.until_states("sent", "sent")
    assert talking.got == ["a" * 4096, "b", "a" * 4096]
    talking.tell(first["wamid"], "failed", errors=errors, **named)  # delivered once more, late
    talking.tell(talking.sent[1]["wamid"], "read")
    talking.until_states("sent", "read")


def test_a_piece_whose_answer_was_lost_is_known_by_its_status(whatsapp: WhatsAppChat) -> None:
    whatsapp.served.rasa.turns.append(says("a" * 4096 + "b"))
    whatsapp.served.whatsapp.answers.append(GONE)
    whatsapp.write("oi")
    whatsapp.served.until(lambda: whatsapp.states() == ["pending"] and whatsapp.sent)
    sent = whatsapp.sent[0]
    name = sent["biz_opaque_callback_data"]
    told = status(sent["wamid"], "sent", whatsapp.number, biz_opaque_callback_data=name)
    whatsapp.deliver(webhook(told))
    whatsapp.write("mais")
    whatsapp.served.until(lambda: len(whatsapp.heard) == 2)
    whatsapp.make_due()
    whatsapp.until_states("sent", "sent")
    assert whatsapp.got == ["a" * 4096, "b", "re: mais"]


def test_many_replies_go_out_in_order_though_whatsapp_asks_for_patience(
    whatsapp: WhatsAppChat,
) -> None:
    whatsapp.served.rasa.turns.append(says("um", "dois", "três"))
    whatsapp.served.whatsapp.answers += [TOO_MANY, PAIR_LIMIT, BAD_GATEWAY, NONSENSE]

    def sent() -> bool:
        whatsapp.make_due()
        return whatsapp.states() == ["sent"] * 3

    whatsapp.write("oi")
    whatsapp.served.until(sent)
    assert whatsapp.got == ["um", "dois", "três"]


def test_retry_after_is_honoured(whatsapp: WhatsAppChat) -> None:
    busy = refusal(4, "Application request limit reached", 503, Retry_After="120")
    whatsapp.served.whatsapp.answers.append(busy)
    whatsapp.write("oi")
    whatsapp.served.until(lambda: whatsapp.states() == ["pending"] and whatsapp.rows[1].failure)
    row = whatsapp.rows[1]
    assert row.failure == "o WhatsApp pediu para esperar"
    assert row.due_at is not None
    assert (row.due_at - row.created_at).total_seconds() > 100


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (NOT_ON_WHATSAPP, "este número não recebe"),
        (EXPIRED, "o token de acesso não vale mais"),
        (refusal(100, "Invalid parameter"), "o WhatsApp recusou: (#100) Invalid parameter"),
    ],
)
def test_a_refusal_is_shown_with_its_reason_and_holds_nothing_up(
    whatsapp: WhatsAppChat, answer: Answer, reason: str
) -> None:
    whatsapp.served.rasa.turns.append(says("um", "dois"))
    whatsapp.served.whatsapp.answers.append(answer)
    whatsapp.write("oi")
    whatsapp.until_states("failed", "sent")
    assert whatsapp.rows[1].failure.startswith(reason)
    assert whatsapp.got == ["dois"]


def test_a_connection_lost_after_sending_is_tried_again_and_says_so(
    whatsapp: WhatsAppChat,
) -> None:
    whatsapp.served.whatsapp.answers.append(GONE)
    whatsapp.write("oi")
    whatsapp.served.until(lambda: whatsapp.states() == ["pending"] and whatsapp.rows[1].attempts)
    whatsapp.make_due()
    whatsapp.until_states("sent")
    assert whatsapp.got == ["re: oi"] * 2
    assert whatsapp.rows[1].data == {"perhaps_repeated": True}


def offered(whatsapp: WhatsAppChat, *titles: str, text: str = "Escolha:") -> dict[str, object]:
    buttons = [{"title": title, "payload": f"/menu{at}"} for at, title in enumerate(titles)]
    whatsapp.served.rasa.turns.append(says(text, buttons=buttons))
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    return whatsapp.sent[-1]


def test_more_than_three_choices_are_a_list_and_a_row_says_what_was_offered(
    whatsapp: WhatsAppChat,
) -> None:
    long = "Segunda via de um boleto vencido"
    sent = offered(whatsapp, "Boleto", "Nota fiscal", "Acesso", long)
    menu = sent["interactive"]
    assert isinstance(menu, dict)
    assert menu["type"] == "list"
    (section,) = menu["action"]["sections"]
    rows = section["rows"]
    assert [row["title"] for row in rows[:3]] == ["Boleto", "Nota fiscal", "Acesso"]
    assert (len(rows[3]["title"]), rows[3]["description"]) == (24, long)
    assert len(menu["action"]["button"]) <= 20
    whatsapp.press(rows[3]["id"], rows[3]["title"], "list_reply")
    whatsapp.until_states("sent", "sent")
    assert whatsapp.served.rasa.texts[-1] == "/menu3"
    assert whatsapp.heard[-1] == long


def test_a_title_too_long_for_a_button_makes_a_list(whatsapp: WhatsAppChat) -> None:
    sent = offered(whatsapp, "Sim", "Falar com uma pessoa agora")
    menu = sent["interactive"]
    assert isinstance(menu, dict)
    assert menu["type"] == "list"


def test_a_menu_longer_than_a_list_is_written(whatsapp: WhatsAppChat) -> None:
    sent = offered(whatsapp, *[f"Opção {number}" for number in range(11)])
    assert sent["type"] == "text"
    assert words_of(sent).splitlines()[-1] == "• Opção 10"


def test_a_long_text_with_buttons_has_them_under_its_end(whatsapp: WhatsAppChat) -> None:
    offered(whatsapp, "Sim", "Não", text="palavra " * 300)
    assert [body["type"] for body in whatsapp.sent] == ["text", "text", "interactive"][-3:]
    assert all(len(text) <= 1024 for text in whatsapp.got[1:])


def test_a_quote_is_a_quote_at_whatsapp(talking: WhatsAppChat) -> None:
    asked = talking.rows[0]
    talking.told("sobre isto", reply_to=asked.id)
    talking.until_states("sent", "sent")
    assert talking.sent[0]["context"] == {"message_id": asked.provider_id}


def test_what_quotes_something_too_old_goes_without_the_quote(talking: WhatsAppChat) -> None:
    talking.served.whatsapp.answers.append(refusal(131009, "Parameter value is not valid"))
    talking.told("sobre isto", reply_to=talking.rows[0].id)
    talking.until_states("sent", "sent")
    assert [("context" in body, words_of(body)) for body in talking.sent] == [(False, "sobre isto")]


@pytest.mark.parametrize(
    ("name", "data", "kind", "words", "mime"),
    [
        ("tela.jpg", JPEG, "image", "caption", "image/jpeg"),
        ("boleto.pdf", PDF, "document", "caption", "application/pdf"),
        ("recado.ogg", OGG, "audio", "before", "audio/ogg"),
    ],
)
def test_a_file_is_uploaded_and_goes_by_its_id(
    talking: WhatsAppChat, name: str, data: bytes, kind: str, words: str, mime: str
) -> None:
    talking.told("segue em anexo", (name, data))
    talking.until_states("sent", "sent")
    *before, sent = talking.sent
    assert (sent["type"], len(before)) == (kind, 1 if words == "before" else 0)
    assert talking.got[0] == "segue em anexo"
    assert talking.served.whatsapp.uploads[sent[kind]["id"]] == (name, mime, data)
    if kind == "document":
        assert sent["document"]["filename"] == name


def test_a_file_that_whatsapp_refuses_fails_with_its_reason(talking: WhatsAppChat) -> None:
    talking.served.whatsapp.answers.append(refusal(131053, "Media upload error"))
    talking.told("segue", ("a.pdf", PDF))
    talking.until_states("sent", "failed")
    assert talking.rows[-1].failure == "o WhatsApp não aceita este arquivo"


def test_an_edit_is_told_to_be_impossible(talking: WhatsAppChat) -> None:
    message = talking.told("bom dai")
    talking.until_states("sent", "sent")
    with talking.served.team("ana@demo.ponte") as team:
        path = f"/conversations/{talking.public_id}/messages/{message.id}"
        assert team.patch(path, json={"text": "bom dia"}).status_code == 200
    talking.served.until(lambda: talking.rows[-1].failure)
    assert "não deixa editar" in talking.rows[-1].failure


def picture(whatsapp: WhatsAppChat, media_id: str, data: bytes, **more: object) -> None:
    whatsapp.served.whatsapp.files[media_id] = data
    image = {"id": media_id, "mime_type": "image/jpeg", "sha256": "x", **more}
    whatsapp.write(type="image", image=image)


def test_a_picture_is_fetched_with_its_caption(whatsapp: WhatsAppChat) -> None:
    whatsapp.served.whatsapp.file_answers += [BAD_GATEWAY, None]
    picture(whatsapp, "m1", JPEG, caption="a tela")
    whatsapp.until_states("sent")
    (post,) = [post for post in whatsapp.served.rasa.posts if post.text == "a tela"][-1:]
    (attachment,) = post.metadata["attachments"]
    assert (attachment["name"], attachment["mime"]) == ("foto.jpg", "image/jpeg")


def test_documents_voices_and_stickers_are_fetched_by_their_names(whatsapp: WhatsAppChat) -> None:
    files = whatsapp.served.whatsapp.files
    files |= {"d1": PDF, "a1": OGG}
    document = {"id": "d1", "mime_type": "application/pdf", "filename": "boleto de maio.pdf"}
    whatsapp.write(type="document", document=document)
    voice = {"id": "a1", "mime_type": "audio/ogg; codecs=opus", "voice": True}
    whatsapp.write(type="audio", audio=voice)
    whatsapp.until_states("sent", "sent")
    ids = {row.id for row in whatsapp.rows}
    posts = [post for post in whatsapp.served.rasa.posts if post.metadata["message_id"] in ids]
    names = [post.metadata["attachments"][0]["name"] for post in posts]
    assert names == ["boleto de maio.pdf", "audio.ogg"]


@pytest.mark.parametrize("why", ["gone", "too large", "elsewhere"])
def test_a_file_that_cannot_be_had_is_said_to_both_sides(whatsapp: WhatsAppChat, why: str) -> None:
    if why == "elsewhere":
        whatsapp.served.whatsapp.file_host = "https://example.com"
    picture(
        whatsapp,
        f"m-{why}",
        JPEG * (MAX_UPLOAD_BYTES // len(JPEG) + 1 if why == "too large" else 1),
    )
    if why == "gone":
        del whatsapp.served.whatsapp.files[f"m-{why}"]
    whatsapp.served.until(lambda: any("foto.jpg" in text for text in whatsapp.heard))


def test_free_words_to_a_closed_window_are_not_sent_blindly(talking: WhatsAppChat) -> None:
    talking.served.whatsapp.answers.append(BAD_GATEWAY)
    talking.told("ainda aí?")
    talking.served.until(lambda: talking.states() == ["sent", "pending"])
    talking.close_window()
    talking.make_due()
    talking.until_states("sent", "failed")
    assert "24 horas" in talking.rows[-1].failure
    assert talking.sent == []
