"""What the team and the bot send over Telegram: files, long texts, quotes, edits."""

from typing import Any

import pytest

from tests.fakes.rasa import says
from tests.fakes.telegram import (
    BAD_GATEWAY,
    BLOCKED,
    GONE,
    NOT_MODIFIED,
    TOO_MANY,
    refusal,
    words_of,
)
from tests.handoff.telegram_chat import Chat

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)) * 20
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"
PDF = b"%PDF-1.4\n" + b"linha\n" * 50
OGG = b"OggS\x00\x02" + bytes(20) + b"\x01\x1eOpusHead" + bytes(200)


@pytest.fixture
def talking(chat: Chat) -> Chat:
    """Somebody whom Ana is talking to; what came before is forgotten."""
    chat.write("oi")
    chat.until_states("sent")
    chat.claimed()
    chat.served.telegram.sent.clear()
    chat.served.telegram.calls.clear()
    return chat


def until_sent(chat: Chat, count: int = 2) -> None:
    chat.until_states(*["sent"] * count)


def edits(chat: Chat) -> list[dict[str, Any]]:
    return [
        body for body in chat.served.telegram.calls if str(body["chat_id"]) == str(chat.user_id)
    ]


@pytest.mark.parametrize(
    ("name", "data", "method"),
    [
        ("tela.jpg", JPEG, "sendPhoto"),
        ("tela.png", PNG, "sendPhoto"),
        ("boleto.pdf", PDF, "sendDocument"),
        ("recado.ogg", OGG, "sendVoice"),
        ("dados.csv", b"a;b\n1;2\n", "sendDocument"),
    ],
)
def test_a_file_goes_as_what_it_is_with_its_words_as_caption(
    talking: Chat, name: str, data: bytes, method: str
) -> None:
    talking.told("segue em anexo", (name, data))
    until_sent(talking)
    (sent,) = talking.sent
    assert (sent["method"], sent["caption"]) == (method, "segue em anexo")
    assert list(sent["files"].values()) == [(name, data)]


def test_pictures_go_as_one_album_and_other_files_after_them(talking: Chat) -> None:
    talking.told("tudo aqui", ("1.jpg", JPEG), ("2.png", PNG), ("a.pdf", PDF))
    until_sent(talking)
    album, alone = talking.sent
    assert album["method"] == "sendMediaGroup"
    assert [each["type"] for each in album["media"]] == ["photo", "photo"]
    assert [each.get("caption") for each in album["media"]] == ["tudo aqui", None]
    assert [album["files"][each["media"].removeprefix("attach://")] for each in album["media"]] == [
        ("1.jpg", JPEG),
        ("2.png", PNG),
    ]
    assert (alone["method"], "caption" in alone) == ("sendDocument", False)


def test_words_too_long_for_a_caption_go_before_the_file(talking: Chat) -> None:
    talking.told("palavra " * 200, ("a.pdf", PDF))
    until_sent(talking)
    assert [body["method"] for body in talking.sent] == ["sendMessage", "sendDocument"]


def test_a_picture_that_is_none_for_telegram_goes_as_a_file(talking: Chat) -> None:
    talking.served.telegram.answers.append(refusal("Bad Request: PHOTO_INVALID_DIMENSIONS"))
    talking.told("", ("tira.jpg", JPEG))
    until_sent(talking)
    assert [body["method"] for body in talking.sent] == ["sendDocument"]


def test_of_a_long_text_only_the_part_that_failed_and_the_rest_go_again(chat: Chat) -> None:
    text = "\n".join(f"linha {number} " + "x" * 80 for number in range(150))
    chat.served.rasa.turns.append(says(text))
    chat.served.telegram.answers += ["", BAD_GATEWAY]
    chat.write("oi")
    chat.served.until(lambda: chat.states() == ["pending"] and len(chat.got) == 1)
    chat.make_due()
    chat.until_states("sent")
    assert len(chat.got) > 2
    assert "".join(part.replace("\n", "") for part in chat.got) == text.replace("\n", "")
    assert len(set(chat.got)) == len(chat.got)
    assert max(len(part) for part in chat.got) <= 4096


def test_each_part_of_a_long_text_has_all_its_tries(chat: Chat) -> None:
    chat.served.rasa.turns.append(says("x" * 4096 * 3))
    for _ in range(3):
        chat.served.telegram.answers += [*[TOO_MANY] * 6, ""]
    chat.write("oi")

    def sent() -> bool:
        chat.make_due()
        return chat.states() == ["sent"]

    chat.served.until(sent)
    assert chat.got == ["x" * 4096] * 3


def test_of_several_files_those_that_went_do_not_go_again(talking: Chat) -> None:
    talking.served.telegram.answers += ["", BAD_GATEWAY]
    talking.told("dois", ("a.pdf", PDF), ("recado.ogg", OGG))
    talking.served.until(lambda: talking.states() == ["sent", "pending"] and len(talking.sent) == 1)
    talking.make_due()
    until_sent(talking)
    assert [body["method"] for body in talking.sent] == ["sendDocument", "sendVoice"]


def test_emoji_count_as_telegram_counts_them(chat: Chat) -> None:
    chat.served.rasa.turns.append(says("👍" * 3000))
    chat.write("oi")
    chat.until_states("sent")
    assert chat.got == ["👍" * 2048, "👍" * 952]


