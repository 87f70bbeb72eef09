"""An agent whose WhatsApp customer has been silent for more than a day: a template goes instead."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.fakes.whatsapp import ACCESS_TOKEN, APP_SECRET, BUSINESS_ID, NUMBER_ID, template
from tests.handoff.serving import PASSWORD, Served, copy_of
from tests.handoff.test_campaigns import ADMIN
from tests.handoff.whatsapp_chat import WhatsAppChat, connect_number
from tests.handoff.whatsapp_templates import channel_id
from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import LIVE_MS, Agent, check_accessible, check_fits

DESKTOP = {"viewport": {"width": 1366, "height": 860}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
GREETING = template("boas_vindas", "Olá {{nome}}!", header="Sobre {{1}}", footer="Acme Sistemas")


@pytest.fixture
def late(sqlite_template: Path, tmp_path: Path) -> Iterator[WhatsAppChat]:
    """Somebody whom Ana has, silent for a day and more; two templates are approved."""
    with Served(copy_of(sqlite_template, tmp_path), tmp_path) as served:
        connect_number(served)
        served.whatsapp.templates = [[template(), GREETING]]
        with served.client() as client, served.team(ADMIN) as admin:
            admin.post(f"/channels/{channel_id(admin)}/templates").raise_for_status()
            chat = WhatsAppChat(served, client)
            chat.write("oi")
            chat.until_states("sent")
            chat.claimed()
            chat.close_window()
            served.whatsapp.sent.clear()
            yield chat


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_closed_window_is_shown_before_typing_and_a_template_is_filled_seen_and_sent(
    late: WhatsAppChat, open_page: OpenPage, screen: dict[str, object]
) -> None:
    page = open_page("ana", **screen)
    Agent(page, late.served.base_url).sign_in(PASSWORD)
    page.goto(f"{late.served.base_url}/console/conversations/{late.public_id}")
    expect(page.locator("#window-closed")).to_contain_text("A janela de 24 horas fechou")
    expect(page.get_by_role("radio", name="Resposta")).to_be_disabled()
    check_accessible(page, "a closed window")
    page.get_by_role("button", name="Escolher modelo").click()
    dialog = page.get_by_role("dialog", name="Enviar modelo")
    expect(dialog).to_contain_text("Olá {{1}}, seu chamado {{2}} foi atualizado.")
    dialog.get_by_role("button", name="boas_vindas").click()
    preview = dialog.locator("#template-preview")
    expect(preview).to_have_text("Sobre {{1}} Olá {{nome}}! Acme Sistemas")
    dialog.get_by_role("button", name="Outro modelo").click()
    dialog.get_by_role("button", name="aviso_geral").click()
    dialog.get_by_label("Variável 1").fill("Maria")
    dialog.get_by_label("Variável 2").fill("2026-42")
    expect(preview).to_have_text("Olá Maria, seu chamado 2026-42 foi atualizado.")
    check_accessible(page, "a template that is being filled")
    check_fits(page, "a template that is being filled")
    picture(page, f"whatsapp-template-{page.viewport_size['width'] if page.viewport_size else 0}")
    dialog.get_by_role("button", name="Enviar", exact=True).click()
    expect(dialog).to_be_hidden()
    messages = page.locator("#messages")
    expect(messages).to_contain_text("Olá Maria, seu chamado 2026-42", timeout=LIVE_MS)
    late.until_states("sent", "sent")
    (sent,) = late.served.whatsapp.sent
    assert sent["template"]["name"] == "aviso_geral"
    late.write("recebi")
    expect(page.locator("#window-closed")).to_be_hidden(timeout=LIVE_MS)
    expect(page.get_by_role("radio", name="Resposta")).to_be_enabled()
    expect(page.locator(".composer__hint")).to_contain_text("aceita respostas até")


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_admin_registers_a_number_and_reads_its_templates(
    sqlite_template: Path, tmp_path: Path, open_page: OpenPage, screen: dict[str, object]
) -> None:
    with Served(copy_of(sqlite_template, tmp_path), tmp_path) as served:
        served.whatsapp.templates = [[template(), GREETING]]
        page = open_page("admin", **screen)
        Agent(page, served.base_url).sign_in(PASSWORD, ADMIN)
        page.goto(f"{served.base_url}/console/settings/channels")
        page.get_by_role("link", name="Novo WhatsApp").click()
        page.get_by_label("Nome para a equipe").fill("WhatsApp do suporte")
        page.get_by_label("Identificador").fill("suporte")
        page.get_by_label("Nome que o cliente vê").fill("Acme Sistemas")
        page.get_by_role("button", name="Criar canal").click()
        page.get_by_label("ID do número de telefone").fill(NUMBER_ID)
        page.get_by_label("ID da conta do WhatsApp Business").fill(BUSINESS_ID)
        page.get_by_label("Token de acesso").fill("errado")
        page.get_by_label("Chave secreta do aplicativo").fill(APP_SECRET)
        page.get_by_role("button", name="Conectar").click()
        expect(page.get_by_text("o token de acesso não vale mais")).to_be_visible()
        check_accessible(page, "a number that was refused")
        page.get_by_label("Token de acesso").fill(ACCESS_TOKEN)
        page.get_by_role("button", name="Conectar").click()
        expect(page.get_by_text("+55 11 4000-0000")).to_be_visible()
        expect(
            page.get_by_text(f"{served.base_url}/channels/whatsapp_cloud/suporte")
        ).to_be_visible()
        expect(page.get_by_text("Olá {{1}}, seu chamado {{2}} foi atualizado.")).to_be_visible()
        check_accessible(page, "a connected number")
        check_fits(page, "a connected number")
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.get_by_role("heading", name="Modelos de mensagem").scroll_into_view_if_needed()
        picture(page, f"whatsapp-number-{width}")
