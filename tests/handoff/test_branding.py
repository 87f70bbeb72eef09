"""A brand's colour is readable wherever it stands, and customers' pages bear it."""

import re

import pytest

from handoff.branding import tokens_of
from handoff.contrast import ENOUGH, contrast, readable, text_on
from tests.handoff.serving import Served

COLORS = ("#000000", "#ffffff", "#f5b301", "#0b6670", "#808080", "#ff0000", "#7b2ff7", "#e2f0f0")


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("color", COLORS)
def test_every_text_on_or_in_a_brands_colour_can_be_read(color: str) -> None:
    tokens = {name: re.findall(r"#[0-9a-f]{6}", value) for name, value in tokens_of(color).items()}
    for text, ground in (
        ("on-brand", "brand"),
        ("brand-ink", "brand-soft"),
        ("on-bubble-out", "bubble-out"),
    ):
        for scheme in (0, 1):
            ratio = contrast(tokens[text][scheme], tokens[ground][scheme])
            assert ratio >= ENOUGH, (text, scheme, ratio)
    assert contrast(readable(color, "#ffffff"), "#ffffff") >= ENOUGH
    assert contrast(text_on(color), color) >= ENOUGH


def test_the_portal_and_the_sign_in_bear_name_colour_and_note(served: Served) -> None:
    with served.team("admin@demo.ponte") as admin, served.client() as browser:
        brand = {"name": "Acme & Filhos", "color": "#f5b301"}
        assert admin.put("/configuration/brand", json=brand).status_code == 200
        note = {"text": "Instabilidade <desde> 14h"}
        assert admin.put("/configuration/portal-note", json=note).status_code == 200
        portal, login = (browser.get(path).text for path in ("/portal/login", "/console/login"))
        assert "Acme &amp; Filhos" in portal
        assert "Acme &amp; Filhos" in login
        assert "Instabilidade &lt;desde&gt; 14h" in portal
        assert "Instabilidade" not in login
        style = browser.get("/brand/f5b301.css")
        assert style.headers["content-type"].startswith("text/css")
        assert "--brand: light-dark(#f5b301" in style.text
        assert browser.get("/brand/x;}.css").status_code == 404
        later = note | {"starts_at": "2120-01-01T00:00:00Z"}
        admin.put("/configuration/portal-note", json=later)
        assert "Instabilidade" not in browser.get("/portal/login").text
        admin.put("/configuration/brand", json={})