def test_a_quote_is_a_quote_in_telegram(talking: Chat) -> None:
    asked = talking.heard[0]
    talking.told("sobre isto", reply_to=asked.id)
    until_sent(talking)
    assert talking.sent[0]["reply_parameters"] == {
        "message_id": int(asked.provider_id or 0),
        "allow_sending_without_reply": True,
    }


def test_an_edit_of_the_team_changes_the_message_there(talking: Chat) -> None:
    message = talking.told("bom dai")
    until_sent(talking)
    talking.served.telegram.answers += [TOO_MANY]
    talking.retold(message, "bom dia")
    talking.served.until(lambda: edits(talking))
    provider_id = int(talking.rows[-1].provider_id or 0)
    assert edits(talking) == [
        {
            "method": "editMessageText",
            "chat_id": str(talking.user_id),
            "message_id": provider_id,
            "text": "bom dia",
        }
    ]
    assert talking.got == ["bom dai"]


def test_a_caption_is_edited_as_a_caption(talking: Chat) -> None:
    message = talking.told("a tela", ("1.jpg", JPEG), ("2.png", PNG))
    until_sent(talking)
    talking.served.telegram.answers += [NOT_MODIFIED]
    talking.retold(message, "as telas")
    talking.served.until(lambda: talking.served.telegram.answers == [])
    talking.retold(message, "as duas telas")
    talking.served.until(lambda: edits(talking))
    (edit,) = edits(talking)
    assert (edit["method"], edit["caption"]) == ("editMessageCaption", "as duas telas")
    assert talking.rows[-1].failure == ""


def test_an_edit_of_a_long_text_changes_its_parts_and_sends_or_takes_back_the_rest(
    talking: Chat,
) -> None:
    message = talking.told("a" * 5000)
    until_sent(talking)
    talking.retold(message, "b" * 9000)
    talking.served.until(lambda: len(talking.got) == 3)
    assert [body["text"] for body in edits(talking)] == ["b" * 4096, "b" * 4096]
    talking.retold(message, "curta")
    talking.served.until(lambda: len(edits(talking)) == 5)
    assert [body["method"] for body in edits(talking)[2:]] == [
        "editMessageText",
        "deleteMessage",
        "deleteMessage",
    ]


def test_what_is_edited_before_it_left_leaves_in_its_new_words_alone(talking: Chat) -> None:
    talking.served.telegram.answers += [TOO_MANY]
    message = talking.told("errado")
    talking.served.until(lambda: talking.rows[-1].failure)
    talking.retold(message, "certo")
    talking.make_due()
    until_sent(talking)
    assert (talking.got, edits(talking)) == (["certo"], [])


def test_an_edit_that_telegram_refuses_is_shown_with_its_reason(talking: Chat) -> None:
    message = talking.told("bom dai")
    until_sent(talking)
    talking.served.telegram.answers += [refusal("Bad Request: message can't be edited")]
    talking.retold(message, "bom dia")
    talking.served.until(lambda: talking.rows[-1].failure)
    assert talking.rows[-1].failure == (
        "a edição não chegou ao cliente (o Telegram não deixa mais editar esta mensagem)"
    )
    assert talking.rows[-1].state == "sent"


def test_who_blocked_the_bot_gets_no_file_and_the_team_reads_why(talking: Chat) -> None:
    talking.served.telegram.answers += [BLOCKED]
    talking.told("segue", ("a.pdf", PDF))
    talking.until_states("sent", "failed")
    assert talking.rows[-1].failure == "a pessoa bloqueou o bot no Telegram"


def test_a_file_whose_answer_was_lost_goes_once_more_and_says_so(talking: Chat) -> None:
    talking.served.telegram.answers += [GONE]
    talking.told("segue", ("a.pdf", PDF))
    talking.served.until(lambda: talking.states() == ["sent", "pending"])
    talking.make_due()
    until_sent(talking)
    assert [words_of(body) for body in talking.sent] == ["segue", "segue"]
    assert talking.rows[-1].data == {"perhaps_repeated": True}


def test_a_slow_upload_holds_up_no_other_chat(talking: Chat) -> None:
    talking.served.telegram.slow.add(str(talking.user_id))
    talking.told("segue", ("a.pdf", PDF))
    talking.served.until(lambda: talking.states() == ["sent", "sending"])
    other = Chat(talking.served, talking.client)
    other.write("oi")
    other.until_states("sent")
    assert talking.states() == ["sent", "sending"]
    talking.served.telegram.slow.clear()
    until_sent(talking)


def test_what_failed_goes_out_when_somebody_of_the_team_sends_it_again(talking: Chat) -> None:
    talking.served.telegram.answers.append(BLOCKED)
    talking.told("um momento")
    talking.until_states("sent", "failed")
    failed = talking.rows[-1]
    with talking.served.team("ana@demo.ponte") as ana:
        path = f"/conversations/{talking.public_id}/messages/{failed.id}/resend"
        assert ana.post(path, json={}).status_code == 202
        until_sent(talking)
        assert ana.post(path, json={}).status_code == 409
    assert talking.got == ["um momento"]
