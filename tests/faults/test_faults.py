"""Processes die at the worst moment: nothing is lost, doubled, reordered or left unanswered."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from desk.db import Database
from tests.desk.building import messages_of
from tests.faults.proxied import (
    REPLY_SECONDS,
    ProxiedSystem,
    conversation_of,
    count_tickets,
    fill_ticket_form,
    identify,
    numbers_in,
)
from tests.webchat import Agent, WebChat, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Does several things in the same moment; gives their results in order."""
    together = threading.Barrier(len(works))

    def work(each: Callable[[], Any]) -> Any:
        together.wait()
        return each()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(work, works))


@pytest.mark.parametrize("name", ["rasa", "actions"])
def test_without_the_bot_a_person_is_called_and_then_it_serves_again(
    system: ProxiedSystem, name: str
) -> None:
    system.kill(name)
    with WebChat(system) as chat:
        accepted = chat.post("oi, preciso de ajuda")
        assert accepted.status_code == 202
        (apology,) = chat.wait_reply(REPLY_SECONDS)
        assert apology["author"]["kind"] == "system"
        assert chat.state["owner"] == "queue"
        agent = Agent(system)
        assert agent.claim(chat.conversation).status_code == 200
        assert agent.say(chat.conversation, "Oi, aqui é a Ana.").status_code == 202
        (reply,) = chat.wait_reply(REPLY_SECONDS)
        assert reply["text"] == "Oi, aqui é a Ana."
        agent.close()
    system.start(name)
    with WebChat(system) as chat:
        chat.ask("oi", REPLY_SECONDS)
        assert "Padaria Estrela" in chat.ask("11.222.333/0001-81", REPLY_SECONDS)
        assert chat.state["owner"] == "bot"


async def test_messages_that_were_accepted_before_a_crash_are_answered_once_and_in_order(
    system: ProxiedSystem, system_database: Database
) -> None:
    with WebChat(system) as chat:
        with system.before_rasa.holding("request", chat.conversation) as hold:
            ids = [chat.send("oi")["id"]]
            hold.wait_until_reached()
            ids += [chat.send(text)["id"] for text in ("tem alguém?", "11.222.333/0001-81")]
            system.kill("handoff")
        system.start("handoff")
        wait_until(lambda: system.tracked_message_ids(chat.conversation) == ids, 100, "the turns")
        texts: list[str] = []
        while not any("Padaria Estrela" in text for text in texts):
            texts += [message["text"] for message in chat.wait_reply(REPLY_SECONDS)]
        mine = [each["text"] for each in chat.messages() if each["direction"] == "in"]
        assert mine == ["oi", "tem alguém?", "11.222.333/0001-81"]
        assert len([text for text in texts if "Padaria Estrela" in text]) == 1
    rows = await messages_of(system_database, await conversation_of(system_database, chat))
    assert {row.state for row in rows if row.direction == "in"} == {"done"}


def test_an_action_that_failed_once_costs_the_customer_nothing(system: ProxiedSystem) -> None:
    with WebChat(system) as chat:
        identify(chat)
        with system.before_actions.failing_once('"next_action": "validate_ticket_form"'):
            subject = fill_ticket_form(chat)
        with system.before_actions.failing_once('"next_action": "action_open_ticket"'):
            told = chat.ask("Fim", REPLY_SECONDS)
        assert subject in told
        assert len(numbers_in([told])) == 1
        assert chat.state == {"status": "open", "owner": "bot"}


async def test_a_ticket_is_opened_once_though_the_service_died_before_it_knew(
    system: ProxiedSystem, system_database: Database
) -> None:
    with WebChat(system) as chat:
        identify(chat)
        subject = fill_ticket_form(chat)
        with system.before_actions.holding("answer", '"next_action": "action_open_ticket"') as hold:
            chat.send("Fim")
            hold.wait_until_reached()
            assert await count_tickets(system_database, subject) == 1
            system.kill("handoff")
        system.start("handoff")
        told = [message["text"] for message in chat.wait_reply(REPLY_SECONDS)]
        assert await count_tickets(system_database, subject) == 1
        assert len(numbers_in(told)) == 1
        assert len([text for text in chat.replies if subject in text and "#" in text]) >= 1
        assert chat.state["owner"] == "bot"
        assert chat.ask("sair", REPLY_SECONDS)


