"""An agent whose WhatsApp customer has been silent for more than a day: a template goes instead."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.fakes.whatsapp import template
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
