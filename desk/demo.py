"""The demo: a company with customers, queues, request types and people to log in with."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.tables import CannedReply, Scope
from desk.channels.tables import Channel
from desk.companies.directory import add_company
from desk.conversations.routing.tables import RoutingExample
from desk.demo_routing import QUEUE_EXAMPLES, TYPE_EXAMPLES
from desk.events.log import SYSTEM
from desk.hours.calendars import CalendarDraft, add_calendar
from desk.passwords import hash_password
from desk.team.queues import find_queue
from desk.team.tables import Queue, Role, User
from desk.team.users import create_user
from desk.tickets.tables import RequestType

BRAND = "Acme Sistemas"
COMPANIES = (
    ("11222333000181", "Padaria Estrela LTDA"),
    ("12ABC34501DE35", "Oficina Boa Vista ME"),
    ("90410023000167", "Mercado Aurora SA"),
    ("90410023000248", "Mercado Aurora SA (filial)"),
)
WORKING_HOURS = {str(day): [["08:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}
QUEUES = (("suporte", "Suporte"), ("financeiro", "Financeiro"), ("comercial", "Comercial"))
# Name, synthetic, takes part in WhatsApp, queue.
REQUEST_TYPES = (
    ("Dúvida", True, True, "suporte"),
    ("Erro no sistema", True, True, "suporte"),
    ("Financeiro", True, True, "financeiro"),
    ("Acesso ao portal", True, True, "suporte"),
    ("Projeto especial", True, False, "comercial"),
    ("Infraestrutura", False, False, "suporte"),
)
USERS = (
    ("admin@demo.ponte", "Alice Administradora", Role.ADMIN, ()),
    ("supervisora@demo.ponte", "Sueli Supervisora", Role.SUPERVISOR, ()),
    ("ana@demo.ponte", "Ana Atendente", Role.AGENT, ("suporte",)),
    ("bruno@demo.ponte", "Bruno Atendente", Role.AGENT, ("financeiro",)),
)

# Shortcut, title, text, queue of the team (none: everybody's).
CANNED_REPLIES = (
    (
        "oi",
        "Saudação",
        "{{greeting}}, {{contact.first_name}}! Aqui é {{agent.first_name}}, da {{brand}}. "
        "Como posso ajudar?",
        "",
    ),
    (
        "aguarde",
        "Um momento",
        "Um momento, {{contact.first_name}}: vou verificar e já volto.",
        "",
    ),
    (
        "tchau",
        "Despedida",
        "Fico feliz em ajudar, {{contact.first_name}}! Se precisar, é só escrever por aqui.",
        "",
    ),
    (
        "reiniciar",
        "Reiniciar a impressora",
        "{{contact.first_name}}, desligue a impressora, espere 30 segundos e ligue de novo. "
        "Depois me conta se voltou? O seu chamado é o {{ticket.number}}.",
        "suporte",
    ),
    (
        "print",
        "Pedir uma foto do erro",
        "Você consegue me mandar uma foto da tela com o erro? Assim eu encontro a causa mais "
        "rápido.",
        "suporte",
    ),
    (
        "boleto",
        "Segunda via de boleto",
        "{{contact.first_name}}, a segunda via do boleto da {{company.name}} chega ao seu e-mail "
        "em alguns minutos.",
        "financeiro",
    ),
)


async def is_empty(session: AsyncSession) -> bool:
    """Whether nobody has set anything up yet."""
    for table in (User, Queue, Channel):
        if (await session.execute(select(table.id).limit(1))).first() is not None:
            return False
    return True


async def seed_demo(session: AsyncSession, password: str) -> bool:
    """Fills an empty database with the demo; says whether it did."""
    if not await is_empty(session):
        return False
    now = datetime.now(UTC)
    session.add(Channel(kind="webchat", slug="demo", brand=BRAND, created_at=now))
    for cnpj, name in COMPANIES:
        await add_company(session, cnpj, name)
    for position, (slug, name) in enumerate(QUEUES):
        session.add(Queue(slug=slug, name=name, position=position))
    await session.flush()
    for position, (name, synthetic, takes_part, queue_slug) in enumerate(REQUEST_TYPES):
        queue = await find_queue(session, queue_slug)
        session.add(
            RequestType(
                name=name,
                synthetic=synthetic,
                takes_part_in_chat=takes_part,
                queue_id=queue.id if queue else None,
                position=position,
            )
        )
    await _add_routing_examples(session, now)
    # An example to give to a queue: those of the demo are always open.
    await add_calendar(session, CalendarDraft("Horário comercial", WORKING_HOURS), SYSTEM)
    password_hash = await hash_password(password)
    for email, name, role, queues in USERS:
        await create_user(
            session, email=email, name=name, role=role, password_hash=password_hash, queues=queues
        )
    for shortcut, title, text, queue_slug in CANNED_REPLIES:
        queue = await find_queue(session, queue_slug) if queue_slug else None
        session.add(
            CannedReply(
                scope=Scope.TEAM if queue else Scope.GLOBAL,
                queue_id=queue.id if queue else None,
                shortcut=shortcut,
                title=title,
                text=text,
                created_at=now,
                updated_at=now,
            )
        )
    await session.flush()
    return True


async def _add_routing_examples(session: AsyncSession, now: datetime) -> None:
    await session.flush()
    for slug, texts in QUEUE_EXAMPLES.items():
        queue = await find_queue(session, slug)
        session.add_all(
            RoutingExample(queue_id=queue.id, text=text, created_at=now)
            for text in texts
            if queue is not None
        )
    types = {kind.name: kind.id for kind in (await session.execute(select(RequestType))).scalars()}
    for name, texts in TYPE_EXAMPLES.items():
        session.add_all(
            RoutingExample(request_type_id=types[name], text=text, created_at=now) for text in texts
        )
