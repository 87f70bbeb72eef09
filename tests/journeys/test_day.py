"""A whole day: two agents, one of them on a phone, a supervisor and three customers.

The three real processes, six browsers. Each part begins where the one before has ended.
"""

import re
from random import choice

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import LIVE_MS, Agent, Customer, check_accessible, check_fits, png_file
from tests.journeys.test_first_conversation import (
    CONSOLE,
    DESKTOP,
    PHONE,
    TICKET,
    identify_at_once,
)
from tests.system import RunningSystem

SUPERVISOR, BRUNO = "supervisora@demo.ponte", "bruno@demo.ponte"


class Day:
    """Everybody who is there, each at a screen of their own."""

    def __init__(self, system: RunningSystem, open_page: OpenPage) -> None:
        self.base_url, self.password = system.base_url, system.demo_password
        # A family of this run's own, whose name reads as one.
        family = "".join(choice("bcdlmnprstv") + choice("aeio") for _ in range(4)).capitalize()
        self.maria, self.pedro, self.carla = (
            f"{name} {family}" for name in ("Maria", "Pedro", "Carla")
        )
        self.ana = Agent(open_page("ana", **CONSOLE), self.base_url)
        self.bruno = Agent(open_page("bruno", **PHONE), self.base_url)
        self.sueli = Agent(open_page("sueli", **CONSOLE), self.base_url)
        self.customers = {
            name: Customer(open_page(name.split()[0], **DESKTOP), self.base_url)
            for name in (self.maria, self.pedro, self.carla)
        }

    def board(self, path: str = "/console/board") -> Page:
        """The supervisor at the board."""
        self.sueli.page.goto(self.base_url + path)
        expect(self.sueli.page.locator("#connection")).to_have_text("Ao vivo", timeout=LIVE_MS)
        return self.sueli.page


@pytest.mark.timeout(900)
def test_a_day_of_two_agents_a_supervisor_and_three_customers(
    system: RunningSystem, open_page: OpenPage
) -> None:
    day = Day(system, open_page)
    the_team_arrives(day)
    three_customers_ask_for_a_person(day)
    the_supervisor_sees_who_waits(day)
    ana_answers_by_keyboard_with_a_canned_reply(day)
    a_note_calls_the_supervisor(day)
    pedro_belongs_to_the_other_department(day)
    the_supervisor_takes_over(day)
    a_connection_breaks_and_nothing_is_lost(day)
    what_waits_for_the_customer_is_set_aside(day)
    maria_is_helped_rates_and_comes_back(day)
    ana_has_lunch(day)
    the_history_tells_it_all(day)


def the_team_arrives(day: Day) -> None:
    """Everybody signs in; nobody waits yet."""
    day.ana.sign_in(day.password)
    day.bruno.sign_in(day.password, BRUNO)
    day.sueli.sign_in(day.password, SUPERVISOR)
    for agent, what in ((day.ana, "the desk"), (day.bruno, "the desk on a phone")):
        check_accessible(agent.page, what)
        check_fits(agent.page, what)


def three_customers_ask_for_a_person(day: Day) -> None:
    """Maria with a ticket and a picture, Pedro at once, Carla about a bill."""
    maria, pedro, carla = (day.customers[name].open() for name in day.customers)
    identify_at_once(maria, day.maria)
    open_ticket(maria, "Impressora fiscal não responde", "Erro no sistema")
    maria.ask("quero falar com uma pessoa", "fila Suporte")
    identify_at_once(pedro, day.pedro)
    pedro.ask("quero falar com uma pessoa", "fila Suporte")
    identify_at_once(carla, day.carla)
    open_ticket(carla, "Boleto com valor errado", "Financeiro")
    carla.ask("quero falar com uma pessoa", "fila Financeiro")
    expect(day.ana.row_of(day.maria)).to_be_visible(timeout=LIVE_MS)
    expect(day.ana.row_of(day.pedro)).to_be_visible(timeout=LIVE_MS)
    expect(day.bruno.row_of(day.carla)).to_be_visible(timeout=LIVE_MS)
    expect(day.ana.row_of(day.carla)).to_have_count(0)
    expect(day.bruno.row_of(day.maria)).to_have_count(0)


def the_supervisor_sees_who_waits(day: Day) -> None:
    """The board has all three, in their queues."""
    page = day.board()
    for name in (day.maria, day.pedro, day.carla):
        expect(page.locator("main")).to_contain_text(name, timeout=LIVE_MS)
    check_accessible(page, "the board of a busy morning")
    picture(page, "day-board")