async def test_an_answer_that_rasa_gave_to_a_dead_service_is_told_and_not_asked_for_again(
    system: ProxiedSystem, system_database: Database
) -> None:
    with WebChat(system) as chat:
        identify(chat)
        subject = fill_ticket_form(chat)
        with system.before_rasa.holding("answer", '"message":"Fim"') as hold:
            message_id = chat.send("Fim")["id"]
            hold.wait_until_reached()
            system.kill("handoff")
        system.start("handoff")
        told = [message["text"] for message in chat.wait_reply(REPLY_SECONDS)]
        assert len(numbers_in(told)) == 1
        assert await count_tickets(system_database, subject) == 1
        assert system.tracked_message_ids(chat.conversation).count(message_id) == 1


async def test_a_ticket_is_opened_once_though_rasa_died_before_it_could_tell(
    system: ProxiedSystem, system_database: Database
) -> None:
    with WebChat(system) as chat:
        identify(chat)
        subject = fill_ticket_form(chat)
        with system.before_actions.holding("answer", '"next_action": "action_open_ticket"') as hold:
            chat.send("Fim")
            hold.wait_until_reached()
            assert await count_tickets(system_database, subject) == 1
            system.kill("rasa")
        system.start("rasa")
        turn = chat.wait_reply(REPLY_SECONDS)
        assert await count_tickets(system_database, subject) == 1
        told = numbers_in([message["text"] for message in turn])
        apologised = turn[-1]["author"]["kind"] == "system" and chat.state["owner"] == "queue"
        assert len(told) == 1 or apologised


def test_ten_messages_at_once_are_answered_in_their_order(system: ProxiedSystem) -> None:
    with WebChat(system) as chat:
        texts = [*("oi", "olá", "bom dia", "boa tarde", "boa noite") * 2]
        accepted = at_once(*(lambda text=text: chat.post(text) for text in texts))
        assert [answer.status_code for answer in accepted] == [202] * 10
        in_order = sorted((answer.json()["seq"], answer.json()["id"]) for answer in accepted)
        ids = [message_id for _, message_id in in_order]
        assert [seq for seq, _ in in_order] == sorted({seq for seq, _ in in_order})
        wait_until(
            lambda: len(system.tracked_message_ids(chat.conversation)) == 10, 100, "the turns"
        )
        assert system.tracked_message_ids(chat.conversation) == ids


def test_of_two_who_claim_at_once_one_has_it(system: ProxiedSystem) -> None:
    ana, sueli = Agent(system), Agent(system, "supervisora@demo.ponte")
    with WebChat(system) as chat:
        chat.ask("quero falar com uma pessoa", REPLY_SECONDS)
        wait_until(lambda: chat.state["owner"] == "queue", what="the handoff")
        answers = at_once(*(lambda who=who: who.claim(chat.conversation) for who in (ana, sueli)))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        (won,) = [answer.json() for answer in answers if answer.status_code == 200]
        (lost,) = [answer.json() for answer in answers if answer.status_code == 409]
        assert won["assignee"].split()[0] in lost["error"]["message"]
        history = ana.get(f"/conversations/{chat.conversation}/events")["events"]
        claims = [event for event in history if event["data"].get("reason") == "claim"]
        assert len(claims) == 1
    for each in (ana, sueli):
        each.close()


async def test_a_bot_that_answers_after_a_claim_is_not_heard(
    system: ProxiedSystem, system_database: Database
) -> None:
    sueli = Agent(system, "supervisora@demo.ponte")
    with WebChat(system) as chat:
        with system.before_rasa.holding("answer", chat.conversation) as hold:
            chat.send("oi", client_id=str(uuid.uuid4()))
            hold.wait_until_reached()
            assert sueli.claim(chat.conversation).status_code == 200
            assert sueli.say(chat.conversation, "Oi, aqui é a Sueli.").status_code == 202
        conversation = await conversation_of(system_database, chat)

        def is_done() -> bool:
            team = sueli.get(f"/conversations/{chat.conversation}/messages")["messages"]
            return any(message["delivery"] == "suppressed" for message in team)

        wait_until(is_done, 60, "the late answer")
        chat.send("bom dia")
        assert chat.replies == ["Oi, aqui é a Sueli."]
    rows = await messages_of(system_database, conversation)
    assert {row.author_kind for row in rows if row.state == "suppressed"} == {"bot"}
    sueli.close()
