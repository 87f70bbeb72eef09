"""`python -m docs.screenshots [name …]`: pictures of the documentation, of real conversations."""

import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.conftest import CHROMIUM_FLAGS, find_chromium
from tests.journeys.people import LIVE_MS, Agent, Customer, png_file
from tests.system import RunningSystem, temporary_system
from tests.webchat import WebChat

IMAGES = Path(__file__).parent / "images"
SCALE = 1.5
MARGIN_PX = 36
BACKDROP = "#dfe5e4"
COLOURS = 192
OTHERS = (
    ("12.ABC.345/01DE-35", "Carla Dias", "carla@oficinaboavista.com.br", "quero uma pessoa"),
    ("90.410.023/0001-67", "João Pedro Lima", "joao@mercadoaurora.com.br", "falar com atendente"),
)


HELP_FOLDER = Path(__file__).parents[1] / "help_center" / "acesso"
QUESTION = "como faço pra ligar a verificação em duas etapas?"


def main() -> None:
    """Takes those that are named, or all."""
    IMAGES.mkdir(exist_ok=True)
    names = sys.argv[1:] or list(PICTURES)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(CHROMIUM_FLAGS)
        )
        for name in names:
            PICTURES[name](browser).save(IMAGES / f"{name}.png", optimize=True)
        browser.close()


def customer_and_agent(browser: Browser) -> Image.Image:
    """What both people see of one conversation."""
    with temporary_system() as system:
        return side_by_side(*play(system, browser))


def question_and_answer(browser: Browser) -> Image.Image:
    """A question in the web chat, and what the documentation answers."""
    with tempfile.TemporaryDirectory(prefix="ponte-") as folder:
        system = RunningSystem(Path(folder), help_dir=HELP_FOLDER)
        try:
            system.start()
            system.command("index-docs", "--only-folders", "--quiet")
            customer = Customer(page_of(browser, width=460, height=1000), system.base_url).open()
            customer.ask("oi", "CNPJ")
            customer.ask("11222333000181", "nome")
            customer.ask("Maria Souza", "e-mail")
            customer.ask("maria@padariaestrela.com.br", "0 - Criar")
            customer.ask(QUESTION, "Isso ajudou")
            customer.page.wait_for_timeout(1500)
            return side_by_side(customer.page)
        finally:
            system.stop()


def play(system: RunningSystem, browser: Browser) -> tuple[Page, Page]:
    """A customer with a broken printer reaches Ana, who answers."""
    agent = Agent(page_of(browser, width=1240, height=780), system.base_url)
    agent.sign_in(system.demo_password)
    customer = Customer(page_of(browser, width=400, height=780), system.base_url).open()
    customer.ask("oi", "CNPJ")
    customer.ask("11222333000181", "nome")
    customer.ask("Maria Souza", "e-mail")
    customer.ask("maria@padariaestrela.com.br", "0 - Criar")
    customer.press("Criar novo atendimento", "assunto")
    customer.ask("Impressora fiscal não responde", "tipo")
    customer.press("Erro no sistema", "detalhes")
    customer.ask("Desde cedo aparece o erro 503", "Fim")
    customer.attach(png_file("erro-503.png"))
    customer.ask("", "Fim")
    customer.ask("Fim", "0 - Criar")
    customer.ask("quero falar com uma pessoa", "fila")
    for cnpj, name, email, wish in OTHERS:
        wait_in_queue(system, cnpj, name, email, wish)
    agent.open("Maria Souza")
    agent.do("Assumir")
    agent.say("Oi, Maria! Sou da equipe de suporte e já vi a tela que você mandou.")
    customer.write("que bom! preciso emitir as notas hoje")
    expect(agent.messages.get_by_text("preciso emitir")).to_be_visible(timeout=LIVE_MS)
    agent.say("Entendi. Reiniciei o serviço daqui, tente imprimir agora, por favor 🙂")
    customer.write("funcionou, obrigada!")
    expect(agent.messages.get_by_text("funcionou")).to_be_visible(timeout=LIVE_MS)
    agent.show("Na fila")
    customer.page.wait_for_timeout(1500)
    return customer.page, agent.page


def wait_in_queue(system: RunningSystem, cnpj: str, name: str, email: str, wish: str) -> None:
    """Another customer who asks for a person."""
    with WebChat(system, visitor_id=str(uuid.uuid4())) as chat:
        for words in ("oi", cnpj, name, email, wish):
            chat.ask(words)


def page_of(browser: Browser, **viewport: int) -> Page:
    """A page in a context of its own."""
    options: dict[str, Any] = {"viewport": viewport, "device_scale_factor": SCALE}
    return browser.new_context(
        locale="pt-BR", timezone_id="America/Sao_Paulo", reduced_motion="reduce", **options
    ).new_page()


def side_by_side(*pages: Page) -> Image.Image:
    """What the pages show, as cards on one backdrop."""
    cards = []
    for page in pages:
        file = IMAGES / "card.png"
        page.screenshot(path=file)
        with Image.open(file) as shot:
            cards.append(shot.convert("RGB"))
        file.unlink()
    width = sum(card.width for card in cards) + MARGIN_PX * (len(cards) + 1)
    whole = Image.new("RGB", (width, cards[0].height + 2 * MARGIN_PX), BACKDROP)
    left = MARGIN_PX
    for card in cards:
        mask = Image.new("L", card.size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, card.width, card.height), 24, fill=255)
        whole.paste(card, (left, MARGIN_PX), mask)
        left += card.width + MARGIN_PX
    return whole.quantize(COLOURS)


PICTURES: dict[str, Callable[[Browser], Image.Image]] = {
    "customer-and-agent": customer_and_agent,
    "question-and-answer": question_and_answer,
}


if __name__ == "__main__":
    main()
