"""A WhatsApp number as an admin registers it, and its templates as Meta lists them."""

from collections.abc import Iterator

import httpx
import pytest

from tests.fakes.whatsapp import (
    APP_SECRET,
    BAD_GATEWAY,
    BUSINESS_ID,
    NUMBER_ID,
    SECRETS,
    VERIFY_TOKEN,
    template,
)
from tests.handoff.test_campaigns import ADMIN, SUPERVISOR, console, good, token_of
from tests.handoff.whatsapp_chat import SLUG, WhatsAppChat
from tests.handoff.whatsapp_templates import LISTED, channel_id, with_templates


@pytest.fixture
def admin(whatsapp: WhatsAppChat) -> Iterator[httpx.Client]:
    with whatsapp.served.team(ADMIN) as client:
        yield client


def test_all_pages_of_templates_are_read_and_what_is_gone_goes(
    whatsapp: WhatsAppChat, admin: httpx.Client
) -> None:
    found = with_templates(whatsapp, admin)
    shown = {(each["name"], each["language"]): each for each in found}
    assert [name for name, _language in shown] == sorted(
        ["aviso_geral", "boas_vindas", "com_foto", "em_analise", "news"]
    )
    sendable = {each["name"] for each in found if each["sendable"]}
    assert sendable == {"aviso_geral", "boas_vindas", "news"}
    greeting = shown["boas_vindas", "pt_BR"]
    assert greeting["variables"] == ["header.1", "nome"]
    assert greeting["words"] == "Sobre {{1}}\n\nOlá {{nome}}!\n\nAcme Sistemas"
    whatsapp.served.whatsapp.templates = [[template()]]
    again = good(admin.post(f"/channels/{channel_id(admin)}/templates"))["templates"]
    assert [(each["name"], each["id"]) for each in again] == [
        ("aviso_geral", shown["aviso_geral", "pt_BR"]["id"])
    ]
    assert good(admin.get(f"/channels/{channel_id(admin)}/templates"))["templates"] == again


def test_an_admin_connects_a_number_and_its_secrets_are_never_shown(
    whatsapp: WhatsAppChat, admin: httpx.Client
) -> None:
    whatsapp.served.whatsapp.templates = LISTED
    page = f"/console/settings/channels/{channel_id(admin)}"
    with console(whatsapp.served, ADMIN) as client:
        number = {
            "csrf": token_of(client, page),
            "number_id": NUMBER_ID,
            "business_id": BUSINESS_ID,
        }
        answer = client.post(f"{page}/number", data={**number, "token": SECRETS["token"]})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?ok=connected")
        shown = client.get(page).text
        for word in ("+55 11 4000-0000", "Acme Sistemas", "boa", VERIFY_TOKEN, "aviso_geral"):
            assert word in shown
        assert f"/channels/whatsapp_cloud/{SLUG}" in shown
        assert "spam" in shown
        assert SECRETS["token"] not in shown
        assert APP_SECRET not in shown
        refused = client.post(f"{page}/number", data={**number, "number_id": "abc"})
        assert refused.status_code == 400
        assert "formato" in refused.text
        whatsapp.served.whatsapp.templates = [[template()]]
        assert client.post(f"{page}/templates", data=number).status_code == 303
        assert "boas_vindas" not in client.get(page).text
    assert f"{BUSINESS_ID}/subscribed_apps" in whatsapp.served.whatsapp.read


def test_a_new_number_is_registered_over_the_api_and_refusals_are_told(
    whatsapp: WhatsAppChat, admin: httpx.Client
) -> None:
    values = {"kind": "whatsapp_cloud", "slug": f"outro-{whatsapp.number}", "name": "Outro"}
    made = good(admin.post("/channels", json={**values, "brand": "Acme"}))["id"]
    path = f"/channels/{made}/number"
    ids = {"number_id": "999111", "business_id": BUSINESS_ID}
    missing = admin.post(path, json=ids)
    assert (missing.status_code, missing.json()["error"]["field"]) == (400, "token")
    secrets = {"token": "errado", "app_secret": "s"}
    taken = admin.post(path, json={**ids, "number_id": NUMBER_ID, **secrets})
    assert (taken.status_code, taken.json()["error"]["field"]) == (400, "number_id")
    expired = admin.post(path, json={**ids, **secrets})
    assert expired.status_code == 400
    assert "token de acesso não vale mais" in expired.json()["error"]["message"]
    assert "errado" not in expired.text
    with whatsapp.served.team(SUPERVISOR) as sueli:
        assert sueli.post(path, json={**ids, **secrets}).status_code == 403
    web = channel_id(admin, "demo")
    assert admin.post(f"/channels/{web}/number", json={**ids, **secrets}).status_code == 400
    assert admin.post(f"/channels/{web}/templates").status_code == 400


def test_a_number_is_connected_over_the_api(whatsapp: WhatsAppChat, admin: httpx.Client) -> None:
    ids = {"number_id": NUMBER_ID, "business_id": BUSINESS_ID}
    told = good(admin.post(f"/channels/{channel_id(admin)}/number", json=ids))
    assert (told["phone"], told["quality"]) == ("+55 11 4000-0000", "GREEN")
    assert told["verify_token"] == VERIFY_TOKEN
    assert told["webhook_url"].endswith(f"/channels/whatsapp_cloud/{SLUG}")


def test_templates_that_cannot_be_read_now_stay_as_they_were(
    whatsapp: WhatsAppChat, admin: httpx.Client
) -> None:
    before = with_templates(whatsapp, admin)
    whatsapp.served.whatsapp.file_answers.append(BAD_GATEWAY)
    path = f"/channels/{channel_id(admin)}/templates"
    refused = admin.post(path)
    assert refused.status_code == 400
    assert "Tente de novo" in refused.json()["error"]["message"]
    assert good(admin.get(path))["templates"] == before
