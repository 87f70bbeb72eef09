"""From the first "oi" to a person and back: two people, two browsers, the real system."""

import re
import uuid
from random import choice

from playwright.sync_api import Page, Route, expect

from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import (
    LIVE_MS,
    Agent,
    Customer,
    check_accessible,
    check_fits,
    png_file,
)
from tests.system import RunningSystem

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
CONSOLE = {"viewport": {"width": 1366, "height": 820}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
PADARIA = "meu cnpj é 11.222.333/0001-81"
TICKET = re.compile(r"#(20\d\d-\d{6})")
PASSWORD = re.compile(r"Senha provisória: (\S+)")


def test_a_customer_is_known_gets_a_ticket_a_person_and_the_bot_back(
    system: RunningSystem, open_page: OpenPage
) -> None:
    name = f"Maria Souza {_surname()}"
    email = f"maria.{uuid.uuid4().hex[:8]}@padariaestrela.com.br"
    customer = Customer(open_page("customer", **DESKTOP), system.base_url).open()
    agent = Agent(open_page("agent", **CONSOLE), system.base_url)
    check_accessible(customer.page, "an empty chat")

    password = identify(customer, name, email)
    number = open_ticket_with_a_picture(customer)
    customer.ask("1", f"#{number}", "Status: Aberto")
    check_accessible(customer.page, "a chat with quick replies")
    see_the_ticket_in_the_portal(open_page("portal", **PHONE), system, email, password, number)

    agent.sign_in(system.demo_password)
    agent.page.evaluate("window.neverReloaded = true")
    expect(agent.row_of(name)).to_have_count(0)
    customer.press("Voltar à lista", "0 - Criar novo atendimento")
    customer.press("Criar novo atendimento", "assunto")
    customer.ask("quero falar com uma pessoa", "fila Suporte")
    expect(customer.status).to_contain_text("fila")

    agent_takes_over(agent, customer, name, password)
    both_write_and_the_bot_is_silent(agent, customer)
    picture(customer.page, "customer-with-a-person")
    picture(agent.page, "agent-with-a-customer")
    check_accessible(agent.page, "the console with a conversation")

    agent_resolves_and_the_bot_goes_on(agent, customer, name, number)
    customer.ask("sair", re.compile("até|Até|sempre|precisar", re.IGNORECASE))
    agent.show("Todas")
    expect(agent.row_of(name)).to_contain_text("Resolvido", timeout=LIVE_MS)
    assert agent.page.evaluate("window.neverReloaded")


def test_on_phones_a_customer_reaches_a_person_and_is_answered(
    system: RunningSystem, open_page: OpenPage
) -> None:
    name = f"João Lima {_surname()}"
    agent = Agent(open_page("agent", **PHONE), system.base_url).sign_in(system.demo_password)
    customer = Customer(open_page("customer", **PHONE), system.base_url).open()
    identify_at_once(customer, name)
    customer.ask("quero falar com uma pessoa", "fila Suporte")

    expect(agent.row_of(name)).to_be_visible(timeout=LIVE_MS)
    check_fits(agent.page, "the inbox")
    check_accessible(agent.page, "the inbox on a phone")
    agent.open(name)
    agent.do("Assumir")
    agent.say("Oi, João! Aqui é a Ana.")
    expect(customer.transcript.get_by_text("Aqui é a Ana.")).to_be_visible(timeout=LIVE_MS)
    customer.write("a nota não sai")
    expect(agent.messages.get_by_text("a nota não sai")).to_be_visible(timeout=LIVE_MS)
    for page, what in ((agent.page, "a conversation"), (customer.page, "the chat")):
        check_fits(page, what)
        check_accessible(page, f"{what} on a phone")
        picture(page, f"phone-{what.split()[-1]}")

    agent.do("Devolver ao bot")
    customer.read_after(0, "Voltei")
    agent.page.get_by_role("link", name="Voltar para a lista").click()
    expect(agent.page.get_by_role("navigation", name="De quem são")).to_be_visible()


def test_an_answer_written_while_the_claim_is_under_way_is_no_note(
    system: RunningSystem, open_page: OpenPage
) -> None:
    name = f"Vera Dias {_surname()}"
    agent = Agent(open_page("agent", **CONSOLE), system.base_url).sign_in(system.demo_password)
    customer = Customer(open_page("customer", **DESKTOP), system.base_url).open()
    identify_at_once(customer, name)
    customer.ask("quero falar com uma pessoa", "fila Suporte")
    expect(agent.row_of(name)).to_be_visible(timeout=LIVE_MS)
    agent.open(name)
    held: list[Route] = []
    agent.page.route("**/claim", lambda route: held.append(route))
    agent.do("Assumir")
    # The pane is drawn anew meanwhile: there, nobody has claimed yet.
    customer.write("tem alguém aí?")
    expect(agent.messages.get_by_text("tem alguém aí?")).to_be_visible(timeout=LIVE_MS)
    agent.box.fill("Tem sim, Vera!")
    agent.box.press("Enter")
    held[0].continue_()

    expect(customer.transcript.get_by_text("Tem sim, Vera!")).to_be_visible(timeout=LIVE_MS)


def test_of_two_agents_one_claims_and_the_other_reads_who_has_it(
    system: RunningSystem, open_page: OpenPage
) -> None:
    name = f"Rita Alves {_surname()}"
    ana = Agent(open_page("ana", **CONSOLE), system.base_url).sign_in(system.demo_password)
    sueli = Agent(open_page("sueli", **CONSOLE), system.base_url)
    sueli.sign_in(system.demo_password, "supervisora@demo.ponte")
    customer = Customer(open_page("customer", **DESKTOP), system.base_url).open()
    identify_at_once(customer, name)
    customer.ask("atendente", "fila Suporte")

    for agent in (ana, sueli):
        expect(agent.row_of(name)).to_be_visible(timeout=LIVE_MS)
        agent.open(name)
    # Sueli's page is late: it still offers what Ana has just taken.
    sueli.page.route("**/pane?*", lambda route: route.abort())
    ana.do("Assumir")
    expect(ana.conversation).to_contain_text("Com você")
    sueli.do("Assumir")
    expect(sueli.page.get_by_text("Ana Atendente já assumiu esta conversa.")).to_be_visible()
    sueli.page.unroute("**/pane?*")
    ana.do("Fechar")


def identify(customer: Customer, name: str, email: str) -> str:
    """First contact, with two things typed wrong; gives the provisional password."""
    customer.ask("oi", "Acme Sistemas", "CNPJ")
    customer.ask("11.222.333/0001-82", "CNPJ")
    customer.ask(PADARIA, "Padaria Estrela LTDA", "nome")
    customer.ask(name, "e-mail")
    customer.ask("não sei dizer", "e-mail")
    customer.ask(email, "Senha provisória", "/portal", "0 - Criar novo atendimento")
    return _found(PASSWORD, customer)


def identify_at_once(customer: Customer, name: str) -> None:
    """First contact without a mistake."""
    customer.ask("oi", "CNPJ")
    customer.ask(PADARIA, "nome")
    customer.ask(name, "e-mail")
    customer.ask(f"{uuid.uuid4().hex[:10]}@padariaestrela.com.br", "0 - Criar")


def open_ticket_with_a_picture(customer: Customer) -> str:
    """The ticket's form, by buttons and by words; gives the number."""
    customer.press("Criar novo atendimento", "assunto")
    customer.ask("Impressora fiscal não responde", "tipo")
    customer.press("Erro no sistema", "descreva|detalhes|conte")
    customer.ask("Desde cedo aparece o erro 503\nJá reiniciei o computador", "Fim")
    customer.attach(png_file("erro-503.png"))
    expect(customer.page.locator("#tray")).to_contain_text("erro-503.png")
    customer.ask("esta é a tela", "Fim")
    expect(customer.transcript.get_by_role("img", name="erro-503.png")).to_be_visible()
    customer.ask("Fim", TICKET, "0 - Criar novo atendimento")
    return _found(TICKET, customer)


def see_the_ticket_in_the_portal(
    page: Page, system: RunningSystem, email: str, password: str, number: str
) -> None:
    """The provisional password opens the portal, which shows the ticket."""
    page.goto(f"{system.base_url}/portal")
    check_accessible(page, "the portal's login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Senha").fill(password)
    page.get_by_role("button", name="Entrar").click()
    page.get_by_label("Nova senha", exact=True).fill("uma senha só minha")
    page.get_by_label("Repita a nova senha").fill("uma senha só minha")
    page.get_by_role("button", name="Salvar nova senha").click()
    ticket = page.get_by_role("listitem").filter(has_text=f"#{number}")
    expect(ticket).to_contain_text("Impressora fiscal não responde")
    expect(ticket).to_contain_text("Aberto")
    check_accessible(page, "the portal's tickets")
    check_fits(page, "the portal")


def agent_takes_over(agent: Agent, customer: Customer, name: str, password: str) -> None:
    """The conversation arrives by itself; its history is there, the password is not."""
    expect(agent.row_of(name)).to_be_visible(timeout=LIVE_MS)
    expect(agent.row_of(name)).to_contain_text("Padaria Estrela LTDA")
    check_accessible(agent.page, "the inbox")
    agent.open(name)
    expect(agent.messages.get_by_role("img", name="erro-503.png")).to_be_visible()
    expect(agent.messages).to_contain_text("Já reiniciei o computador")
    expect(agent.page.locator("#side")).to_contain_text("11.222.333/0001-81")
    assert password not in agent.page.content()
    agent.do("Assumir")
    expect(agent.conversation).to_contain_text("Com você")
    expect(agent.page.get_by_role("link", name="Meus")).to_have_attribute("aria-current", "page")
    expect(agent.row_of(name)).to_be_visible()
    expect(customer.status).to_have_text("Com uma pessoa", timeout=LIVE_MS)


def both_write_and_the_bot_is_silent(agent: Agent, customer: Customer) -> None:
    """Real time both ways; the agent's draft, focus and selection survive what arrives."""
    said_by_bot = customer.heard_from_bot.count()
    agent.say("Oi, Maria! Já estou vendo a sua impressora.\nUm momento.")
    expect(customer.transcript.get_by_text("Já estou vendo")).to_be_visible(timeout=LIVE_MS)
    agent.box.fill("Tente reiniciar")
    agent.box.evaluate("box => box.setSelectionRange(6, 15)")
    customer.write("quero falar com uma pessoa")
    customer.write("0")
    customer.write("obrigada, aguardo 😊")
    expect(agent.messages.get_by_text("obrigada, aguardo")).to_be_visible(timeout=LIVE_MS)
    kept = agent.box.evaluate(
        "box => [box.value, box.selectionStart, box.selectionEnd, box === document.activeElement]"
    )
    assert kept == ["Tente reiniciar", 6, 15, True]
    agent.page.locator("[name=files]").set_input_files([png_file("passo-1.png")])
    agent.box.press("Enter")
    picture_sent = customer.transcript.get_by_role("img", name="passo-1.png")
    expect(picture_sent).to_be_visible(timeout=LIVE_MS)
    agent.page.get_by_label("Nota interna").check()
    agent.say("cliente já tinha ligado ontem")
    customer.page.wait_for_timeout(1500)
    expect(customer.transcript.get_by_text("ligado ontem")).to_have_count(0)
    assert customer.heard_from_bot.count() == said_by_bot


def agent_resolves_and_the_bot_goes_on(
    agent: Agent, customer: Customer, name: str, number: str
) -> None:
    """The bot knows how it ended, asks for the rating, and knows the customer."""
    before = customer.heard.count()
    agent.do("Resolver")
    expect(agent.conversation).to_contain_text("Resolvido")
    customer.read_after(before, "[Dd]e 1 a 5")
    expect(customer.status).to_have_text("Assistente virtual", timeout=LIVE_MS)
    customer.ask("5", "coment|Coment")
    agent.show("Todas")
    expect(agent.row_of(name)).to_contain_text("Resolvido")
    customer.ask("atendimento muito bom", number)
    customer.ask("oi", "Maria|Padaria Estrela", number)


def _found(pattern: re.Pattern[str], customer: Customer) -> str:
    match = pattern.search(customer.transcript.inner_text())
    assert match is not None
    return match.group(1)


def _surname() -> str:
    """Reads as a name, and no two tests meet."""
    syllables = [choice("bcdlmnprstv") + choice("aeio") for _ in range(4)]
    return "".join(syllables).capitalize()