def ana_answers_by_keyboard_with_a_canned_reply(day: Day) -> None:
    """Without a mouse: to the row, open, claim, a reply from the list."""
    page, maria = day.ana.page, day.customers[day.maria]
    day.ana.row_of(day.maria).get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(day.ana.conversation.get_by_role("heading", name=day.maria).first).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#conversation").focus()
    page.keyboard.press("c")
    expect(day.ana.conversation).to_contain_text("Com você")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    day.ana.box.press_sequentially("/sauda")
    option = page.get_by_role("option", name=re.compile("Saudação"))
    expect(option).to_be_visible()
    page.keyboard.press("Enter")
    expect(day.ana.box).to_have_value(re.compile(day.maria.split()[0]))
    page.keyboard.press("Control+Enter")
    expect(maria.transcript.get_by_text("Aqui é Ana")).to_be_visible(timeout=LIVE_MS)
    maria.write("oi, Ana! a impressora parou")
    expect(day.ana.messages.get_by_text("a impressora parou")).to_be_visible(timeout=LIVE_MS)
    picture(page, "day-ana")


def a_note_calls_the_supervisor(day: Day) -> None:
    """Sueli is named in a note; Maria reads nothing of it."""
    page = day.ana.page
    page.get_by_label("Nota interna").check()
    day.ana.box.press_sequentially("é a terceira vez este mês @sue")
    expect(page.get_by_role("option", name="Sueli Supervisora")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(day.ana.messages.locator(".mention")).to_have_text("@Sueli")
    day.sueli.page.goto(f"{day.base_url}/console?view=all&mentioned=1")
    expect(day.sueli.row_of(day.maria)).to_be_visible(timeout=LIVE_MS)
    expect(day.customers[day.maria].transcript.get_by_text("terceira vez")).to_have_count(0)


def pedro_belongs_to_the_other_department(day: Day) -> None:
    """Ana claims Pedro and hands him to Financeiro; Bruno answers both from his phone."""
    page, pedro = day.ana.page, day.customers[day.pedro]
    page.goto(f"{day.base_url}/console?view=queue")
    day.ana.open(day.pedro)
    day.ana.do("Assumir")
    expect(day.ana.conversation).to_contain_text("Com você")
    day.ana.do("Transferir…")
    dialog = page.get_by_role("dialog", name="Transferir conversa")
    dialog.get_by_role("radio", name="Financeiro").check()
    dialog.get_by_label("Nota para quem recebe").fill("pergunta sobre a mensalidade")
    dialog.get_by_role("button", name="Transferir").click()
    expect(dialog).to_be_hidden()
    for name, words in ((day.pedro, "Oi, Pedro! Vou ver."), (day.carla, "Oi, Carla! Já corrijo.")):
        expect(day.bruno.row_of(name)).to_be_visible(timeout=LIVE_MS)
        day.bruno.open(name)
        day.bruno.do("Assumir")
        expect(day.bruno.conversation).to_contain_text("Com você")
        day.bruno.say(words)
        expect(day.customers[name].transcript.get_by_text(words)).to_be_visible(timeout=LIVE_MS)
        check_fits(day.bruno.page, "a conversation on a phone")
        check_accessible(day.bruno.page, "a conversation on a phone")
        picture(day.bruno.page, f"day-bruno-{name.split()[0]}")
        day.bruno.page.get_by_role("link", name="Voltar para a lista").click()
        expect(day.bruno.page.locator("#inbox")).to_be_visible()
        day.bruno.page.goto(f"{day.base_url}/console?view=queue")
    assert pedro.heard_from_bot.last.is_visible()


def the_supervisor_takes_over(day: Day) -> None:
    """Sueli has Maria from now on; Ana sees it at once."""
    day.ana.page.goto(f"{day.base_url}/console?view=mine")
    day.ana.open(day.maria)
    day.sueli.open(day.maria)
    day.sueli.do("Assumir de Ana")
    expect(day.sueli.conversation).to_contain_text("Com você")
    expect(day.ana.conversation).to_contain_text("Com Sueli Supervisora", timeout=LIVE_MS)
    day.sueli.page.get_by_role("radio", name="Resposta").check()
    day.sueli.say("Maria, aqui é a supervisão: vamos trocar o equipamento.")
    heard = day.customers[day.maria].transcript.get_by_text("trocar o equipamento")
    expect(heard).to_be_visible(timeout=LIVE_MS)


def a_connection_breaks_and_nothing_is_lost(day: Day) -> None:
    """While Sueli's network is gone Maria writes; a draft is kept, what was said is there after."""
    page, maria = day.sueli.page, day.customers[day.maria]
    day.sueli.box.fill("um rascunho")
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_have_text("Reconectando", timeout=LIVE_MS)
    maria.write("quando vocês trocam?")
    expect(maria.outbox).to_have_count(0, timeout=LIVE_MS)
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_have_text("Ao vivo", timeout=3 * LIVE_MS)
    expect(day.sueli.messages.get_by_text("quando vocês trocam?")).to_be_visible(timeout=LIVE_MS)
    expect(day.sueli.box).to_have_value("um rascunho")
    page.reload()
    expect(day.sueli.box).to_have_value("um rascunho")
    day.sueli.box.fill("")


def what_waits_for_the_customer_is_set_aside(day: Day) -> None:
    """Waiting by hand, and in service again."""
    day.sueli.do("Aguardando")
    expect(day.sueli.conversation.locator(".status").first).to_have_text("Aguardando")
    expect(day.ana.conversation.locator(".status").first).to_have_text(
        "Aguardando", timeout=LIVE_MS
    )
    day.sueli.do("Em atendimento")
    expect(day.sueli.conversation.locator(".status").first).to_have_text("Em atendimento")


def maria_is_helped_rates_and_comes_back(day: Day) -> None:
    """Resolved, rated, reopened: on top, marked, and with the bot."""
    maria, page = day.customers[day.maria], day.sueli.page
    before = maria.heard.count()
    page.keyboard.press("Escape")
    page.locator("#conversation").focus()
    page.keyboard.press("e")
    expect(day.sueli.conversation.locator(".status").first).to_have_text("Resolvido")
    maria.read_after(before, "[Dd]e 1 a 5")
    maria.ask("5", "coment|Coment")
    maria.ask("foram muito rápidos", re.compile("obrigad", re.IGNORECASE))
    day.ana.page.goto(f"{day.base_url}/console?view=all&status=resolved")
    expect(day.ana.row_of(day.maria)).to_be_visible(timeout=LIVE_MS)
    maria.ask("oi", day.maria.split()[0])
    day.ana.page.goto(f"{day.base_url}/console?view=all&status=open")
    expect(day.ana.rows.first).to_contain_text(day.maria, timeout=LIVE_MS)
    expect(day.ana.row_of(day.maria)).to_contain_text("Reaberta")


def ana_has_lunch(day: Day) -> None:
    """Ana is away; the board says so."""
    day.ana.page.get_by_role("button", name="Disponível: mudar para ausente").click()
    away = day.ana.page.get_by_role("button", name="Ausente: mudar para disponível")
    expect(away).to_be_visible(timeout=LIVE_MS)
    expect(day.board().locator("main")).to_contain_text("Ausente", timeout=LIVE_MS)
    away.click()


def the_history_tells_it_all(day: Day) -> None:
    """Beside the conversation: who, from, to; and the rating."""
    day.ana.page.goto(f"{day.base_url}/console?view=all&status=open")
    day.ana.open(day.maria)
    side = day.ana.page.locator("#side")
    for section in side.locator("details:not([open]) > summary").all():
        section.click()
    for words in ("Sueli Supervisora", "Ana Atendente", "foram muito rápidos", "Impressora fiscal"):
        expect(side).to_contain_text(words)
    check_accessible(day.ana.page, "the panel with every section open")
    picture(day.ana.page, "day-history")


def open_ticket(customer: Customer, subject: str, kind: str) -> str:
    """The ticket's form by buttons and words, with a picture; gives the number."""
    customer.press("Criar novo atendimento", "assunto")
    customer.ask(subject, "tipo")
    customer.press(kind, "descreva|detalhes|conte")
    customer.ask("Desde cedo, em todos os computadores", "Fim")
    customer.attach(png_file("tela.png"))
    customer.ask("esta é a tela", "Fim")
    customer.ask("Fim", TICKET, "0 - Criar novo atendimento")
    found = TICKET.search(customer.transcript.inner_text())
    assert found is not None
    return found.group(1)
