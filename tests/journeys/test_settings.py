"""An admin sets the desk up in a real browser; every page of the settings is looked at."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.handoff.serving import PASSWORD, Served, copy_of
from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import check_accessible, check_fits

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
PAGES = (
    "",
    "/users",
    "/users/new",
    "/users/3",
    "/queues",
    "/queues/new",
    "/queues/1",
    "/calendars",
    "/calendars/new",
    "/request-types",
    "/request-types/1",
    "/tags",
    "/automation",
    "/companies",
    "/companies/3",
    "/contacts",
    "/contacts/new",
    "/imports",
    "/channels",
    "/channels/1",
    "/channels/2",
    "/channels/new?kind=webchat",
    "/brand",
    "/portal-note",
    "/webhooks",
    "/webhooks/new",
    "/audit",
)
TABLE = "CNPJ;Razão Social\n38.119.044/0001-08;Açougue São José\n123;Errada\n"


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Iterator[Served]:
    """The real service without Rasa: nobody talks to the bot here."""
    with Served(copy_of(sqlite_template, tmp_path), tmp_path) as running:
        yield running


class Admin:
    """Somebody in the settings."""

    def __init__(self, page: Page, served: Served, email: str = "admin@demo.ponte") -> None:
        self.page = page
        self.root = f"{served.base_url}/console/settings"
        page.goto(f"{served.base_url}/console/login")
        self.fill(email=email, password=PASSWORD)
        self.press("Entrar")
        page.wait_for_url("**/console*")

    def open(self, path: str) -> None:
        """Goes to a page of the settings."""
        self.page.goto(self.root + path)

    def fill(self, **fields: str) -> None:
        """Fills fields by their names."""
        for name, value in fields.items():
            self.page.locator(f"[name={name}]").fill(value)

    def press(self, name: str) -> None:
        """Presses a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def reads(self, *words: str) -> None:
        """The page says so."""
        for each in words:
            expect(self.page.locator("body")).to_contain_text(each)


@pytest.mark.parametrize(
    ("size", "options"),
    [
        ("desktop", DESKTOP | {"color_scheme": "light"}),
        ("phone", PHONE | {"color_scheme": "dark"}),
    ],
)
def test_every_page_of_the_settings_is_accessible_and_fits(
    served: Served, open_page: OpenPage, size: str, options: dict[str, Any]
) -> None:
    admin = Admin(open_page("admin", **options), served)
    for path in PAGES:
        admin.open(path)
        expect(admin.page.locator("h1")).to_be_visible()
        check_fits(admin.page, f"{path} ({size})")
        check_accessible(admin.page, f"{path} ({size})")
        name = re.sub(r"\W+", "-", path).strip("-") or "overview"
        picture(admin.page, f"settings-{size}-{name}")


def test_an_admin_sets_up_a_desk_by_its_pages(served: Served, open_page: OpenPage) -> None:
    admin = Admin(open_page("admin", **DESKTOP), served)
    make_hours_and_a_queue(admin)
    login = make_a_person(admin, served)
    first_login(open_page("carla", **DESKTOP), served, *login)
    import_companies(admin)
    make_a_tag_twice(admin)
    show_the_brand(admin, open_page("customer", **PHONE), served)
    admin.open("/audit")
    for words in ("Importou um CSV", "Criou uma fila", "Criou uma pessoa", "Mudou a configuração"):
        expect(admin.page.get_by_role("cell", name=words, exact=True).first).to_be_visible()
    with admin.page.expect_download() as download:
        admin.page.get_by_role("link", name="Baixar CSV").click()
    assert "queue.created" in download.value.path().read_text("utf-8-sig")


def make_hours_and_a_queue(admin: Admin) -> None:
    """Hours typed as people do; what cannot be read is said and nothing is lost."""
    admin.open("/calendars/new")
    admin.fill(name="Comercial", own="25/01 Aniversário\nsem data")
    admin.page.get_by_label("Sábado").fill("8h às 12h30")
    admin.press("Salvar")
    admin.reads("Não entendemos “sem data”")
    expect(admin.page.get_by_label("Sábado")).to_have_value("8h às 12h30")
    admin.fill(own="25/01 Aniversário")
    admin.press("Salvar")
    admin.reads("Comercial", "08:00-12:30")
    admin.open("/queues/new")
    admin.fill(name="Pós-venda")
    admin.page.get_by_label("Ana Atendente").check()
    admin.page.get_by_label("Rodízio").check()
    admin.page.get_by_label("Horário de atendimento").select_option(label="Comercial")
    admin.press("Criar fila")
    admin.reads("Criado.", "Pós-venda", "Rodízio")
    admin.press("Subir Pós-venda")
    names = admin.page.locator(".entry__link")
    expect(names.nth(2)).to_have_text("Pós-venda")
    admin.open("/calendars")
    admin.page.get_by_role("link", name="Comercial", exact=True).click()
    admin.page.once("dialog", lambda dialog: dialog.accept())
    admin.press("Excluir")
    admin.reads("Este horário está em uso: Pós-venda.")


