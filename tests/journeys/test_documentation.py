"""Customers ask the documentation, on the three real processes: answered, not helped, a person."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import RunningSystem
from tests.webchat import Agent, WebChat

PAGES = {
    "acesso/senha": "# Esqueci minha senha\n\n## Pedir uma senha nova\n\n1. Abra o portal e escolha"
    " **Esqueci minha senha**.\n2. Digite seu e-mail e abra o link que chegar.\n",
    "acesso/bloqueio": "# Conta bloqueada\n\nDepois de cinco senhas erradas a conta fica bloqueada"
    " por trinta minutos. Espere, ou peça ao administrador que desbloqueie.\n",
    "vendas/nota": "# Emitir uma nota fiscal\n\nEm **Vendas**, abra o pedido e escolha **Emitir"
    " nota**. A nota autorizada vai por e-mail ao cliente.\n",
    "faturas/boleto": "# Segunda via do boleto\n\nAbra **Faturas**, escolha o mês e toque em"
    " **Baixar boleto**.\n",
}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """The three processes with a small documentation, indexed."""
    folder: Path = tmp_path_factory.mktemp("ajuda")
    for path, text in PAGES.items():
        file = folder / f"{path}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    system = RunningSystem(tmp_path_factory.mktemp("documented"), help_dir=folder)
    try:
        system.start()
        system.command("index-docs")
        yield system
    finally:
        system.stop()


def known(system: RunningSystem, name: str) -> WebChat:
    """Somebody who is registered."""
    chat = WebChat(system).open()
    for text in ("oi", "11.222.333/0001-81", name, f"{name.split()[0].lower()}@estrela.com.br"):
        chat.ask(text)
    return chat


def test_a_question_is_answered_with_steps_and_page_and_it_helped(
    documented: RunningSystem,
) -> None:
    chat = known(documented, "Paula Reis")
    answer = chat.ask("como faço para emitir uma nota fiscal?")
    assert "escolha *Emitir nota*" in answer
    assert f"{documented.base_url}/ajuda/vendas/nota" in answer
    assert "Isso ajudou?" in answer
    assert "Não, ainda" not in chat.ask("sim")
    page = chat.client.get(f"{documented.base_url}/ajuda/vendas/nota")
    assert page.status_code == 200
    assert "Emitir nota" in page.text
    chat.close()


def test_what_was_read_in_vain_is_known_to_the_person_who_comes(
    documented: RunningSystem,
) -> None:
    chat = known(documented, "Tadeu Nunes")
    chat.ask("como faço para tirar a segunda via do boleto?")
    chat.ask("não")
    chat.ask("quero falar com uma pessoa")
    agent = Agent(documented, "supervisora@demo.ponte")
    try:
        found = agent.get(f"/conversations/{chat.conversation}")
        assert "Já leu na ajuda: Segunda via do boleto" in found["summary"]
    finally:
        agent.close()
        chat.close()


def test_a_question_in_the_middle_of_a_ticket_is_answered_and_the_ticket_goes_on(
    documented: RunningSystem,
) -> None:
    chat = known(documented, "Rosa Lemos")
    chat.ask("quero abrir um chamado")
    answer = chat.ask("como faço para tirar a segunda via do boleto?")
    assert "Baixar boleto" in answer
    assert "assunto" in answer.lower()
    assert "tipo" in chat.ask("Minha impressora parou").lower()
    chat.close()
