"""WhatsApp's webhooks: the handshake, messages of every kind, statuses."""

from typing import Any

import pytest
from sqlalchemy import select

from desk.channels.tables import Receipt
from desk.contacts.tables import Contact, ContactAlias
from desk.text import UNREADABLE
from tests.desk.building import a_channel
from tests.fakes.rasa import says
from tests.fakes.whatsapp import (
    BUSINESS_ID,
    GONE,
    NUMBER_ID,
    VERIFY_TOKEN,
    dumped,
    message,
    said,
    signed,
    status,
    webhook,
)
from tests.handoff.serving import Served
from tests.handoff.whatsapp_chat import PATH, WhatsAppChat


def receipts(served: Served) -> list[Receipt]:
    async def read() -> list[Receipt]:
        async with served.database.reading() as session:
            return list((await session.execute(select(Receipt).order_by(Receipt.id))).scalars())

    return served.call(read())


def contacts_of(served: Served, *values: str) -> list[Contact]:
    async def read() -> list[Contact]:
        async with served.database.reading() as session:
            query = (
                select(Contact)
                .join(ContactAlias, ContactAlias.contact_id == Contact.id)
                .where(ContactAlias.value.in_(values))
                .distinct()
            )
            return list((await session.execute(query)).scalars())

    return served.call(read())


def handshake(whatsapp: WhatsAppChat, **changes: str) -> tuple[int, str]:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    params = {**asked, "hub.verify_token": VERIFY_TOKEN}
    params |= {f"hub.{name}": value for name, value in changes.items()}
    answer = whatsapp.client.get(PATH, params=params)
    return answer.status_code, answer.text


def test_meta_gets_its_challenge_back_for_the_right_word_alone(whatsapp: WhatsAppChat) -> None:
    assert handshake(whatsapp) == (200, "1158201444")
    for changes in (
        {"verify_token": ""},
        {"verify_token": "errada"},
        {"verify_token": "é"},
        {"mode": "unsubscribe"},
    ):
        assert handshake(whatsapp, **changes)[0] == 403
    assert whatsapp.client.get("/channels/telegram/equipe").status_code == 404
    assert whatsapp.client.get("/channels/whatsapp_cloud/outro").status_code == 404


def test_a_message_is_answered_in_its_chat_and_its_person_is_known_by_name(
    whatsapp: WhatsAppChat,
) -> None:
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    (sent,) = whatsapp.sent
    assert (sent["messaging_product"], sent["recipient_type"]) == ("whatsapp", "individual")
    assert sent["text"]["body"] == "re: oi"
    assert whatsapp.rows[1].provider_id == sent["wamid"]
    (contact,) = contacts_of(whatsapp.served, whatsapp.number)
    assert contact.name == "Maria Souza"


def test_a_webhook_that_is_delivered_again_changes_nothing(whatsapp: WhatsAppChat) -> None:
    sent = whatsapp.write("oi")
    whatsapp.until_states("sent")
    for _ in range(3):
        assert whatsapp.deliver(sent).status_code == 200
    whatsapp.write("mais")
    whatsapp.until_states("sent", "sent")
    assert whatsapp.heard == ["oi", "mais"]
    assert whatsapp.got == ["re: oi", "re: mais"]


@pytest.mark.parametrize("how", ["none", "other secret", "other body", "no prefix", "not ascii"])
def test_a_webhook_without_the_right_signature_is_refused_and_not_kept(
    whatsapp: WhatsAppChat, how: str
) -> None:
    before = len(receipts(whatsapp.served))
    body = dumped(whatsapp.written(1, "oi"))
    right = signed(body)["X-Hub-Signature-256"]
    signature = {
        "none": "",
        "other secret": signed(body, "outro")["X-Hub-Signature-256"],
        "other body": signed(body + b" ")["X-Hub-Signature-256"],
        "no prefix": right.removeprefix("sha256="),
        "not ascii": "sha256=é",
    }[how]
    headers = [(b"X-Hub-Signature-256", signature.encode())]
    answer = whatsapp.client.post(PATH, content=body, headers=headers)
    assert answer.status_code == 401
    assert len(receipts(whatsapp.served)) == before
    assert whatsapp.rows == []


UNREADABLE_BODIES: dict[str, Any] = {
    "no JSON": b"\xff\xfe not json",
    "no object": [1, 2],
    "no value": {"entry": [{"changes": [{"field": "messages"}]}]},
    "nobody": webhook({"messages": [{"id": "w", "type": "text", "text": {"body": "oi"}}]}),
    "no type": webhook({"messages": [{"id": "w", "from": "5511"}]}),
    "deep": b'{"entry":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "another number": webhook(said("5511", message(1, "oi", id="w")), number_id="999"),
}


