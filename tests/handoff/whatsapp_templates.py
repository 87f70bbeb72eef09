"""Templates as Meta lists them, and reading them over the API."""

from typing import Any

import httpx

from tests.fakes.whatsapp import template
from tests.handoff.test_campaigns import good
from tests.handoff.whatsapp_chat import SLUG, WhatsAppChat

GREETING = template("boas_vindas", "Olá {{nome}}!", header="Sobre {{1}}", footer="Acme Sistemas")
PICTURE = template("com_foto", "Olá")
PICTURE["components"].insert(0, {"type": "HEADER", "format": "IMAGE"})
LISTED = [
    [template(), GREETING, template("em_analise", status="PENDING")],
    [PICTURE, template("news", "Hello", "en_US")],
]


def channel_id(admin: httpx.Client, slug: str = SLUG) -> int:
    return next(
        int(each["id"]) for each in good(admin.get("/channels"))["channels"] if each["slug"] == slug
    )


def with_templates(whatsapp: WhatsAppChat, admin: httpx.Client) -> list[dict[str, Any]]:
    whatsapp.served.whatsapp.templates = LISTED
    found = good(admin.post(f"/channels/{channel_id(admin)}/templates"))["templates"]
    whatsapp.served.whatsapp.templates = []
    return list(found)
