"""The customer's page keeps what was written, whatever happens between it and the server."""

import re
import uuid

from playwright.sync_api import FilePayload, Route, expect

from tests.journeys.conftest import OpenPage
from tests.journeys.people import LIVE_MS, Agent, Customer, check_accessible
from tests.journeys.test_first_conversation import CONSOLE, DESKTOP, identify_at_once
from tests.system import RunningSystem

POSTS = re.compile(r"/webchat/demo/messages$")
RECOVERY_MS = 40_000


def test_what_was_written_without_a_network_survives_a_reload_and_arrives_once_in_order(
    system: RunningSystem, open_page: OpenPage
) -> None:
    customer = Customer(open_page("customer", **DESKTOP), system.base_url).open()
    customer.ask("oi", "CNPJ")
    customer.page.route(POSTS, _drop_posts)
    words = [f"recado {number} {uuid.uuid4().hex[:6]}" for number in (1, 2, 3)]
    for text in words:
        customer.write(text)
    expect(customer.outbox).to_have_count(3)
    expect(customer.outbox.first).to_contain_text("Sem conexão")
    check_accessible(customer.page, "a chat without a network")

    customer.page.reload()
    expect(customer.outbox).to_have_count(3)
    customer.page.unroute(POSTS)
    expect(customer.outbox).to_have_count(0, timeout=RECOVERY_MS)
    assert _texts_of(customer)[-3:] == words


def test_a_message_whose_acknowledgement_was_lost_is_shown_once(
    system: RunningSystem, open_page: OpenPage
) -> None:
    customer = Customer(open_page("customer", **DESKTOP), system.base_url).open()
    customer.ask("oi", "CNPJ")
    lost: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method != "POST" or lost:
            return route.continue_()
        lost.append(route.fetch().text())
        return route.abort()

    customer.page.route(POSTS, lose_the_first_answer)
    customer.write("só uma vez")
    expect(customer.outbox).to_have_count(0, timeout=RECOVERY_MS)
    customer.page.wait_for_timeout(1000)
    assert lost
    assert _texts_of(customer).count("só uma vez") == 1


def test_a_session_that_ran_out_is_renewed_unseen(
    system: RunningSystem, open_page: OpenPage
) -> None:
    customer = Customer(open_page("customer", **DESKTOP), system.base_url).open()
    customer.ask("oi", "CNPJ")
    refused: list[str] = []

    def refuse_the_first(route: Route) -> None:
        if route.request.method != "POST" or refused:
            return route.continue_()
        refused.append(route.request.url)
        return route.fulfill(status=401, json={"error": {"code": "unauthorized"}})

    customer.page.route(POSTS, refuse_the_first)
    customer.ask("meu cnpj é 11.222.333/0001-81", "Padaria Estrela")
    assert refused


def test_where_something_on_the_way_breaks_streams_replies_still_come(
    system: RunningSystem, open_page: OpenPage
) -> None:
    customer = Customer(open_page("customer", **DESKTOP), system.base_url)
    customer.page.route("**/webchat/demo/events?*", lambda route: route.fulfill(status=502))
    customer.open()
    customer.ask("oi", "CNPJ")
    customer.ask("meu cnpj é 11.222.333/0001-81", "Padaria Estrela")


def test_both_pages_come_back_by_themselves_after_the_service_died(
    system: RunningSystem, open_page: OpenPage
) -> None:
    name = "Paulo Recomeço"
    customer = Customer(open_page("customer", **DESKTOP), system.base_url).open()
    agent = Agent(open_page("agent", **CONSOLE), system.base_url).sign_in(system.demo_password)
    identify_at_once(customer, name)
    customer.ask("quero falar com uma pessoa", "fila")
    agent.open(name)
    agent.do("Assumir")
    expect(agent.conversation).to_contain_text("Com você")

    system.kill("handoff")
    customer.write("escrevi enquanto o serviço estava fora")
    expect(agent.page.locator("#connection")).to_have_text("Reconectando", timeout=LIVE_MS)
    expect(customer.status).to_contain_text("Sem conexão", timeout=LIVE_MS)
    system.start("handoff")
    expect(agent.page.locator("#connection")).to_have_text("Ao vivo", timeout=RECOVERY_MS)
    expect(agent.messages.get_by_text("enquanto o serviço estava fora")).to_have_count(
        1, timeout=RECOVERY_MS
    )
    agent.say("recebi tudo por aqui")
    expect(customer.transcript.get_by_text("recebi tudo por aqui")).to_be_visible(timeout=LIVE_MS)
    agent.do("Fechar")


def test_what_cannot_be_sent_is_refused_in_clear_words_and_odd_text_is_answered(
    system: RunningSystem, open_page: OpenPage
) -> None:
    customer = Customer(open_page("customer", **DESKTOP), system.base_url).open()
    notice = customer.page.locator("#notice")
    customer.write("   ")
    customer.attach(_file("vazio.txt", 0))
    expect(notice).to_contain_text("“vazio.txt” está vazio (0 bytes)")
    customer.attach(_file("filme.bin", 26 * 1024 * 1024))
    expect(notice).to_contain_text("O limite é de 25 MB")
    expect(customer.transcript.locator(".message")).to_have_count(0)

    customer.ask("😀🎉")
    expect(notice).to_be_hidden()
    customer.box.fill("a" * 32_769)
    customer.box.press("Enter")
    expect(notice).to_contain_text("o limite é 32.768")
    customer.ask("texto comprido " * 1333)
    expect(customer.page.get_by_role("button", name="Mostrar tudo")).to_be_visible()
    # Three odd texts in a row may be read as nothing: then a person is called, which is an answer.
    customer.ask("<b onclick=alert(1)>oi</b> javascript:alert(1) https://acme.example/a?b=1.")
    own = customer.transcript.locator(".message--own").last
    expect(own).to_contain_text("<b onclick=alert(1)>oi</b>")
    expect(own.get_by_role("link")).to_have_attribute("href", "https://acme.example/a?b=1")


def _drop_posts(route: Route) -> None:
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


def _texts_of(customer: Customer) -> list[str]:
    return customer.transcript.locator(".message--own .message__text").all_inner_texts()


def _file(name: str, size_bytes: int) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": b"x" * size_bytes}
