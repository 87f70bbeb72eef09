"""The inbox under a reader's hands: found, filtered, live, and never jumping.

The service is the real one; a fake Rasa answers in the bot's place, which here only hands off.
"""

import re
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect
from sqlalchemy import select

from desk.channels.tables import Channel
from desk.contacts.tables import Contact
from desk.conversations.ownership import claim
from desk.conversations.receive import Inbound, receive_message
from desk.conversations.tables import Conversation, Message
from desk.states import Owner
from desk.team.tables import Queue
from desk.team.users import find_user
from tests.handoff.serving import PASSWORD, Served, copy_of
from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import LIVE_MS, check_accessible, check_fits

CROWD = 130
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
QUIET_MS = 1500

# A page that is left while its files are on their way lets Sanic drop open ones.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with a crowd in the queue Suporte, Cliente 000 the newest."""
    folder = tmp_path_factory.mktemp("inbox")
    with Served(copy_of(sqlite_template, folder), folder) as running:
        running.call(_come(running))
        yield running


async def _come(served: Served) -> None:
    now = datetime.now(UTC) - timedelta(minutes=5)
    async with served.database.transaction() as session:
        channel = (await session.execute(select(Channel).limit(1))).scalar_one()
        queue = (await session.execute(select(Queue).where(Queue.slug == "suporte"))).scalar_one()
        for number in range(CROWD):
            contact = Contact(name=f"Cliente {number:03d}", created_at=now)
            session.add(contact)
            await session.flush()
            at = now - timedelta(minutes=number)
            conversation = Conversation(
                public_id=uuid.uuid4().hex,
                contact_id=contact.id,
                channel_id=channel.id,
                external_chat=uuid.uuid4().hex,
                owner=Owner.QUEUE,
                queue_id=queue.id,
                priority=2 if number == 7 else 0,
                waiting_since=at,
                status_since=at,
                last_message_at=at,
                created_at=at,
                last_seq=1,
                last_message_seq=1,
                last_contact_seq=1,
            )
            session.add(conversation)
            await session.flush()
            session.add(
                Message(
                    conversation_id=conversation.id,
                    seq=1,
                    direction="in",
                    author_kind="contact",
                    text=f"Preciso de ajuda com o pedido {number}",
                    channel_id=channel.id,
                    external_chat=conversation.external_chat,
                    state="done",
                    created_at=at,
                )
            )


def says(served: Served, name: str, text: str) -> None:
    """A customer writes."""

    async def write() -> None:
        async with served.database.transaction() as session:
            query = select(Conversation.id).join(Contact, Contact.id == Conversation.contact_id)
            found = await session.execute(query.where(Contact.name == name))
            await receive_message(session, found.scalar_one(), Inbound(text=text))
        served.services.pulse.beat()

    served.call(write())


def sign_in(page: Page, served: Served, query: str = "view=all") -> Page:
    """The supervisor at her inbox."""
    page.goto(f"{served.base_url}/console/login")
    page.get_by_label("E-mail").fill("supervisora@demo.ponte")
    page.get_by_label("Senha").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#inbox")).to_be_attached()
    page.goto(f"{served.base_url}/console?{query}")
    expect(page.locator("#connection")).to_have_text("Ao vivo", timeout=LIVE_MS)
    return page


def row(page: Page, name: str) -> Locator:
    return page.locator("#rows > .row").filter(has=page.get_by_text(name, exact=True))


def names(page: Page) -> list[str]:
    return page.locator("#rows .row__name").all_text_contents()


def settled_top_of(row: Locator) -> float:
    """Where a row is once nothing moves any more: the last page may still be coming in."""
    tops = [top_of(row)]
    while len(tops) < 4 or len(set(tops[-4:])) > 1:
        row.page.wait_for_timeout(100)
        tops.append(top_of(row))
    return tops[-1]