def make_a_person(admin: Admin, served: Served) -> tuple[str, str]:
    """The provisional password is shown once."""
    admin.open("/users/new")
    admin.fill(name="Carla Dias", email="ana@demo.ponte")
    admin.press("Criar pessoa")
    admin.reads("Já existe uma pessoa com este e-mail.")
    admin.fill(email="carla@demo.ponte")
    admin.page.get_by_label("Pós-venda").check()
    admin.press("Criar pessoa")
    password = admin.page.locator("#secret").inner_text()
    admin.open("/users")
    admin.reads("Carla Dias", "Senha provisória")
    assert password not in admin.page.content()
    return "carla@demo.ponte", password


def first_login(page: Page, served: Served, email: str, password: str) -> None:
    """Nothing else opens before an own password is set."""
    page.goto(f"{served.base_url}/console/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Senha").fill(password)
    page.get_by_role("button", name="Entrar").click()
    expect(page.get_by_role("heading", name="Crie a sua senha")).to_be_visible()
    page.goto(f"{served.base_url}/console/profile")
    expect(page.get_by_role("heading", name="Crie a sua senha")).to_be_visible()
    check_accessible(page, "first password")
    for again, words in (("outra coisa", "não são iguais"), ("café da manhã", "Atendimento")):
        page.get_by_label("Nova senha", exact=True).fill("café da manhã")
        page.get_by_label("Repita").fill(again)
        page.get_by_role("button", name="Salvar nova senha").click()
        expect(page.locator("body")).to_contain_text(words)
    page.goto(f"{served.base_url}/console/profile")
    expect(page.locator("body")).to_contain_text("Pós-venda")
    check_accessible(page, "profile")
    page.goto(f"{served.base_url}/console/settings/users")
    expect(page.locator("body")).to_contain_text("Você não tem permissão")


def import_companies(admin: Admin) -> None:
    """Shown first, then done; the errors as a file."""
    admin.open("/imports")
    table = FilePayload(name="e.csv", mimeType="text/csv", buffer=TABLE.encode("cp1252"))
    admin.page.locator("[name=csv]").set_input_files([table])
    admin.press("Ver prévia")
    admin.reads("Prévia da importação", "O CNPJ não é válido.", "Açougue São José")
    check_accessible(admin.page, "preview")
    picture(admin.page, "settings-preview", full_page=True)
    with admin.page.expect_download() as download:
        admin.page.get_by_role("link", name="Baixar erros").click()
    assert "3;Errada;O CNPJ não é válido." in download.value.path().read_text("utf-8-sig")
    admin.press("Importar 1 linha(s)")
    admin.reads("Importação terminada")
    admin.open("/companies?q=acougue")
    admin.page.get_by_role("link", name="Açougue São José").click()
    admin.page.get_by_label("Bloqueada").check()
    admin.press("Salvar")
    expect(admin.page.locator(".mark--bad")).to_have_text("Bloqueada")


def make_a_tag_twice(admin: Admin) -> None:
    """A second that reads alike is refused beside its field."""
    for name in ("Cobrança", "cobranca"):
        admin.open("/tags")
        admin.fill(name=name)
        admin.press("Criar")
    error = admin.page.locator(".field__error")
    expect(error).to_contain_text("Já existe a etiqueta “Cobrança”")
    expect(admin.page.get_by_label("Nova etiqueta")).to_have_attribute("aria-invalid", "true")


def show_the_brand(admin: Admin, customer: Page, served: Served) -> None:
    """A yellow brand stays readable on customers' pages; the note is above them."""
    admin.open("/brand")
    admin.fill(name="Acme & Filhos", color="#f5b301")
    admin.press("Salvar")
    admin.reads("Salvo.", "links usam um tom mais escuro")
    admin.open("/portal-note")
    admin.fill(text="Instabilidade no portal desde as 14h.")
    admin.press("Salvar")
    admin.reads("No ar agora")
    for path in ("/portal/login", "/webchat/demo"):
        customer.goto(served.base_url + path)
        brand = "getComputedStyle(document.documentElement).getPropertyValue('--brand')"
        assert "#f5b301" in customer.evaluate(brand), path
        check_accessible(customer, path)
    customer.goto(f"{served.base_url}/portal/login")
    expect(customer.locator("body")).to_contain_text("Acme & Filhos · Portal")
    expect(customer.get_by_role("status")).to_contain_text("Instabilidade")
    picture(customer, "portal-branded")
