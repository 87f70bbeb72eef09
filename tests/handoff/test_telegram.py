"""Telegram end to end: webhooks in, ``sendMessage`` out, against a fake Bot API server."""

from typing import Any

import pytest
from sqlalchemy import select

from desk.channels.tables import Receipt
from desk.contacts.tables import Contact, ContactAlias
from tests.fakes.rasa import says
from tests.fakes.telegram import BAD_GATEWAY, BLOCKED, GONE, NONSENSE, TOO_MANY, update
from tests.handoff.serving import WEBHOOK_SECRET, Served
from tests.handoff.telegram_chat import PATH, Chat


def receipts(served: Served) -> list[Receipt]:
    async def read() -> list[Receipt]:
        async with served.database.reading() as session:
            return list((await session.execute(select(Receipt).order_by(Receipt.id))).scalars())

    return served.call(read())


def test_a_message_is_answered_in_its_chat_and_its_person_is_known_by_name(chat: Chat) -> None:
    chat.write("oi")
    chat.until_states("sent")
    assert chat.got == ["re: oi"]
    assert chat.rows[1].provider_id

    async def contact() -> Contact:
        async with chat.served.database.reading() as session:
            query = (
                select(Contact)
                .join(ContactAlias, ContactAlias.contact_id == Contact.id)
                .where(ContactAlias.value == str(chat.user_id))
            )
            return (await session.execute(query)).scalar_one()

    assert chat.served.call(contact()).name == "Maria Souza"


def test_a_webhook_that_is_delivered_again_changes_nothing(chat: Chat) -> None:
    sent = chat.write("oi")
    chat.until_states("sent")
    for _ in range(3):
        assert chat.deliver(sent).status_code == 200
    chat.write("mais")
    chat.until_states("sent", "sent")
    assert chat.got == ["re: oi", "re: mais"]
    assert [row.text for row in chat.rows if row.direction == "in"] == ["oi", "mais"]


@pytest.mark.parametrize("secret", ["", "errado", "é", WEBHOOK_SECRET + "x"])
def test_a_webhook_without_the_secret_is_refused_and_not_kept(chat: Chat, secret: str) -> None:
    before = len(receipts(chat.served))
    answer = chat.client.post(
        PATH,
        json=update("oi", 1, chat.user_id),
        headers=[(b"X-Telegram-Bot-Api-Secret-Token", secret.encode())],
    )
    assert answer.status_code == 401
    assert len(receipts(chat.served)) == before
    assert chat.rows == []


