"""Two people and their messages: quotes, edits, deletions, pictures, voices, and who sees what.

The service is the real one; a fake Rasa answers in the bot's place, which is of no matter here.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.handoff.serving import PASSWORD, Served, copy_of
from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import (
    LIVE_MS,
    Agent,
    Customer,
    check_accessible,
    check_fits,
    png_file,
)
from tests.journeys.test_first_conversation import CONSOLE, DESKTOP, PHONE

LARGE_BYTES = 155_000
WITH_MICROPHONE = {"permissions": ["microphone"]}
SUPERVISOR = "supervisora@demo.ponte"

# A page that is left while its files are on their way lets Sanic drop open ones.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service."""
    folder = tmp_path_factory.mktemp("messages")
    with Served(copy_of(sqlite_template, folder), folder) as running:
        yield running


def test_they_quote_edit_and_delete_and_each_side_sees_what_it_should(
    served: Served, open_page: OpenPage
) -> None:
    customer, ana = talking(served, open_page, customer_options=PHONE)
    customer.write("qual é o prazo?")
    ana.box.fill("já vejo")
    ana.box.press("Enter")
    act(ana.page, bubble(ana.messages, "qual é o prazo?"), "Responder")
    expect(ana.page.locator(".composing")).to_contain_text("qual é o prazo?")
    ana.say("dois dias")
    answer = bubble(customer.transcript, "dois dias")
    expect(answer.locator(".quote")).to_contain_text("qual é o prazo?", timeout=LIVE_MS)
    expect(bubble(ana.messages, "dois dias")).to_contain_text("Lida", timeout=LIVE_MS)

    ana.box.press("ArrowUp")
    expect(ana.box).to_have_value("dois dias")
    ana.box.press("Escape")
    expect(ana.box).to_have_value("")
    ana.box.press("ArrowUp")
    ana.box.fill("três dias")
    ana.box.press("Enter")
    expect(bubble(customer.transcript, "três dias")).to_contain_text("editada", timeout=LIVE_MS)
    bubble(ana.messages, "três dias").get_by_role("button", name="editada").click()
    expect(ana.page.get_by_role("dialog")).to_contain_text("dois dias")
    check_accessible(ana.page, "what a message said before")
    ana.page.keyboard.press("Escape")

    act(customer.page, bubble(customer.transcript, "três dias"), "Responder")
    customer.write("ótimo")
    quote = bubble(ana.messages, "ótimo").locator(".quote")
    expect(quote).to_contain_text("três dias", timeout=LIVE_MS)
    quote.click()
    expect(bubble(ana.messages, "três dias").first).to_be_focused()

    act(customer.page, bubble(customer.transcript, "ótimo"), "Editar")
    customer.box.fill("ótimo, aguardo")
    customer.box.press("Enter")
    expect(bubble(ana.messages, "ótimo, aguardo")).to_contain_text("editada", timeout=LIVE_MS)
    act(customer.page, bubble(customer.transcript, "ótimo, aguardo"), "Apagar para mim")
    expect(customer.page.get_by_role("dialog")).to_contain_text("só para você")
    check_accessible(customer.page, "the question before a deletion, on a phone")
    customer.page.get_by_role("button", name="Apagar para mim").click()
    expect(customer.transcript).to_contain_text("Mensagem apagada")
    expect(bubble(ana.messages, "ótimo, aguardo")).to_be_visible()

    act(ana.page, bubble(ana.messages, "já vejo"), "Apagar só para a equipe")
    ana.page.get_by_role("button", name="Apagar para a equipe").click()
    expect(ana.messages).to_contain_text("Mensagem apagada", timeout=LIVE_MS)
    expect(bubble(customer.transcript, "já vejo")).to_be_visible()
    picture(ana.page, "messages-console")
    picture(customer.page, "messages-phone")
    for page, what in ((ana.page, "the thread"), (customer.page, "the chat on a phone")):
        check_accessible(page, what)
        check_fits(page, what)


