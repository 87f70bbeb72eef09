"""The whole of it, on SQLite and on PostgreSQL with Redis: three processes and one conversation."""

import uuid

import pytest

from tests.system import RunningSystem
from tests.webchat import Agent, WebChat, wait_until

ENGINES = ("sqlite", "postgresql")


@pytest.mark.parametrize("system", ENGINES, indirect=True)
def test_a_customer_meets_the_bot_then_a_person_then_the_bot_again(system: RunningSystem) -> None:
    agent = Agent(system)
    with WebChat(system) as chat:
        chat.ask("oi")
        assert "Padaria Estrela" in chat.ask("meu cnpj é 11.222.333/0001-81")
        chat.ask("Maria Souza")
        assert "Cadastro" in chat.ask(f"maria.{uuid.uuid4().hex[:8]}@padariaestrela.com.br")
        chat.ask("quero falar com uma pessoa")
        assert chat.state["owner"] == "queue"

        assert agent.claim(chat.conversation).status_code == 200
        assert agent.say(chat.conversation, "Oi, Maria, aqui é a Ana.").status_code == 202
        assert "aqui é a Ana" in said(chat)
        chat.send("que bom!")
        wait_until(lambda: "que bom!" in heard(agent, chat), what="the agent hearing of it")

        assert agent.set_status(chat.conversation, "resolved").status_code == 200
        assert said(chat)
        assert chat.state["owner"] == "bot"
    agent.close()


def said(chat: WebChat) -> str:
    """What came back and was not read yet."""
    return "\n".join(message["text"] for message in chat.wait_reply())


def heard(agent: Agent, chat: WebChat) -> str:
    """All that the agent reads in the conversation."""
    page = agent.get(f"/conversations/{chat.conversation}/messages")
    return "\n".join(message["text"] for message in page["messages"])
