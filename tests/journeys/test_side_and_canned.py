"""Around a conversation: who the customer is, who gets it next, replies that are ready.

The service is the real one; a fake Rasa answers in the bot's place.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from desk.companies.tables import Company
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.find import conversation_by_public_id
from desk.conversations.ratings import comment_service, rate_service
from desk.conversations.tickets import link_ticket
from desk.tags.tables import Tag
from desk.tickets.opening import open_ticket
from tests.handoff.serving import PASSWORD, Served, Visitor, copy_of
from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import LIVE_MS, Agent, check_accessible, check_fits, png_file

CONSOLE = {"viewport": {"width": 1366, "height": 860}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
MARIA = "Maria Souza"


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Iterator[Served]:
    """The service with the demo."""
    with Served(copy_of(sqlite_template, tmp_path), tmp_path) as running:
        yield running


@pytest.fixture
def maria(served: Served) -> Iterator[Visitor]:
    """Known, of a company, with a ticket and an earlier rating; she waits in Suporte."""
    with served.visitor() as visitor:
        visitor.post("a impressão parou de novo")
        served.until(lambda: len(visitor.messages()) == 2, "the bot's answer")
        served.call(_introduce(served, visitor))
        served.queue_up(visitor.conversation, "suporte")
        yield visitor


async def _introduce(served: Served, visitor: Visitor) -> None:
    now = datetime.now(UTC)
    async with served.database.transaction() as session:
        conversation = await conversation_by_public_id(session, visitor.conversation)
        assert conversation is not None
        contact = await session.get_one(Contact, conversation.contact_id)
        contact.name, contact.email = MARIA, "maria@padariaestrela.com.br"
        company = (await session.execute(select(Company).order_by(Company.id))).scalars().first()
        assert company is not None
        session.add(ContactCompany(contact_id=contact.id, company_id=company.id, created_at=now))
        session.add(Tag(name="Fiscal", folded="fiscal", color="blue", created_at=now))
        await session.flush()
        ticket = await open_ticket(
            session,
            contact_id=contact.id,
            company_id=company.id,
            subject="Impressora fiscal não responde",
            description="erro 503",
            request_type_id=None,
        )
        await link_ticket(session, conversation.id, ticket.id)
        await rate_service(session, conversation, None, 4)
        await comment_service(session, conversation, None, "foi rápido")


def signed_in(page: Page, served: Served, email: str = "ana@demo.ponte") -> Agent:
    return Agent(page, served.base_url).sign_in(PASSWORD, email)


def opened(page: Page, served: Served, visitor: Visitor, email: str = "ana@demo.ponte") -> Agent:
    agent = signed_in(page, served, email)
    goes_to(page, served, visitor)
    return agent


def goes_to(page: Page, served: Served, visitor: Visitor) -> None:
    """Opens a conversation once the page before has all its files."""
    page.wait_for_load_state("networkidle")
    page.goto(f"{served.base_url}/console/conversations/{visitor.conversation}")
    expect(page.locator("#connection")).to_have_text("Ao vivo", timeout=LIVE_MS)


def test_the_panel_tells_who_it_is_and_keeps_its_sections_as_they_were_left(
    served: Served, maria: Visitor, open_page: OpenPage
) -> None:
    page = open_page("ana", **CONSOLE)
    opened(page, served, maria)
    side = page.locator("#side")
    for words in ("Padaria Estrela LTDA", "11.222.333/0001-81", "Impressora fiscal", "foi rápido"):
        expect(side).to_contain_text(words)
    side.get_by_label("Nova etiqueta nesta conversa").fill("FISCAL")
    page.keyboard.press("Enter")
    expect(side.locator("#side-tags")).to_contain_text("Fiscal")
    side.locator("#side-tickets summary").click()
    side.locator("#side-history summary").click()
    expect(side.locator("#side-history")).to_contain_text("Entrou na fila")
    maria.post("ainda aí?")
    expect(page.locator("#messages").get_by_text("ainda aí?")).to_be_visible(timeout=LIVE_MS)
    page.reload()
    expect(side.locator("#side-history")).to_contain_text("Entrou na fila")
    expect(side.locator("#side-tickets .ticket")).to_be_hidden()
    check_accessible(page, "a conversation with its panel")
    side.get_by_role("button", name="Tirar etiqueta Fiscal").click()
    expect(side.locator("#side-tags")).not_to_contain_text("Fiscal")


def test_a_conversation_is_handed_on_with_a_note_and_taken_over(
    served: Served, maria: Visitor, open_page: OpenPage
) -> None:
    page, other = open_page("ana", **CONSOLE), open_page("sueli", **CONSOLE)
    ana = opened(page, served, maria)
    sueli = opened(other, served, maria, "supervisora@demo.ponte")
    ana.do("Assumir")
    expect(sueli.conversation).to_contain_text("Com Ana Atendente", timeout=LIVE_MS)
    sueli.do("Assumir de Ana")
    expect(sueli.conversation).to_contain_text("Com você")
    other.get_by_label("Prioridade").select_option("Urgente")
    expect(page.locator("#side-service")).to_contain_text("Urgente", timeout=LIVE_MS)
    sueli.do("Transferir…")
    dialog = other.get_by_role("dialog", name="Transferir conversa")
    check_accessible(other, "the dialog of a transfer")
    dialog.get_by_role("radio", name=re.compile("Ana Atendente")).check()
    dialog.get_by_label("Nota para quem recebe").fill("cliente antiga, com pressa")
    picture(other, "transfer-dialog")
    dialog.get_by_role("button", name="Transferir").click()
    expect(dialog).to_be_hidden()
    expect(ana.messages).to_contain_text("cliente antiga, com pressa", timeout=LIVE_MS)
    expect(ana.conversation).to_contain_text("Com você", timeout=LIVE_MS)
    assert all("com pressa" not in message["text"] for message in maria.messages())
    ana.do("Finalizar com resumo…")
    ending = page.get_by_role("dialog", name="Finalizar atendimento")
    ending.get_by_label("Resumo").fill("trocou o cabo")
    ending.get_by_role("button", name="Finalizar").click()
    expect(ana.conversation).to_contain_text("Resolvido")


def test_a_slash_finds_a_reply_fills_it_and_brings_its_file(
    served: Served, maria: Visitor, open_page: OpenPage
) -> None:
    page = open_page("ana", **CONSOLE)
    agent = signed_in(page, served)
    page.wait_for_load_state("networkidle")
    page.goto(f"{served.base_url}/console/settings/canned-replies/new")
    page.get_by_role("textbox", name="Atalho").fill("cabo trocado")
    page.get_by_label("Título").fill("Trocar o cabo")
    page.get_by_label("Texto").fill("{{contact.first_name}}, troque o cabo da {{cpf}}.")
    page.get_by_label("Anexar arquivos").set_input_files([png_file("cabo.png")])
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("#shortcut-error")).to_contain_text("sem espaços")
    page.get_by_role("textbox", name="Atalho").fill("cabo")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("#text-error")).to_contain_text("{{cpf}} não existe")
    page.get_by_label("Texto").fill("{{contact.first_name}}, troque o cabo.")
    expect(page.locator("#preview")).to_have_text("Maria, troque o cabo.")
    page.get_by_label("Anexar arquivos").set_input_files([png_file("cabo.png")])
    check_accessible(page, "the form of a canned reply")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_role("listitem").filter(has_text="/cabo")).to_contain_text("1 arquivo")
    check_accessible(page, "the list of canned replies")

    goes_to(page, served, maria)
    agent.do("Assumir")
    expect(agent.conversation).to_contain_text("Com você")
    agent.box.press_sequentially("Oi! /CABO")
    option = page.get_by_role("option", name=re.compile("Trocar o cabo"))
    expect(option).to_be_visible()
    picture(page, "canned-picker")
    agent.box.press("Escape")
    expect(option).to_be_hidden()
    expect(agent.box).to_have_value("Oi! /CABO")
    agent.box.fill("Oi! ")
    agent.box.press_sequentially("/trocar")
    expect(option).to_be_visible()
    agent.box.press("Tab")
    expect(agent.box).to_have_value("Oi! Maria, troque o cabo.")
    expect(page.locator(".tray")).to_contain_text("cabo.png")
    agent.box.press("Enter")
    sent = agent.messages.locator(".message--agent")
    expect(sent).to_contain_text("Maria, troque o cabo.", timeout=LIVE_MS)
    expect(sent.get_by_role("img", name="cabo.png")).to_be_visible()
    (told,) = [each for each in maria.messages() if each["author"]["kind"] == "agent"]
    assert [file["name"] for file in told["attachments"]] == ["cabo.png"]


def test_on_a_phone_what_is_unknown_is_shown_before_it_is_sent(
    served: Served, open_page: OpenPage
) -> None:
    page = open_page("ana", **PHONE)
    with served.visitor() as visitor:
        visitor.post("oi")
        served.until(lambda: len(visitor.messages()) == 2, "the bot's answer")
        served.queue_up(visitor.conversation, "suporte")
        agent = opened(page, served, visitor)
        agent.do("Assumir")
        expect(agent.conversation).to_contain_text("Com você")
        page.get_by_role("button", name="Respostas prontas").tap()
        page.get_by_role("option", name=re.compile("Saudação")).tap()
        gap = page.get_by_role("button", name=re.compile("primeiro nome do contato"))
        expect(gap).to_be_visible()
        check_fits(page, "the box with a filled reply")
        check_accessible(page, "the box with a filled reply")
        gap.tap()
        page.keyboard.type("Bia")
        expect(gap).to_be_hidden()
        agent.box.press("Enter")
        expect(agent.messages).to_contain_text("Bia! Aqui é Ana", timeout=LIVE_MS)
        page.get_by_role("button", name="Dados do contato", exact=True).tap()
        expect(page.locator("#side")).to_contain_text("Ainda não identificado")
        check_fits(page, "the panel as a sheet")
        page.get_by_role("button", name="Fechar dados do contato").tap()
        expect(page.locator("#side-service")).to_be_hidden()


def test_a_ticket_and_a_contact_lead_to_each_other_and_to_what_was_said(
    served: Served, maria: Visitor, open_page: OpenPage
) -> None:
    page = open_page("ana", **CONSOLE)
    opened(page, served, maria)
    page.locator("#side-tickets").get_by_role("link", name=re.compile("Impressora")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Impressora fiscal não responde")
    page.get_by_label("Nova ação").fill("Enviamos um técnico.")
    page.get_by_label("Arquivos").set_input_files([png_file("tecnico.png")])
    page.get_by_role("button", name="Publicar").click()
    expect(page.get_by_role("status").filter(has_text="publicada")).to_be_visible()
    expect(page.locator(".story")).to_contain_text("Enviamos um técnico.")
    expect(page.locator(".story").get_by_role("img", name="tecnico.png")).to_be_visible()
    expect(page.get_by_label("Nova ação")).to_have_value("")
    script: list[Route] = []
    page.route("**/drafts_of_forms.js*", lambda route: script.append(route))
    with page.expect_request("**/drafts_of_forms.js*"):
        page.reload(wait_until="commit")
    page.get_by_label("Nova ação").fill("ainda escrevendo")  # Before its script has come.
    script[0].continue_()
    page.unroute("**/drafts_of_forms.js*")
    page.wait_for_load_state()
    page.reload()
    expect(page.get_by_label("Nova ação")).to_have_value("ainda escrevendo")
    page.get_by_label("Status").select_option("Aguardando")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_label("Nova ação")).to_have_value("ainda escrevendo")
    expect(page.locator(".history")).to_contain_text("Ana Atendente mudou o status para Aguardando")
    check_accessible(page, "a ticket")
    page.get_by_role("link", name=MARIA).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(MARIA)
    check_accessible(page, "a contact")
    page.get_by_label("Buscar em tudo").fill("IMPRESSAO parou")
    page.keyboard.press("Enter")
    expect(page.locator(".timeline__item").last).to_contain_text("a impressão parou de novo")
    page.get_by_role("link", name="Editar contato").click()
    page.get_by_label("Telefone").fill("12")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".field__error")).to_contain_text("telefone não é válido")
    page.get_by_label("Telefone").fill("+55 11 91234-5678")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_label("Sobre o contato")).to_contain_text("+55 11 91234-5678")
    page.locator(".timeline__item").last.get_by_role("link").click()
    said = page.locator("#messages").get_by_text("a impressão parou de novo", exact=True)
    expect(said).to_be_in_viewport()
    page.goto(f"{served.base_url}/console/tickets?q=maria&status=waiting")
    expect(page.locator(".ticket-row")).to_contain_text("Aguardando")
    check_accessible(page, "the list of tickets")
