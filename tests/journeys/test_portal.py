"""The customer's portal in a real browser, from the chat's password to the rating."""

import re
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import Customer, check_accessible, check_fits, png_file
from tests.journeys.test_first_conversation import identify
from tests.system import RunningSystem
from tests.webchat import wait_until

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
OWN, NEW = "padaria abre às seis", "estrela do bairro 2026"
NUMBER = re.compile(r"#(20\d\d-\d{6})")
LINK = re.compile(r"http\S+/portal/reset\?token=\S+")


class Portal:
    """Somebody at ``/portal``; every page looked at is checked and kept."""

    def __init__(self, page: Page, base_url: str, size: str) -> None:
        self.page = page
        self.base_url = base_url
        self.size = size

    def look(self, what: str) -> None:
        """The page fits, has no violation, and its picture is kept."""
        check_fits(self.page, f"{what} ({self.size})")
        check_accessible(self.page, f"{what} ({self.size})")
        picture(self.page, f"portal-{self.size}-{what}", full_page=True)

    def open(self, path: str = "") -> None:
        """Goes to a page."""
        self.page.goto(f"{self.base_url}/portal{path}")

    def fill(self, **fields: str) -> None:
        """Fills fields by their names."""
        for name, value in fields.items():
            self.page.locator(f"[name={name}]").fill(value)

    def press(self, name: str) -> None:
        """Presses a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def sign_in(self, email: str, password: str) -> None:
        """Fills the login."""
        self.fill(email=email, password=password)
        self.press("Entrar")

    def reads(self, *words: str | re.Pattern[str]) -> None:
        """The page says so."""
        for each in words:
            expect(self.page.locator("body")).to_contain_text(each)


@pytest.mark.parametrize(("size", "options"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_a_customer_goes_from_the_chats_password_to_the_rating(
    system: RunningSystem, open_page: OpenPage, size: str, options: dict[str, Any]
) -> None:
    email = f"maria.{uuid.uuid4().hex[:8]}@padariaestrela.com.br"
    customer = Customer(open_page("customer", **DESKTOP), system.base_url).open()
    provisional = identify(customer, "Maria Souza", email)
    portal = Portal(open_page("portal", **options), system.base_url, size)

    set_an_own_password(portal, email, provisional)
    number = open_a_ticket_with_a_picture(portal)
    answer_with_a_document(portal)
    the_team_answers_and_resolves(portal, system, number)
    rate(portal)
    reopen(portal)
    get_back_in_with_a_forgotten_password(portal, system, email)
    assert provisional not in system.log("handoff")


def test_everything_works_without_javascript(system: RunningSystem, open_page: OpenPage) -> None:
    email = f"joana.{uuid.uuid4().hex[:8]}@padariaestrela.com.br"
    customer = Customer(open_page("customer", **DESKTOP), system.base_url).open()
    provisional = identify(customer, "Joana Lima", email)
    page = open_page("portal", **PHONE, java_script_enabled=False)
    portal = Portal(page, system.base_url, "plain")
    portal.open()
    portal.sign_in(email, provisional)
    portal.fill(password=OWN, again=OWN)
    portal.press("Salvar nova senha")
    page.get_by_role("link", name="Novo chamado").click()
    portal.fill(subject="Sem JavaScript", description="Também deve funcionar.")
    chosen = [png_file("tela.png"), a_file("vazio.png", b"")]
    page.locator("[name=files]").set_input_files(chosen)
    portal.press("Abrir chamado")
    portal.reads("“vazio.png” está vazio (0 bytes)")
    expect(page.get_by_label("tela.png")).to_be_checked()
    expect(page.locator("[name=subject]")).to_have_value("Sem JavaScript")
    picture(page, "portal-plain-comes-back")
    portal.press("Abrir chamado")
    portal.reads("Chamado aberto.", "Também deve funcionar.")
    expect(page.get_by_role("img", name="tela.png")).to_be_visible()
    portal.press("Sair")
    portal.reads("Você saiu do portal")


def set_an_own_password(portal: Portal, email: str, provisional: str) -> None:
    """Nothing else is reachable before."""
    portal.open()
    portal.look("login")
    portal.sign_in(email, "errada")
    portal.reads("E-mail ou senha não conferem")
    portal.look("login-refused")
    portal.sign_in(email, provisional)
    portal.reads("Crie a sua senha")
    portal.look("own-password")
    portal.open("/tickets/new")
    portal.reads("Crie a sua senha")
    portal.fill(password=OWN, again="outra coisa")
    portal.press("Salvar nova senha")
    portal.reads("As duas senhas não são iguais")
    portal.look("own-password-refused")
    portal.fill(password=OWN, again=OWN)
    portal.press("Salvar nova senha")
    portal.reads("Olá, Maria", "Senha alterada", "Você ainda não tem chamados")
    portal.look("no-tickets")


def open_a_ticket_with_a_picture(portal: Portal) -> str:
    """What cannot be sent is said at once, and leaves the rest alone; gives the number."""
    page = portal.page
    page.get_by_role("link", name="Novo chamado").click()
    portal.reads("Padaria Estrela LTDA")
    portal.look("new")
    portal.fill(
        subject="Impressora fiscal não responde",
        description="Parou hoje cedo.\nA tela mostra o erro 503, veja a foto.",
    )
    page.get_by_label("Tipo de solicitação").select_option("Erro no sistema")
    files = page.locator("[name=files]")
    files.set_input_files([png_file("erro-503.png")])
    files.set_input_files([a_file("vazio.png", b"")])
    portal.reads("“vazio.png” está vazio (0 bytes)")
    expect(page.locator(".tray__name")).to_have_text(["erro-503.png"])
    portal.look("new-filled")
    page.get_by_role("button", name="Abrir chamado").dblclick()
    portal.reads("Chamado aberto.", "Erro no sistema", "Padaria Estrela LTDA")
    image = page.get_by_role("img", name="erro-503.png")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    portal.look("opened")
    match = NUMBER.search(page.locator("main").inner_text())
    assert match is not None
    portal.open()
    expect(page.locator(".card")).to_have_count(1)
    page.get_by_role("link", name="Impressora fiscal não responde").click()
    portal.reads("Histórico")
    return match.group(1)


def answer_with_a_document(portal: Portal) -> None:
    """An action with words and a file."""
    portal.press("Enviar")
    portal.reads("Escreva uma mensagem ou anexe um arquivo.")
    portal.look("answer-empty")
    portal.fill(text="Segue o log do programa.")
    log = a_file("programa.log", b"erro 503\n", "text/plain")
    portal.page.locator("[name=files]").set_input_files([log])
    portal.press("Enviar")
    portal.reads("Sua mensagem foi registrada", "Segue o log do programa.", "programa.log")
    address = portal.page.get_by_role("link", name=re.compile("programa.log")).get_attribute("href")
    assert httpx.get(portal.base_url + str(address)).text == "erro 503\n"


def the_team_answers_and_resolves(portal: Portal, system: RunningSystem, number: str) -> None:
    """Through the API; the list says that there is news, the ticket shows all of it."""
    api = f"{system.base_url}/api/v1"
    login = {"email": "ana@demo.ponte", "password": system.demo_password}
    token = httpx.post(f"{api}/session", json=login).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    text = "Trocamos o cabo. Veja como testar em https://acme.example/ajuda/impressora."
    for path, body in (("actions", {"text": text}), ("status", {"status": "resolved"})):
        answer = httpx.post(f"{api}/tickets/{number}/{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
    portal.open()
    portal.reads("Novidade", "Resolvido")
    portal.look("news")
    portal.page.get_by_role("link", name="Impressora fiscal não responde").click()
    portal.reads("Nossa equipe", "Trocamos o cabo.", "Como foi o atendimento?")
    link = portal.page.get_by_role("link", name="https://acme.example/ajuda/impressora")
    expect(link).to_have_attribute("href", "https://acme.example/ajuda/impressora")
    portal.look("resolved")


def rate(portal: Portal) -> None:
    """Four of five, with words."""
    four = portal.page.locator(".score").nth(3)
    four.click()
    # Chromium once told axe the old colour of a label whose new one was painted already.
    expect(four.locator(".score__label")).to_have_css("color", "rgb(255, 255, 255)")
    portal.fill(comment="Rápidos e atenciosos.")
    portal.look("rating")
    portal.press("Enviar avaliação")
    portal.reads("Avaliação recebida.", "4 de 5", "Rápidos e atenciosos.")
    portal.look("rated")


def reopen(portal: Portal) -> None:
    """An answer on an ended ticket opens it again."""
    portal.fill(text="Voltou a falhar agora à tarde.")
    portal.press("Enviar e reabrir")
    portal.reads("Voltou a falhar agora à tarde.")
    expect(portal.page.locator(".ticket .status")).to_have_text("Aberto")
    portal.look("reopened")


def get_back_in_with_a_forgotten_password(
    portal: Portal, system: RunningSystem, email: str
) -> None:
    """The link of the e-mail works once."""
    portal.press("Sair")
    portal.reads("Você saiu do portal")
    portal.page.get_by_role("link", name="Esqueci a senha").click()
    portal.look("forgot")
    portal.fill(email=email)
    portal.press("Enviar endereço")
    portal.reads("Confira o seu e-mail", email)
    portal.look("forgot-sent")
    link = wait_for_link(system.var_dir / "mail", email)
    portal.page.goto(link)
    portal.reads("Escolha uma nova senha", email)
    portal.look("reset")
    portal.fill(password=NEW, again=NEW)
    portal.press("Salvar nova senha")
    portal.reads("Senha alterada. Entre com a nova senha.")
    portal.sign_in(email, NEW)
    portal.reads("Olá, Maria")
    portal.page.goto(link)
    portal.reads("Este endereço não vale mais")
    portal.look("reset-used")
    assert link.partition("token=")[2] not in system.log("handoff")


def wait_for_link(folder: Path, email: str) -> str:
    """The address in the newest e-mail to somebody."""
    links: list[str] = []

    def has_come() -> bool:
        for path in sorted(folder.glob("*.eml")):
            text = path.read_text("utf-8")
            if f"To: {email}" in text and (match := LINK.search(text)):
                links.append(match.group())
        return bool(links)

    wait_until(has_come, what="the e-mail")
    return links[-1]


def a_file(name: str, content: bytes, mime: str = "application/octet-stream") -> FilePayload:
    """A file to pick."""
    return {"name": name, "mimeType": mime, "buffer": content}