def test_a_body_that_cannot_be_read_is_kept_and_holds_nobody_up(whatsapp: WhatsAppChat) -> None:
    known = {receipt.id for receipt in receipts(whatsapp.served)}
    for body in UNREADABLE_BODIES.values():
        assert whatsapp.deliver(body).status_code == 200
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    kept = [each for each in receipts(whatsapp.served) if each.id not in known]
    states = dict(zip([*UNREADABLE_BODIES, "oi"], [each.state for each in kept], strict=True))
    assert states == dict.fromkeys(UNREADABLE_BODIES, "failed") | {"oi": "done"}
    assert kept[6].error == "for another number: 999"


def test_one_odd_message_takes_no_other_of_its_body_with_it(whatsapp: WhatsAppChat) -> None:
    body = whatsapp.written(2, "oi")
    messages = body["entry"][0]["changes"][0]["value"]["messages"]
    control = {"from": whatsapp.number, **message(3, "\x00\x07", id="wamid.control")}
    messages[:0] = [{"from": whatsapp.number, "id": "wamid.odd"}, None, control]
    body["entry"][0]["changes"][0]["value"]["statuses"] = [{"status": "read"}]
    whatsapp.deliver(body)
    whatsapp.until_states("sent")
    assert whatsapp.heard == ["oi"]
    kept = receipts(whatsapp.served)[-1]
    assert kept.state == "failed"
    assert "'type'" in kept.error
    assert "'id'" in kept.error


def test_a_body_too_large_is_refused(whatsapp: WhatsAppChat) -> None:
    huge = whatsapp.written(1, "x" * 1_000_000)
    assert whatsapp.deliver(huge).status_code == 413
    assert whatsapp.rows == []


def test_of_a_body_for_two_numbers_ours_is_taken(whatsapp: WhatsAppChat) -> None:
    ours = whatsapp.written(1, "oi")
    other = webhook(said("5511", message(1, "oi", id="w9")), number_id="999")
    ours["entry"] += other["entry"]
    whatsapp.deliver(ours)
    whatsapp.until_states("sent")
    assert whatsapp.heard == ["oi"]
    assert receipts(whatsapp.served)[-1].state == "failed"


def test_a_number_of_the_same_account_is_served_by_the_same_address(
    whatsapp: WhatsAppChat,
) -> None:
    async def add(slug: str, number_id: str, business_id: str) -> int:
        async with whatsapp.served.database.transaction() as session:
            channel = await a_channel(session, "whatsapp_cloud", slug)
            channel.number_id, channel.business_id = number_id, business_id
            return channel.id

    tail = whatsapp.number[-5:]
    sibling = whatsapp.served.call(add(f"vendas-{tail}", f"77{tail}", BUSINESS_ID))
    whatsapp.served.call(add(f"alheio-{tail}", f"88{tail}", "1"))
    for number_id, text in ((f"88{tail}", "de outra conta"), (f"77{tail}", "oi, vendas")):
        said_there = said(whatsapp.number, message(1, text, id=f"wamid.{number_id}"))
        whatsapp.deliver(webhook(said_there, number_id=number_id))
    whatsapp.served.until(lambda: whatsapp.heard == ["oi, vendas"])
    assert {row.channel_id for row in whatsapp.rows} == {sibling}


def test_every_entry_change_and_message_is_taken_in_the_order_in_which_it_was_said(
    whatsapp: WhatsAppChat,
) -> None:
    three = whatsapp.written(3, "três")
    three["entry"][0]["changes"] += whatsapp.written(1, "um")["entry"][0]["changes"]
    three["entry"] += whatsapp.written(4, "quatro")["entry"]
    messages = three["entry"][0]["changes"][1]["value"]["messages"]
    two = whatsapp.written(2, "dois")["entry"][0]["changes"][0]["value"]["messages"][0]
    messages.append(two)
    whatsapp.deliver(three)
    whatsapp.until_states(*["sent"] * 4)
    assert whatsapp.heard == ["um", "dois", "três", "quatro"]


def test_webhooks_out_of_order_are_put_into_order(whatsapp: WhatsAppChat) -> None:
    for number, text in ((3, "três"), (1, "um"), (2, "dois")):
        whatsapp.deliver(whatsapp.written(number, text))
    whatsapp.until_states(*["sent"] * 3)
    assert whatsapp.heard == ["um", "dois", "três"]