def top_of(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None
    return box["y"]


def test_a_reader_far_down_is_not_moved_and_is_offered_what_is_new(
    served: Served, open_page: OpenPage
) -> None:
    page = sign_in(open_page("sueli", **DESKTOP), served)
    rows = page.locator("#rows > .row")
    expect(rows).to_have_count(50)
    page.locator("#inbox-scroll").evaluate("area => area.scrollTop = area.scrollHeight")
    expect(rows).to_have_count(100)
    page.locator("#inbox-scroll").evaluate("area => area.scrollTop = area.scrollHeight")
    expect(rows).to_have_count(CROWD)
    assert len(set(names(page))) == CROWD

    held = row(page, "Cliente 090")
    held.scroll_into_view_if_needed()
    before = settled_top_of(held)
    waited = row(page, "Cliente 120").locator(".row__when").text_content() or ""
    says(served, "Cliente 120", "continuo esperando")
    expect(page.get_by_role("button", name="1 nova")).to_be_visible(timeout=LIVE_MS)
    expect(row(page, "Cliente 120").locator(".row__when")).not_to_have_text(waited)
    assert top_of(held) == pytest.approx(before, abs=1)
    assert names(page).index("Cliente 120") == 120
    picture(page, "inbox-offers-what-is-new")

    page.get_by_role("button", name="1 nova").click()
    expect(rows.first).to_contain_text("Cliente 120")
    expect(page.locator("#inbox-news")).to_be_hidden()
    assert page.locator("#inbox-scroll").evaluate("area => area.scrollTop") == 0


def test_a_row_in_focus_keeps_it_while_others_arrive(served: Served, open_page: OpenPage) -> None:
    page = sign_in(open_page("sueli", **DESKTOP), served)
    expect(page.locator("#rows > .row")).to_have_count(50)
    third = names(page)[2]
    page.locator("body").press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    focused = page.locator(".row__link:focus")
    expect(focused).to_contain_text(third)
    before = top_of(focused)
    says(served, "Cliente 060", "sou o primeiro agora")
    expect(page.get_by_role("button", name="1 nova")).to_be_visible(timeout=LIVE_MS)
    expect(focused).to_contain_text(third)
    assert top_of(focused) == pytest.approx(before, abs=1)
    page.get_by_role("searchbox").focus()
    expect(page.locator("#rows > .row").first).to_contain_text("Cliente 060")

    says(served, "Cliente 061", "e agora eu")
    expect(page.locator("#rows > .row").first).to_contain_text("Cliente 061", timeout=LIVE_MS)
    expect(page.locator("#inbox-news")).to_be_hidden()
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_what_leaves_the_list_is_marked_while_one_reads_and_gone_when_one_is_done(
    served: Served, open_page: OpenPage
) -> None:
    page = sign_in(open_page("sueli", **DESKTOP), served, "view=queue")
    first, second = names(page)[:2]
    page.locator("body").press("j")
    expect(page.locator(".row__link:focus")).to_contain_text(first)
    page.keyboard.press("j")
    _take(served, first)
    expect(row(page, first)).to_have_attribute("data-gone", "Saiu desta lista", timeout=LIVE_MS)
    expect(page.locator(".row__link:focus")).to_contain_text(second)
    page.get_by_role("searchbox").focus()
    expect(row(page, first)).to_have_count(0)
    expect(page.locator("#tab-team")).to_contain_text("1")


def test_a_storm_of_messages_is_asked_for_twice_a_second_at_most(
    served: Served, open_page: OpenPage
) -> None:
    page = sign_in(open_page("sueli", **DESKTOP), served)
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url) if "/inbox?" in each.url else None)
    begin = time.monotonic()
    for number in range(40):
        says(served, f"Cliente {number + 10:03d}", f"mensagem {number}")
    expect(page.locator("#rows > .row").first).to_contain_text("Cliente 049", timeout=LIVE_MS)
    page.wait_for_timeout(QUIET_MS)
    assert len(asked) <= 2 * (time.monotonic() - begin) + 1


def _take(served: Served, name: str) -> None:
    """Ana claims somebody's conversation."""

    async def take() -> None:
        async with served.database.transaction() as session:
            query = select(Conversation.id).join(Contact, Contact.id == Conversation.contact_id)
            found = await session.execute(query.where(Contact.name == name))
            ana = await find_user(session, "ana@demo.ponte")
            assert ana is not None
            await claim(session, found.scalar_one(), ana)
        served.services.pulse.beat()

    served.call(take())


