"""A contact at the portal, over HTTP against the real service."""

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx
from sqlalchemy import select, update

from desk.companies.directory import add_company
from desk.companies.tables import Company
from desk.contacts.portal_access import open_portal_login
from desk.contacts.tables import Contact, ContactCompany, PortalAccount
from desk.events.log import SYSTEM
from desk.passwords import hash_password
from desk.states import Status
from desk.tickets.opening import open_ticket
from desk.tickets.posting import set_ticket_status
from desk.tickets.tables import Ticket, TicketAction
from tests.handoff.serving import Served

PASSWORD = "uma senha só minha"
PADARIA, OFICINA = "11222333000181", "12ABC34501DE35"
_HASHES: dict[str, str] = {}
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
_KEY = re.compile(r'name="key" value="([0-9a-f]+)"')
_KEPT = re.compile(r'name="(kept-\d+)" value="([0-9a-f]+)"')

Files = Sequence[tuple[str, bytes]]


class Person:
    """Somebody with an account and a browser of their own."""

    def __init__(self, served: Served, *cnpjs: str, provisional: bool = False) -> None:
        self.served = served
        self.email = f"{uuid.uuid4().hex[:12]}@padaria.example"
        self.contact_id, self.account_id = served.call(
            self._make(cnpjs or (PADARIA,), provisional=provisional)
        )
        self.client = served.client(Accept="text/html,application/xhtml+xml")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.client.close()

    async def _make(self, cnpjs: Sequence[str], *, provisional: bool) -> tuple[int, int]:
        if PASSWORD not in _HASHES:
            _HASHES[PASSWORD] = await hash_password(PASSWORD)
        now = datetime.now(UTC)
        async with self.served.database.transaction() as session:
            contact = Contact(name="Maria Souza", email=self.email, created_at=now)
            session.add(contact)
            await session.flush()
            companies = select(Company.id).where(Company.cnpj.in_(cnpjs))
            for company_id in (await session.execute(companies)).scalars():
                session.add(
                    ContactCompany(contact_id=contact.id, company_id=company_id, created_at=now)
                )
            account = PortalAccount(
                contact_id=contact.id,
                username=self.email,
                password_hash=_HASHES[PASSWORD],
                must_change=provisional,
                provisional_expires_at=now + timedelta(days=1) if provisional else None,
                created_at=now,
            )
            session.add(account)
            await session.flush()
            return contact.id, account.id

    def enter(self) -> Self:
        """Is signed in, without the login page."""

        async def log_in() -> str:
            async with self.served.database.transaction() as session:
                return await open_portal_login(session, self.account_id, 1)

        self.token = self.served.call(log_in())
        return self

    @property
    def token(self) -> str:
        """The cookie that signs this browser in."""
        return self.client.cookies["ponte_portal"]

    @token.setter
    def token(self, token: str) -> None:
        self.client.cookies.set("ponte_portal", token, "127.0.0.1")

    def log_in(self, password: str = PASSWORD) -> httpx.Response:
        """Signs in as people do."""
        csrf = found(_CSRF, self.client.get("/portal/login").text)
        fields = {"csrf": csrf, "email": self.email, "password": password}
        return self.client.post("/portal/login", data=fields)

    def get(self, path: str = "/portal", **query: str) -> httpx.Response:
        """A page."""
        return self.client.get(path, params=query or None)

    def csrf(self) -> str:
        """The token of this session's pages."""
        return found(_CSRF, self.client.get("/portal/password").text)

    def post(self, path: str, **fields: str) -> httpx.Response:
        """A small form."""
        return self.client.post(path, data={"csrf": self.csrf(), **fields})

    def send(self, path: str, files: Files = (), /, **fields: str) -> httpx.Response:
        """The form of a page, with files, as a browser sends it."""
        page = self.get(path).text
        given = {"csrf": found(_CSRF, page), "key": found(_KEY, page), **fields}
        return self.send_raw(path, given, files)

    def send_raw(self, path: str, fields: dict[str, str], files: Files = ()) -> httpx.Response:
        """A form with exactly these fields."""
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields.items()]
        # A browser sends a file without a name where none was chosen.
        chosen = files or [("", b"")]
        parts += [("files", (name, data, "application/octet-stream")) for name, data in chosen]
        return self.client.post(path, files=parts)

    def send_again(
        self, answer: httpx.Response, path: str, files: Files = (), /, **fields: str
    ) -> httpx.Response:
        """The form that came back, with what it kept."""
        given = {"csrf": found(_CSRF, answer.text), "key": found(_KEY, answer.text)}
        given |= dict(_KEPT.findall(answer.text))
        return self.send_raw(path, given | fields, files)

    def ticket(self, subject: str = "Impressora parada", status: Status = Status.OPEN) -> str:
        """Has a ticket; gives its number."""

        async def make() -> str:
            async with self.served.database.transaction() as session:
                ticket = await open_ticket(
                    session,
                    contact_id=self.contact_id,
                    company_id=None,
                    subject=subject,
                    description="Não imprime desde ontem.",
                    request_type_id=None,
                )
                if status is not Status.OPEN:
                    await set_ticket_status(session, ticket.id, status, SYSTEM)
                return ticket.number

        return self.served.call(make())

    def tickets(self) -> list[Ticket]:
        """The rows, oldest first."""

        async def read() -> list[Ticket]:
            async with self.served.database.reading() as session:
                query = select(Ticket).where(Ticket.contact_id == self.contact_id)
                return list((await session.execute(query.order_by(Ticket.id))).scalars())

        return self.served.call(read())

    def actions(self, number: str) -> list[TicketAction]:
        """The rows of a ticket's actions, oldest first."""

        async def read() -> list[TicketAction]:
            async with self.served.database.reading() as session:
                query = (
                    select(TicketAction)
                    .join(Ticket, Ticket.id == TicketAction.ticket_id)
                    .where(Ticket.number == number)
                )
                return list((await session.execute(query.order_by(TicketAction.id))).scalars())

        return self.served.call(read())

    def block(self, cnpj: str, *, blocked: bool = True) -> None:
        """The admin blocks a company."""

        async def write() -> None:
            async with self.served.database.transaction() as session:
                await session.execute(
                    update(Company).where(Company.cnpj == cnpj).values(blocked=blocked)
                )

        self.served.call(write())


def a_company(served: Served, cnpj: str, name: str) -> None:
    """Registers a company of a test's own."""

    async def add() -> None:
        async with served.database.transaction() as session:
            await add_company(session, cnpj, name)

    served.call(add())


def found(pattern: re.Pattern[str], text: str) -> str:
    """The first match."""
    match = pattern.search(text)
    assert match is not None, text[:3000]
    return match.group(1)