def test_a_channel_that_is_not_ours_is_not_found(chat: Chat) -> None:
    for path in ("/channels/telegram/outro", "/channels/nenhum/equipe"):
        answer = chat.client.post(
            path, json={}, headers={"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
        )
        assert answer.status_code == 404


UNREADABLE: dict[str, Any] = {
    "no JSON": b"\xff\xfe not json",
    "no object": [1, 2],
    "nothing in it": {"message": {}},
    "no sender": {"message": {"message_id": 1, "chat": {"id": 1, "type": "private"}}},
    "deep": b'{"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "an endless chat": b'{"message": {"message_id": ' + b"9" * 5000 + b"}}",
    "a message of control characters": update("\x00\x07", 1, 1),
}


def test_a_body_that_cannot_be_read_is_kept_and_holds_nobody_up(chat: Chat) -> None:
    known = {receipt.id for receipt in receipts(chat.served)}
    for body in UNREADABLE.values():
        assert chat.deliver(body).status_code == 200
    chat.write("oi")
    chat.until_states("sent")
    kept = [each for each in receipts(chat.served) if each.id not in known]
    states = dict(zip([*UNREADABLE, "oi"], [each.state for each in kept], strict=True))
    assert states == dict.fromkeys(UNREADABLE, "failed") | {"oi": "done"}
    assert kept[0].body == UNREADABLE["no JSON"]
    assert all(each.error for each in kept[:-1])


def test_odd_characters_and_other_kinds_of_update_are_no_trouble(chat: Chat) -> None:
    sender = {"id": chat.user_id, "first_name": "Ma\x00ria \ud83d", "last_name": None}
    chat.deliver({"update_id": 1, "edited_message": {"message_id": 1}})
    chat.deliver({"update_id": 2, "my_chat_member": {}})
    chat.write("a\x00b \ud83d", **{"from": sender})
    chat.until_states("sent")
    assert chat.rows[0].text == "ab"


def test_a_group_is_not_a_customer(chat: Chat) -> None:
    chat.write("oi, grupo", chat={"id": -100, "type": "supergroup"})
    chat.write("oi")
    chat.until_states("sent")
    assert [row.text for row in chat.rows if row.direction == "in"] == ["oi"]


def test_many_replies_go_out_in_order_though_the_provider_asks_for_patience(chat: Chat) -> None:
    chat.served.rasa.turns.append(says("um", "dois", "três"))
    chat.served.telegram.answers += [TOO_MANY, BAD_GATEWAY]
    chat.write("oi")
    chat.served.until(lambda: chat.states() == ["pending"] * 3 and bool(chat.rows[1].failure))
    assert chat.rows[1].failure == "o Telegram pediu para esperar"
    chat.served.until(lambda: chat.rows[1].attempts == 2)
    chat.served.until(lambda: chat.states()[0] == "pending")
    chat.make_due()
    chat.until_states("sent", "sent", "sent")
    assert chat.got == ["um", "dois", "três"]
    assert [row.data for row in chat.rows[1:]] == [{}, {}, {}]


def test_who_blocked_the_bot_is_shown_as_the_reason(chat: Chat) -> None:
    chat.served.rasa.turns.append(says("um", "dois"))
    chat.served.telegram.answers.append(BLOCKED)
    chat.write("oi")
    chat.until_states("failed", "sent")
    assert chat.rows[1].failure == "a pessoa bloqueou o bot no Telegram"


def test_an_answer_that_nobody_foresaw_is_tried_again(chat: Chat) -> None:
    chat.served.telegram.answers.append(NONSENSE)
    chat.write("oi")
    chat.served.until(lambda: chat.states() == ["pending"] and chat.rows[1].attempts == 1)
    chat.make_due()
    chat.until_states("sent")
    assert chat.got == ["re: oi"]


def test_a_connection_lost_after_sending_is_tried_again(chat: Chat) -> None:
    chat.served.telegram.answers.append(GONE)
    chat.write("oi")
    chat.served.until(lambda: chat.states() == ["pending"] and chat.rows[1].attempts == 1)
    chat.make_due()
    chat.until_states("sent")
    assert chat.got == ["re: oi"] * 2


def test_a_pressed_button_says_what_the_bot_offered(chat: Chat) -> None:
    buttons = [{"title": "Sim", "payload": "/affirm"}, {"title": "Não", "payload": "/deny"}]
    chat.served.rasa.turns.append(says("Certo?", buttons=buttons))
    chat.write("oi")
    chat.until_states("sent")
    assert chat.got == ["Certo?"]
    (row,) = chat.sent[0]["reply_markup"]["inline_keyboard"][:1]
    assert [each[0]["text"] for each in chat.sent[0]["reply_markup"]["inline_keyboard"]] == [
        "Sim",
        "Não",
    ]
    assert len(row[0]["callback_data"].encode()) <= 64
    chat.press(row[0]["callback_data"])
    chat.until_states("sent", "sent")
    assert chat.served.rasa.texts[-1] == "/affirm"
    assert [each.text for each in chat.rows if each.direction == "in"] == ["oi", "Sim"]
    chat.served.until(lambda: chat.served.telegram.calls)
    assert chat.served.telegram.calls[-1]["method"] == "answerCallbackQuery"


def test_a_button_of_another_chat_says_nothing(chat: Chat) -> None:
    chat.write("oi")
    chat.until_states("sent")
    for data in ("b:1:0", f"b:{chat.rows[1].id}:0", "b:999999999999999999:0", "/restart"):
        chat.press(data)
    chat.write("mais")
    chat.until_states("sent", "sent")
    assert [each.text for each in chat.rows if each.direction == "in"] == ["oi", "mais"]


def test_a_long_reply_goes_in_parts(chat: Chat) -> None:
    chat.served.rasa.turns.append(says("x" * 4096 + "y"))
    chat.write("oi")
    chat.until_states("sent")
    assert chat.got == ["x" * 4096, "y"]


def test_what_the_bot_has_not_sent_when_a_person_takes_over_stays_unsent(chat: Chat) -> None:
    chat.served.rasa.turns.append(says("um", "dois"))
    chat.served.telegram.answers.append(TOO_MANY)
    chat.write("oi")
    chat.served.until(lambda: chat.states() == ["pending"] * 2 and chat.rows[1].attempts == 1)
    chat.claimed()
    chat.make_due()
    chat.write("alô?")
    chat.served.until(lambda: {row.text: row.state for row in chat.rows}.get("alô?") == "done")
    assert chat.states() == ["suppressed"] * 2
    assert chat.got == []