def test_messages_are_chosen_and_answered_by_keyboard_alone(
    served: Served, open_page: OpenPage
) -> None:
    customer, ana = talking(served, open_page)
    customer.write("primeira")
    customer.write("segunda")
    expect(bubble(ana.messages, "segunda")).to_be_visible(timeout=LIVE_MS)
    for person, area, leave in (
        (ana, "#thread", ana.box),
        (customer, "#scroll", customer.box),
    ):
        page = person.page
        # A message that the server has just taken is the page's own for a moment.
        expect(bubble(page.locator(area), "segunda").locator(".message__tools")).to_be_attached()
        page.locator(area).focus()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        expect(bubble(page.locator(area), "primeira")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("menuitem", name="Responder")).to_be_focused()
        page.keyboard.press("Escape")
        expect(bubble(page.locator(area), "primeira")).to_be_focused()
        page.keyboard.press("r")
        expect(leave).to_be_focused()
        expect(page.locator(".composing")).to_contain_text("primeira")
        page.keyboard.press("Escape")
        expect(page.locator(".composing")).to_be_hidden()
    ana.box.fill("rascunho")
    ana.page.locator("#thread").focus()
    ana.page.keyboard.press("ArrowUp")
    ana.page.keyboard.press("r")
    ana.page.reload()
    expect(ana.box).to_have_value("rascunho")
    expect(ana.page.locator(".composing")).to_contain_text("segunda")


def test_pictures_open_at_full_size_and_move_nothing_while_they_load(
    served: Served, open_page: OpenPage
) -> None:
    customer, ana = talking(served, open_page)
    customer.attach(png_file("tela-1.png"), large_picture("tela-2.jpg", 1400, 900))
    customer.box.press("Enter")
    large = ana.messages.get_by_role("img", name="tela-2.jpg")
    expect(large).to_have_attribute("width", "320", timeout=LIVE_MS)
    expect(large).to_have_attribute("height", "206")
    expect(large).to_have_js_property("complete", value=True)
    assert large.evaluate("image => image.naturalWidth") == 720
    large.click()
    zoom = ana.page.get_by_role("dialog", name="Imagem")
    shown = zoom.get_by_role("img")
    expect(shown).to_have_js_property("naturalWidth", 1400)
    expect(zoom).to_contain_text("tela-2.jpg (2 de 2)")
    check_accessible(ana.page, "a picture at full size")
    ana.page.keyboard.press("+")
    assert "scale(1.25)" in shown.evaluate("image => image.style.transform")
    ana.page.keyboard.press("ArrowLeft")
    expect(zoom).to_contain_text("tela-1.png (1 de 2)")
    ana.page.keyboard.press("Escape")
    expect(zoom).to_be_hidden()
    customer.transcript.get_by_role("img", name="tela-1.png").click()
    expect(customer.page.get_by_role("dialog", name="Imagem")).to_contain_text("1 de 2")
    customer.page.keyboard.press("Escape")

    customer.attach({"name": "quebrada.png", "mimeType": "image/png", "buffer": broken_png()})
    customer.box.press("Enter")
    broken = ana.messages.locator("a.attachment--image").filter(
        has=ana.page.get_by_role("img", name="quebrada.png")
    )
    expect(broken).to_have_attribute("data-broken", "", timeout=LIVE_MS)


def test_a_voice_is_recorded_heard_before_it_is_sent_and_played_on_the_other_side(
    served: Served, open_page: OpenPage
) -> None:
    customer, ana = talking(
        served, open_page, customer_options=PHONE | WITH_MICROPHONE, agent_options=CONSOLE
    )
    record(customer.page)
    player = customer.page.locator("#tray audio")
    expect(player).to_be_visible()
    player.evaluate("audio => { audio.preload = 'metadata' }")
    customer.page.wait_for_function("document.querySelector('#tray audio').duration > 0")
    customer.box.press("Enter")
    heard = ana.messages.locator("audio")
    expect(heard).to_be_visible(timeout=LIVE_MS)
    expect(heard).not_to_have_js_property("duration", float("nan"))

    customer.page.get_by_role("button", name="Gravar áudio").click()
    customer.page.get_by_role("button", name="Cancelar").click()
    expect(customer.page.locator("#tray")).to_be_hidden()

    ana.page.get_by_role("button", name="Gravar áudio").click()
    expect(ana.page.get_by_text("O microfone está bloqueado")).to_be_visible()