def test_a_number_with_and_without_the_ninth_digit_is_one_person(whatsapp: WhatsAppChat) -> None:
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    short = whatsapp.number[:4] + whatsapp.number[5:]
    whatsapp.deliver(webhook(said(short, message(9, "sou eu", id=f"wamid.{short}"))))
    whatsapp.until_states("sent", "sent")
    assert whatsapp.heard == ["oi", "sou eu"]
    assert len(contacts_of(whatsapp.served, whatsapp.number, short)) == 1


def test_a_person_without_profile_or_number_is_taken_by_their_id(whatsapp: WhatsAppChat) -> None:
    user = f"BR.{whatsapp.number}"
    bare = webhook({"messages": [{"from_user_id": user, **message(1, "oi", id=f"w.{user}")}]})
    assert whatsapp.deliver(bare).status_code == 200
    sent = whatsapp.served.whatsapp.sent
    whatsapp.served.until(lambda: [each for each in sent if each.get("recipient") == user])
    both = said(whatsapp.number, message(2, "agora com número", id=f"w2.{user}"))
    both["messages"][0]["from_user_id"] = user
    whatsapp.deliver(webhook(both))
    whatsapp.served.until(lambda: len(whatsapp.served.rows(user)) == 4)
    assert len(contacts_of(whatsapp.served, whatsapp.number, user)) == 1
    named = {"contacts": [{"user_id": user}], "messages": [message(3, "eu de novo", id="w3")]}
    whatsapp.deliver(webhook(named))
    whatsapp.served.until(lambda: len(whatsapp.served.rows(user)) == 6)
    assert whatsapp.served.rows(user)[4].text == "eu de novo"


def test_what_whatsapp_does_not_show_is_recorded_and_answered_honestly(
    whatsapp: WhatsAppChat,
) -> None:
    errors = [{"code": 131051, "title": "Message type unknown"}]
    whatsapp.write(type="unsupported", errors=errors)
    whatsapp.write(type="holograma", holograma={})
    whatsapp.until_states("sent", "sent")
    assert whatsapp.heard == [UNREADABLE, UNREADABLE]
    assert all("texto" in text for text in whatsapp.got)
    assert UNREADABLE not in whatsapp.served.rasa.texts


def test_a_reaction_and_a_note_of_whatsapp_say_nothing(whatsapp: WhatsAppChat) -> None:
    whatsapp.write(type="reaction", reaction={"message_id": "wamid.x", "emoji": "👍"})
    whatsapp.write(type="system", system={"body": "mudou de número", "type": "user_changed_number"})
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    assert whatsapp.heard == ["oi"]


def test_places_and_cards_are_readable(whatsapp: WhatsAppChat) -> None:
    whatsapp.write(type="location", location={"latitude": -23.5, "longitude": -46.6})
    card = {"name": {"formatted_name": "João"}, "phones": [{"phone": "+55 11 99999-0000"}]}
    whatsapp.write(type="contacts", contacts=[card])
    whatsapp.until_states("sent", "sent")
    assert whatsapp.heard == ["[localização: -23.5, -46.6]", "[contato: João, +55 11 99999-0000]"]


def test_a_quote_is_a_quote_here(whatsapp: WhatsAppChat) -> None:
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    answer = whatsapp.rows[1]
    whatsapp.write("sobre isto", context={"from": NUMBER_ID, "id": answer.provider_id})
    whatsapp.until_states("sent", "sent")
    assert whatsapp.rows[2].reply_to_id == answer.id


def test_a_chosen_button_says_what_the_bot_offered_and_another_what_it_reads(
    whatsapp: WhatsAppChat,
) -> None:
    buttons = [{"title": "Sim", "payload": "/affirm"}, {"title": "Não", "payload": "/deny"}]
    whatsapp.served.rasa.turns.append(says("Certo?", buttons=buttons))
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    shown = whatsapp.sent[0]["interactive"]["action"]["buttons"]
    assert [each["reply"]["title"] for each in shown] == ["Sim", "Não"]
    whatsapp.press(shown[0]["reply"]["id"], "Sim")
    whatsapp.until_states("sent", "sent")
    assert whatsapp.served.rasa.texts[-1] == "/affirm"
    whatsapp.press("b:1:0", "De outra conversa")
    whatsapp.write(type="button", button={"payload": "/restart", "text": "Quero saber mais"})
    whatsapp.until_states(*["sent"] * 4)
    assert whatsapp.heard == ["oi", "Sim", "De outra conversa", "Quero saber mais"]
    assert whatsapp.served.rasa.texts[-2:] == ["De outra conversa", "Quero saber mais"]