def test_words_are_found_marked_and_kept_in_the_address(
    served: Served, open_page: OpenPage
) -> None:
    says(served, "Cliente 033", "A impressão da etiqueta jabuticaba não sai")
    page = sign_in(open_page("sueli", **DESKTOP), served, "view=queue")
    page.keyboard.press("/")
    field = page.get_by_role("searchbox")
    expect(field).to_be_focused()
    page.wait_for_timeout(QUIET_MS)  # The index follows within a second or so.
    field.press_sequentially("impressao jabut", delay=30)
    expect(page.locator("#rows > .row")).to_have_count(1)
    expect(page.locator("#rows mark")).to_have_text(["impressão", "jabuticaba"])
    expect(field).to_be_focused()
    assert "q=impressao+jabut" in page.url
    assert "view=all" in page.url
    check_accessible(page, "a search")
    picture(page, "inbox-search")

    page.reload()
    expect(page.locator("#rows > .row")).to_have_count(1)
    expect(field).to_have_value("impressao jabut")
    field.fill("nadadisso")
    expect(page.get_by_text("Nada encontrado")).to_be_visible()
    check_accessible(page, "a search without results")
    field.fill("")
    expect(page.locator("#rows > .row")).to_have_count(50)
    page.go_back()
    expect(page).to_have_url(re.compile("q=nadadisso"))
    expect(page.get_by_text("Nada encontrado")).to_be_visible()
    expect(field).to_have_value("nadadisso")


def test_filters_are_chosen_by_keyboard_shown_as_chips_and_remembered(
    served: Served, open_page: OpenPage
) -> None:
    page = sign_in(open_page("sueli", **DESKTOP), served)
    opener = page.get_by_role("button", name="Filtrar")
    opener.press("Enter")
    panel = page.get_by_role("dialog", name="Filtrar conversas")
    expect(panel).to_be_visible()
    check_accessible(page, "the filters")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(opener).to_be_focused()

    opener.press("Enter")
    panel.get_by_label("Aberto").check()
    panel.get_by_label("Aguardando").check()
    panel.get_by_label("Prioridade").select_option("Urgente")
    panel.get_by_label("Empresa").first.press_sequentially("padaria")
    expect(panel.get_by_label("Padaria Estrela")).to_be_visible()
    panel.get_by_role("button", name="Mostrar conversas").press("Enter")
    expect(page.locator("#rows > .row")).to_have_count(1)
    expect(row(page, "Cliente 007")).to_contain_text("Urgente")
    chips = page.get_by_role("list", name="Filtros ativos")
    expect(chips.get_by_role("link")).to_have_count(3)
    assert "status=open&status=waiting&priority=2" in page.url
    picture(page, "inbox-filtered")

    chips.get_by_role("link", name="Prioridade: Urgente").click()
    expect(page.locator("#rows > .row")).to_have_count(50)
    with page.expect_response(lambda answer: _remembers_only_the_status(answer.request)):
        page.locator("#inbox-statuses").get_by_role("link", name="Aberto").click()
    page.goto(f"{served.base_url}/console")
    current = page.locator("#inbox-statuses [aria-current]")
    expect(current).to_contain_text("Aberto")
    expect(page.locator("#tab-all")).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page.locator("#rows > .row")).to_have_count(50)


def _remembers_only_the_status(request: Request) -> bool:
    kept = request.post_data or ""
    return request.url.endswith("/remember") and "status=open" in kept and "priority" not in kept


def test_a_phone_shows_it_all_and_comes_back_to_its_place(
    served: Served, open_page: OpenPage
) -> None:
    page = sign_in(open_page("sueli", **PHONE), served)
    check_fits(page, "the inbox")
    check_accessible(page, "the inbox on a phone")
    page.get_by_role("button", name="Filtrar").tap()
    expect(page.get_by_role("dialog")).to_be_visible()
    check_fits(page, "the filters")
    picture(page, "inbox-filters-phone")
    page.get_by_role("button", name="Fechar").tap()
    page.locator("#inbox-scroll").evaluate("area => area.scrollTop = area.scrollHeight")
    expect(page.locator("#rows > .row")).to_have_count(100)
    row(page, "Cliente 080").scroll_into_view_if_needed()
    before = first_in_sight(page)
    row(page, "Cliente 080").tap()
    expect(page.locator("#conversation h2").first).to_contain_text("Cliente 080")
    page.get_by_role("link", name="Voltar para a lista").tap()
    expect(row(page, "Cliente 080")).to_be_visible()
    expect(page.locator("#rows > .row")).to_have_count(100)
    # Rows below it may have grown: a wait of another minute needs another line.
    name, top = first_in_sight(page)
    assert name == before[0]
    assert top == pytest.approx(before[1], abs=5)


def first_in_sight(page: Page) -> tuple[str, float]:
    """The id of the first row that the reader sees, and where it begins."""
    found = page.evaluate(
        """() => {
          const top = document.getElementById("inbox-scroll").getBoundingClientRect().top;
          const rows = [...document.querySelectorAll("#rows > .row")];
          const row = rows.find((each) => each.getBoundingClientRect().bottom > top);
          return [row.id, row.getBoundingClientRect().top];
        }"""
    )
    return found[0], found[1]