def test_colleagues_are_named_in_notes_and_see_who_looks_and_writes(
    served: Served, open_page: OpenPage
) -> None:
    customer, ana = talking(served, open_page)
    sueli = Agent(open_page("sueli", **CONSOLE), served.base_url)
    sueli.sign_in(PASSWORD, SUPERVISOR)
    ana.page.get_by_label("Nota interna").check()
    ana.box.press_sequentially("veja @sue")
    expect(ana.page.get_by_role("option", name="Sueli Supervisora")).to_be_visible()
    check_accessible(ana.page, "the list of colleagues")
    ana.box.press("Enter")
    expect(ana.box).to_have_value("veja @Sueli ")
    ana.box.press("Enter")
    expect(bubble(ana.messages, "veja @Sueli").locator(".mention")).to_have_text("@Sueli")

    ana.box.press_sequentially("e @bruno")
    expect(ana.page.get_by_text("não tem acesso a esta conversa")).to_be_visible()
    check_accessible(ana.page, "a colleague who does not see the conversation")
    ana.box.fill("")

    around = ana.page.locator("#around")
    sueli.page.goto(ana.page.url)
    expect(around).to_have_text("Sueli também está vendo", timeout=LIVE_MS)
    sueli.page.get_by_label("Nota interna").check()
    sueli.box.press_sequentially("vou ver")
    expect(around).to_have_text("Sueli está escrevendo", timeout=LIVE_MS)
    typing = customer.page.locator("#typing")
    expect(typing).to_be_hidden()
    ana.page.get_by_role("radio", name="Resposta").check()
    ana.box.press_sequentially("um momento")
    expect(typing).to_contain_text("Acme Sistemas está digitando", timeout=LIVE_MS)
    ana.box.press("Enter")
    expect(typing).to_be_hidden(timeout=LIVE_MS)
    customer.box.press_sequentially("ok")
    expect(around).to_contain_text("está digitando…", timeout=LIVE_MS)
    sueli.page.goto(f"{served.base_url}/console")
    customer.box.press("Enter")
    expect(around).to_have_text("", timeout=LIVE_MS)
    expect(customer.transcript.get_by_text("Sueli")).to_have_count(0)


def test_a_line_shows_where_the_unseen_begin_until_the_conversation_is_left(
    served: Served, open_page: OpenPage
) -> None:
    customer, ana = talking(served, open_page)
    url = ana.page.url
    ana.say("mande a foto")
    ana.page.goto(f"{served.base_url}/console")
    customer.write("aqui vai")
    customer.write("chegou?")
    expect(customer.transcript.get_by_text("chegou?")).to_be_visible(timeout=LIVE_MS)
    ana.page.goto(url)
    line = ana.page.locator("#unseen")
    expect(line).to_have_text("Novas mensagens")
    first_after = line.locator("xpath=following-sibling::article[1]")
    expect(first_after).to_contain_text("aqui vai")
    ana.say("chegou sim")
    with ana.page.expect_response("**/seen"):
        customer.write("recebi agora")
    expect(bubble(ana.messages, "recebi agora")).to_be_visible(timeout=LIVE_MS)
    expect(first_after).to_contain_text("aqui vai")
    expect(line).to_have_count(1)
    ana.page.reload()
    expect(bubble(ana.messages, "recebi agora")).to_be_visible()
    expect(line).to_have_count(0)

    show_page(ana.page, "hidden")
    customer.write("e agora?")
    expect(first_after).to_contain_text("e agora?", timeout=LIVE_MS)
    show_page(ana.page, "visible")
    ana.say("agora sim")
    expect(first_after).to_contain_text("e agora?")


def test_who_reads_further_up_is_told_of_news_and_not_moved(
    served: Served, open_page: OpenPage
) -> None:
    customer, ana = talking(served, open_page)
    for number in range(3):
        ana.say("\n".join(f"linha {number} {line}" for line in range(12)))
    thread = ana.page.locator("#thread")
    newer = ana.page.get_by_role("button", name="Novas mensagens")
    expect(newer).to_be_hidden()
    ana.page.locator("#thread").hover()
    ana.page.mouse.wheel(0, -500)
    expect(bubble(ana.messages, "linha 2 11")).not_to_be_in_viewport()
    before = thread.evaluate("area => area.scrollTop")
    customer.write("li tudo")
    expect(newer).to_be_visible(timeout=LIVE_MS)
    assert thread.evaluate("area => area.scrollTop") == before
    newer.click()
    expect(bubble(ana.messages, "li tudo")).to_be_in_viewport()
    expect(newer).to_be_hidden()