def test_what_becomes_of_a_message_is_shown_and_never_goes_back(whatsapp: WhatsAppChat) -> None:
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    wamid = whatsapp.sent[0]["wamid"]
    whatsapp.tell(wamid, "read")
    whatsapp.until_states("read")
    for state in ("delivered", "sent", "failed", "deleted"):
        whatsapp.tell(wamid, state)
    whatsapp.tell("wamid.of-another", "failed")
    whatsapp.write("mais")
    whatsapp.until_states("read", "sent")


def test_a_message_that_failed_later_says_why(whatsapp: WhatsAppChat) -> None:
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    errors = [{"code": 131047, "title": "Re-engagement message"}]
    whatsapp.tell(whatsapp.sent[0]["wamid"], "failed", errors=errors)
    whatsapp.until_states("failed")
    assert "24 horas" in whatsapp.rows[1].failure


def test_a_status_tells_of_a_message_whose_answer_was_lost_so_that_it_goes_once(
    whatsapp: WhatsAppChat,
) -> None:
    whatsapp.served.whatsapp.answers.append(GONE)
    whatsapp.write("oi")
    whatsapp.served.until(lambda: whatsapp.states() == ["pending"] and whatsapp.sent)
    sent = whatsapp.sent[0]
    name = sent["biz_opaque_callback_data"]
    whatsapp.tell(sent["wamid"], "delivered", biz_opaque_callback_data=name)
    whatsapp.until_states("delivered")
    whatsapp.make_due()
    whatsapp.write("mais")
    whatsapp.until_states("delivered", "sent")
    assert whatsapp.got == ["re: oi", "re: mais"]
    assert whatsapp.rows[1].provider_id == sent["wamid"]


def test_a_status_that_names_a_message_of_another_channel_changes_nothing(
    whatsapp: WhatsAppChat,
) -> None:
    with whatsapp.served.visitor() as visitor:
        visitor.post("oi")
        whatsapp.served.until(lambda: len(visitor.messages()) == 2)
        other = visitor.messages()[1]["id"]
    name = f"ponte:{other}:0:1:text"
    whatsapp.deliver(webhook(status("w", "read", "5511", biz_opaque_callback_data=name)))
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    assert receipts(whatsapp.served)[-1].state == "done"


def answered_by_hand(whatsapp: WhatsAppChat, wamid: str, **message: Any) -> dict[str, Any]:
    echo = {"from": "551140000000", "to": whatsapp.number, "id": wamid, "timestamp": "1790000050"}
    return webhook({"message_echoes": [{**echo, **message}]}, field="smb_message_echoes")


def test_who_answers_on_the_phone_itself_is_heard_here_and_the_bot_is_silent(
    whatsapp: WhatsAppChat,
) -> None:
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    text = {"type": "text", "text": {"body": "Oi, é a Ana, do celular"}}
    for _ in range(2):
        whatsapp.deliver(answered_by_hand(whatsapp, f"wamid.hand.{whatsapp.number}", **text))
    picture = {"type": "image", "image": {"id": "m", "mime_type": "image/jpeg"}}
    whatsapp.deliver(answered_by_hand(whatsapp, f"wamid.hand2.{whatsapp.number}", **picture))
    taken_back = {"type": "revoke", "revoke": {"original_message_id": "wamid.x"}}
    whatsapp.deliver(answered_by_hand(whatsapp, f"wamid.hand3.{whatsapp.number}", **taken_back))
    whatsapp.until_states("sent", "sent", "sent")
    asked = len(whatsapp.served.rasa.posts)
    whatsapp.write("obrigada, Ana")
    served = whatsapp.served
    served.until(
        lambda: [row.state for row in whatsapp.rows if row.direction == "in"][1:] == ["done"]
    )
    assert len(served.rasa.posts) == asked
    assert [row.text for row in whatsapp.rows if row.author_kind == "agent"] == [
        "Oi, é a Ana, do celular",
        "[arquivo enviado pelo celular]",
    ]
    with served.team("supervisora@demo.ponte") as sueli:
        assert sueli.get(f"/conversations/{whatsapp.public_id}").json()["owner"] == "queue"


def test_an_echo_of_our_own_message_changes_nothing(whatsapp: WhatsAppChat) -> None:
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    wamid = whatsapp.sent[0]["wamid"]
    text = {"type": "text", "text": {"body": "re: oi"}}
    whatsapp.deliver(answered_by_hand(whatsapp, wamid, **text))
    whatsapp.write("mais")
    whatsapp.until_states("sent", "sent")
    assert whatsapp.got == ["re: oi", "re: mais"]
