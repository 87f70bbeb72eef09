"""A supervisor at the board: everything live, reordered by key and by hand, given, taken, ended.

The service is the real one; a fake Rasa answers in the bot's place, which here only hands off.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select, update

from desk.contacts.tables import Contact
from desk.conversations.find import conversation_by_public_id
from desk.conversations.tables import Message
from tests.handoff.serving import PASSWORD, Served, Visitor, copy_of
from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import LIVE_MS, check_accessible, check_fits

CUSTOMERS = ("Maria Souza", "Pedro Lima", "Rita Alves")


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Iterator[Served]:
    """The service with the demo."""
    with Served(copy_of(sqlite_template, tmp_path), tmp_path) as running:
        yield running


@pytest.fixture
def waiting(served: Served) -> Iterator[dict[str, Visitor]]:
    """Three customers in Suporte, the first named waits longest."""
    visitors = {name: served.visitor() for name in CUSTOMERS}
    for name, visitor in visitors.items():
        comes(served, visitor, name)
    yield visitors
    for visitor in visitors.values():
        visitor.client.close()


def comes(served: Served, visitor: Visitor, name: str, queue: str = "suporte") -> None:
    """Somebody asks for a person."""
    visitor.post("quero uma pessoa")
    served.until(lambda: len(visitor.messages()) == 2, "the bot's answer")

    async def introduce() -> None:
        async with served.database.transaction() as session:
            conversation = await conversation_by_public_id(session, visitor.conversation)
            assert conversation is not None
            await session.execute(
                update(Contact).where(Contact.id == conversation.contact_id).values(name=name)
            )

    served.call(introduce())
    served.queue_up(visitor.conversation, queue)


def notes_of(served: Served, visitor: Visitor) -> list[str]:
    async def read() -> list[str]:
        async with served.database.reading() as session:
            conversation = await conversation_by_public_id(session, visitor.conversation)
            assert conversation is not None
            found = await session.execute(
                select(Message.text).where(
                    Message.conversation_id == conversation.id, Message.kind == "note"
                )
            )
            return list(found.scalars())

    return served.call(read())


class Watcher:
    """Somebody of the team at the board."""

    def __init__(self, page: Page, served: Served, email: str) -> None:
        self.page, self.base_url = page, served.base_url
        form: dict[str, str | float | bool] = {"email": email, "password": PASSWORD}
        assert page.request.post(f"{self.base_url}/console/login", form=form).ok
        self.open()

    def open(self) -> None:
        """Opens the board and waits until it is live."""
        self.page.goto(f"{self.base_url}/console/board")
        expect(self.page.locator("#connection")).to_have_text("Ao vivo", timeout=LIVE_MS)

    @property
    def waiting(self) -> Locator:
        """The names in Suporte, in order."""
        return self.page.locator("#waiting-suporte .board-row__name")

    def reads(self, *names: str) -> None:
        """Sees this order."""
        expect(self.waiting).to_have_text(list(names), timeout=LIVE_MS)

    def row(self, name: str) -> Locator:
        """A customer's row."""
        return self.page.locator(".board-row").filter(has_text=name)

    def choose(self, name: str, action: str) -> None:
        """Presses a button among the actions for a customer."""
        self.row(name).get_by_role("button", name=f"Ações para {name}").click()
        dialog = self.page.get_by_role("dialog", name=name)
        dialog.get_by_role("button", name=action, exact=True).click()
        expect(dialog).to_be_hidden()

    def member(self, name: str) -> Locator:
        """A person of the team."""
        return self.page.locator(".member").filter(has_text=name)


