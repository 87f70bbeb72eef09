"""Deadlines seen where people work, rules tried before they act, macros shown before they do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from desk.conversations.find import conversation_by_public_id
from desk.conversations.levels.tables import ClockKind, ServiceClock
from desk.conversations.tables import Conversation
from tests.handoff.serving import PASSWORD, Served, Visitor, copy_of
from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import LIVE_MS, Agent, check_accessible, check_fits

CONSOLE = {"viewport": {"width": 1366, "height": 860}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
ANA, SUELI = "ana@demo.ponte", "supervisora@demo.ponte"


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Iterator[Served]:
    """The service with the demo, and a promise of the queue Suporte."""
    with Served(copy_of(sqlite_template, tmp_path), tmp_path) as running:
        with running.team(SUELI) as sueli:
            queues = sueli.get("/queues").json()["queues"]
            (support,) = [each["id"] for each in queues if each["slug"] == "suporte"]
            targets = {"first_response_normal": 30, "resolution_normal": 480}
            answer = sueli.patch(f"/queues/{support}/service-level", json=targets)
            assert answer.status_code == 200, answer.text
        yield running


@pytest.fixture
def visitor(served: Served) -> Iterator[Visitor]:
    """Somebody who waits in Suporte."""
    with served.visitor() as one:
        one.post("o sistema caiu")
        served.until(lambda: len(one.messages()) == 2, "the bot's answer")
        served.queue_up(one.conversation, "suporte")
        yield one


def signed_in(page: Page, served: Served, email: str) -> Agent:
    return Agent(page, served.base_url).sign_in(PASSWORD, email)


def goes_to(page: Page, served: Served, path: str) -> None:
    page.wait_for_load_state("networkidle")
    page.goto(f"{served.base_url}{path}")
    expect(page.locator("#connection")).to_have_text("Ao vivo", timeout=LIVE_MS)


def macro_of(served: Served, text: str, **macro: object) -> None:
    with served.team(SUELI) as sueli:
        body = {"scope": "global", "shortcut": "aguarda", "title": "Pedir o recibo", "text": text}
        reply = sueli.post("/canned-replies", json=body).json()
        answer = sueli.put(f"/canned-replies/{reply['id']}/macro", json=macro)
        assert answer.status_code == 200, answer.text


async def _half_an_hour_passes(served: Served, visitor: Visitor) -> None:
    """The first answer was due five minutes ago."""
    past = datetime.now(UTC) - timedelta(minutes=5)
    async with served.database.transaction() as session:
        conversation = await conversation_by_public_id(session, visitor.conversation)
        assert conversation is not None
        await session.execute(
            update(ServiceClock)
            .where(
                ServiceClock.conversation_id == conversation.id,
                ServiceClock.kind == ClockKind.FIRST_RESPONSE,
            )
            .values(due_at=past, look_at=past)
        )
        await session.execute(
            update(Conversation)
            .where(Conversation.id == conversation.id)
            .values(service_due_at=past)
        )


def test_what_is_due_shows_in_the_inbox_on_the_board_and_beside_the_conversation(
    served: Served, visitor: Visitor, open_page: OpenPage
) -> None:
    page = open_page("sueli", **CONSOLE)
    signed_in(page, served, SUELI)
    goes_to(page, served, f"/console/conversations/{visitor.conversation}?view=queue&sort=deadline")
    row = page.locator(f"#row-{visitor.conversation}")
    expect(row).to_contain_text("1ª resposta em", timeout=LIVE_MS)
    expect(page.locator("#side-levels")).to_contain_text("Solução em")
    served.call(_half_an_hour_passes(served, visitor))
    expect(row).to_contain_text("1ª resposta atrasada há 5 min", timeout=LIVE_MS)
    expect(page.locator("#side-levels")).to_contain_text("1ª resposta atrasada há")
    picture(page, "levels-inbox")
    check_accessible(page, "an inbox with deadlines")
    with served.visitor() as later:  # Who comes while the page is open has a mark as well.
        served.queue_up(later.conversation, "suporte")
        second = page.locator(f"#row-{later.conversation}")
        expect(second).to_contain_text("1ª resposta em", timeout=LIVE_MS)
    goes_to(page, served, "/console?view=queue&level=late")
    expect(page.locator(f"#row-{visitor.conversation}")).to_be_visible()
    expect(page.get_by_text("Prazo: Vencido")).to_be_visible()
    goes_to(page, served, "/console/board")
    board_row = page.locator(f"#board-row-{visitor.conversation}")
    expect(board_row).to_contain_text("1ª resposta atrasada há")
    picture(page, "levels-board")
    check_accessible(page, "a board with deadlines")


def test_a_macro_is_picked_by_keyboard_seen_first_and_done_at_once(
    served: Served, visitor: Visitor, open_page: OpenPage
) -> None:
    macro_of(served, "Pode mandar o recibo?", set_status="waiting", set_priority=1)
    page = open_page("ana", **CONSOLE)
    signed_in(page, served, ANA)
    goes_to(page, served, f"/console/conversations/{visitor.conversation}")
    page.get_by_role("button", name="Assumir").click()
    box = page.get_by_label("Escreva para o cliente ou uma nota")
    expect(page.get_by_label("Resposta", exact=True)).to_be_checked()
    box.fill("/aguarda")
    option = page.get_by_role("option", name="Pedir o recibo")
    expect(option).to_contain_text("macro")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Pedir o recibo")
    expect(dialog).to_contain_text("Status: Aberto → Aguardando")
    expect(dialog).to_contain_text("Prioridade: Normal → Alta")
    expect(dialog.get_by_label("O que será enviado")).to_have_value("Pode mandar o recibo?")
    picture(page, "macro-preview")
    check_accessible(page, "the preview of a macro")
    dialog.get_by_label("O que será enviado").fill("Pode mandar o recibo, por favor?")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Aplicar macro")).to_be_focused()
    page.keyboard.press("Enter")
    thread = page.locator("#messages")
    expect(thread.get_by_text("Pode mandar o recibo, por favor?")).to_be_visible(timeout=LIVE_MS)
    expect(page.locator(f"#row-{visitor.conversation}")).to_contain_text("Aguardando")
    expect(box).to_have_value("")
    served.until(
        lambda: visitor.messages()[-1]["text"] == "Pode mandar o recibo, por favor?",
        "the customer to read it",
    )


def test_a_macro_that_may_not_be_applied_says_why_and_keeps_what_was_typed(
    served: Served, visitor: Visitor, open_page: OpenPage
) -> None:
    macro_of(served, "Pode mandar o recibo?", set_status="waiting")
    page = open_page("ana", **PHONE)
    signed_in(page, served, ANA)
    goes_to(page, served, f"/console/conversations/{visitor.conversation}")
    box = page.get_by_label("Escreva para o cliente ou uma nota")
    box.fill("/aguarda")
    expect(page.get_by_role("option", name="Pedir o recibo")).to_be_visible()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Pedir o recibo")
    expect(dialog.get_by_role("alert")).to_have_text("Assuma a conversa antes de responder.")
    dialog.get_by_label("O que será enviado").fill("Meu texto")
    dialog.get_by_role("button", name="Aplicar macro").click()
    expect(dialog.get_by_role("alert")).to_have_text("Assuma a conversa antes de responder.")
    expect(dialog.get_by_label("O que será enviado")).to_have_value("Meu texto")
    check_fits(page, "the preview of a macro on a phone")
    picture(page, "macro-refused-phone")
    dialog.get_by_role("button", name="Cancelar").click()
    expect(box).to_have_value("/aguarda")


def test_a_supervisor_sets_deadlines_and_tries_a_rule_before_switching_it_on(
    served: Served, visitor: Visitor, open_page: OpenPage
) -> None:
    page = open_page("sueli", **CONSOLE)
    signed_in(page, served, SUELI)
    page.wait_for_load_state("networkidle")
    page.goto(f"{served.base_url}/console/settings/service-levels")
    page.get_by_role("link", name="Suporte").click()
    first = page.get_by_role("group", name="1ª resposta")
    first.get_by_label("Urgente").fill("45")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("main")).to_contain_text("não pode ser maior")
    expect(first.get_by_label("Urgente")).to_have_value("45")
    picture(page, "levels-form-refused")
    first.get_by_label("Urgente").fill("10")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("1ª resposta: 30 min")).to_be_visible()
    page.goto(f"{served.base_url}/console/settings/rules/new")
    page.get_by_label("Nome").fill("Lembrar quem espera")
    page.get_by_label("Depois de").fill("3")
    page.get_by_label("Escrever ao cliente").fill("Ainda precisa de ajuda?")
    picture(page, "rule-form")
    check_accessible(page, "the form of a rule")
    page.get_by_role("button", name="Criar regra").click()
    page.get_by_role("link", name="Lembrar quem espera").click()
    page.get_by_role("button", name="Testar").click()
    expect(page.get_by_text("Não teria agido em nenhuma conversa")).to_be_visible()
    picture(page, "rule-tried")
    check_accessible(page, "a rule tried on the past")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Ligar").click()
    expect(page.locator("main").get_by_text("Ligada", exact=True)).to_be_visible()
    assert visitor.messages()[-1]["text"] != "Ainda precisa de ajuda?"