def test_what_is_typed_before_the_page_is_ready_goes_on_where_the_draft_ended(
    served: Served, open_page: OpenPage
) -> None:
    _customer, ana = talking(served, open_page)
    box = ana.box
    box.fill("Bom dia.")
    scripts: list[Route] = []
    ana.page.route("**/console/composer.js*", lambda route: scripts.append(route))
    with ana.page.expect_request("**/console/composer.js*"):
        ana.page.reload(wait_until="commit")
    box.fill("Já vejo a nota.")
    scripts[0].continue_()
    ana.page.unroute("**/console/composer.js*")
    expect(box).to_have_value("Bom dia.\nJá vejo a nota.")
    ana.page.reload()
    expect(box).to_have_value("Bom dia.\nJá vejo a nota.")


def talking(
    served: Served,
    open_page: OpenPage,
    *,
    customer_options: dict[str, Any] = DESKTOP,
    agent_options: dict[str, Any] = CONSOLE,
) -> tuple[Customer, Agent]:
    """A customer and Ana, who has the conversation open and has claimed it."""
    customer = Customer(open_page("customer", **customer_options), served.base_url).open()
    customer.write("oi")
    expect(customer.heard.first).to_be_visible(timeout=LIVE_MS)
    conversation = conversation_of(customer)
    served.queue_up(conversation, "suporte")
    ana = Agent(open_page("ana", **agent_options), served.base_url).sign_in(PASSWORD)
    ana.page.goto(f"{served.base_url}/console/conversations/{conversation}")
    ana.do("Assumir")
    expect(ana.conversation).to_contain_text("Com você", timeout=LIVE_MS)
    expect(customer.status).to_have_text("Com uma pessoa", timeout=LIVE_MS)
    return customer, ana


def conversation_of(customer: Customer) -> str:
    """The conversation of the page's visitor, by the secret that the page keeps."""
    secret = customer.page.evaluate("localStorage.getItem('ponte.visitor')")
    answer = httpx.post(
        f"{customer.base_url}/webchat/demo/sessions", json={"visitor_id": secret}, timeout=30
    )
    conversation: str = answer.json()["conversation"]
    return conversation


def show_page(page: Page, state: str) -> None:
    """As when the browser's tab is left, or looked at again."""
    page.evaluate(
        """state => {
            const now = { value: state, configurable: true };
            Object.defineProperty(document, "visibilityState", now);
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def bubble(area: Locator, text: str) -> Locator:
    """The message whose own words hold this text; a quote of it is another's."""
    words = area.page.locator(".message__text").filter(has_text=text)
    return area.locator(".message").filter(has=words)


def act(page: Page, message: Locator, action: str) -> None:
    """Chooses an action from a message's menu."""
    expect(message).to_be_visible(timeout=LIVE_MS)
    message.hover()
    message.get_by_role("button", name="Ações da mensagem").click()
    page.get_by_role("menuitem", name=action).click()


def record(page: Page) -> None:
    """Records a second of the browser's test tone."""
    page.get_by_role("button", name="Gravar áudio").click()
    expect(page.get_by_text("Gravando")).to_be_visible()
    page.wait_for_timeout(1300)
    page.get_by_role("button", name="Concluir").click()


def large_picture(name: str, width: int, height: int) -> FilePayload:
    """A picture just large enough in bytes to have a small copy."""
    noise = Image.effect_noise((width, height), 60)
    for quality in range(1, 95):
        kept = BytesIO()
        noise.save(kept, "JPEG", quality=quality)
        if kept.tell() > LARGE_BYTES:
            break
    return {"name": name, "mimeType": "image/jpeg", "buffer": kept.getvalue()}


def broken_png() -> bytes:
    """The first bytes of a picture, and then nothing that can be shown."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 40