def test_a_supervisor_runs_the_queue_and_everybody_sees_it_at_once(
    served: Served, waiting: dict[str, Visitor], open_page: OpenPage
) -> None:
    maria, pedro, rita = CUSTOMERS
    sueli = Watcher(open_page("sueli"), served, "supervisora@demo.ponte")
    ana = Watcher(open_page("ana"), served, "ana@demo.ponte")
    sueli.reads(maria, pedro, rita)
    ana.reads(maria, pedro, rita)
    expect(ana.page.get_by_role("button", name=re.compile("Ações para"))).to_have_count(0)
    expect(sueli.member("Ana Atendente")).to_contain_text("Disponível", timeout=LIVE_MS)

    # By keyboard: the handle keeps the focus while the rows change places.
    handle = sueli.row(rita).locator("[data-handle]")
    handle.focus()
    handle.press("ArrowUp")
    for watcher in (sueli, ana):
        watcher.reads(maria, rita, pedro)
    expect(handle).to_be_focused()
    expect(sueli.page.locator("#announcer")).to_have_text(f"{rita}: posição 2")

    # A newcomer appears below without taking the focus away.
    new = served.visitor()
    comes(served, new, "Vera Novais")
    sueli.reads(maria, rita, pedro, "Vera Novais")
    expect(handle).to_be_focused()
    new.client.close()

    # By hand.
    sueli.row("Vera Novais").drag_to(sueli.row(maria), target_position={"x": 200, "y": 4})
    for watcher in (sueli, ana):
        watcher.reads("Vera Novais", maria, rita, pedro)

    sueli.choose(pedro, "Urgente")
    sueli.reads(pedro, "Vera Novais", maria, rita)
    expect(sueli.row(pedro)).to_contain_text("Urgente")

    # Given to Ana, with a note for her.
    sueli.row(pedro).get_by_role("button", name=f"Ações para {pedro}").click()
    dialog = sueli.page.get_by_role("dialog", name=pedro)
    target = dialog.get_by_label("Transferir para")
    target.select_option(label="Alice Administradora (desconectado, 0/8)")
    expect(dialog.get_by_text("não está com o console aberto")).to_be_visible()
    target.select_option(label="Ana Atendente (disponível, 0/8)")
    dialog.get_by_label("Nota interna").fill("Cliente da matriz.")
    check_accessible(sueli.page, "the board with its dialog")
    picture(sueli.page, "board-dialog")
    dialog.get_by_role("button", name="Transferir", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(sueli.page.locator(f"#choices-{waiting[pedro].conversation}")).to_be_focused()
    for watcher in (sueli, ana):
        expect(watcher.page.locator("#service-suporte")).to_contain_text("com Ana Atendente")
    expect(sueli.member("Ana Atendente")).to_contain_text("1/8", timeout=LIVE_MS)
    assert notes_of(served, waiting[pedro]) == ["Cliente da matriz."]

    # Taken over, given back, ended.
    sueli.choose(pedro, "Assumir de Ana")
    expect(ana.page.locator("#service-suporte")).to_contain_text("com Sueli", timeout=LIVE_MS)
    sueli.choose(pedro, "Devolver à fila")
    ana.reads(pedro, "Vera Novais", maria, rita)
    sueli.choose("Vera Novais", "Resolver")
    ana.reads(pedro, maria, rita)
    check_accessible(ana.page, "the board as an agent reads it")


def test_who_is_away_is_seen_away_in_every_tab_and_on_the_board(
    served: Served, open_page: OpenPage
) -> None:
    sueli = Watcher(open_page("sueli"), served, "supervisora@demo.ponte")
    ana = Watcher(open_page("ana"), served, "ana@demo.ponte")
    second_tab = ana.page.context.new_page()
    second_tab.goto(f"{served.base_url}/console/board")
    ana.page.get_by_role("button", name="Disponível: mudar para ausente").click()
    for page in (ana.page, second_tab):
        away = page.get_by_role("button", name="Ausente: mudar para disponível")
        expect(away).to_be_visible(timeout=LIVE_MS)
    expect(sueli.member("Ana Atendente")).to_contain_text("Ausente", timeout=LIVE_MS)
    sueli.member("Ana Atendente").get_by_role("button").click()
    expect(sueli.member("Ana Atendente")).to_contain_text("Disponível", timeout=LIVE_MS)
    back = second_tab.get_by_role("button", name="Disponível: mudar para ausente")
    expect(back).to_be_visible(timeout=LIVE_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_is_whole_on_a_phone(
    served: Served, waiting: dict[str, Visitor], open_page: OpenPage, scheme: str
) -> None:
    page = open_page(
        "sueli",
        viewport={"width": 360, "height": 740},
        color_scheme=scheme,
        has_touch=True,
        is_mobile=True,
    )
    sueli = Watcher(page, served, "supervisora@demo.ponte")
    sueli.reads(*CUSTOMERS)
    check_fits(page, "the board on a phone")
    check_accessible(page, f"the board on a phone, {scheme}")
    picture(page, f"board-phone-{scheme}")
    sueli.row(CUSTOMERS[2]).get_by_role("button", name=re.compile("Ações para")).tap()
    page.get_by_role("dialog").get_by_role("button", name="Primeiro").tap()
    sueli.reads(CUSTOMERS[2], *CUSTOMERS[:2])
