"""A desk with something on every page, for pictures."""

import uuid

from sqlalchemy import select

from desk.conversations.find import conversation_by_public_id
from desk.conversations.tables import Message, Understanding
from desk.conversations.understanding import REASONS
from desk.events.log import SYSTEM
from desk.guides.folder import read_guides
from desk.guides.runs import end_run, note_step, start_run
from desk.guides.tables import Outcome
from desk.imports.run import keep_import
from desk.knowledge.sources import add_folder
from desk.review.decide import decide
from desk.review.tables import ReviewGroup, ReviewItem
from desk.team.users import find_user
from desk.tickets.tables import Ticket
from tests.handoff.portal.people import Person
from tests.handoff.serving import Served

CSV = "cnpj;nome\n11222333000181;Padaria Estrela LTDA\n123;Errada\n38119044000108;Nova Loja\n"


def fill_the_desk(served: Served, maria: Person) -> dict[str, str]:
    """Conversations in several states and a ticket; gives what stands in the pages' addresses."""
    _promise_and_remind(served)
    endpoint_id = _webhook(served)
    number = maria.ticket("Impressora fiscal não responde")
    public_ids = []
    for words in (
        ("Bom dia! O sistema está fora do ar desde ontem.", "Já reiniciei e nada."),
        ("Preciso da segunda via do boleto",),
        ("Obrigada, funcionou!",),
    ):
        visitor = served.visitor()
        served.queue_up(visitor.conversation, "suporte")
        for each in words:
            visitor.post(each)
        public_ids.append(visitor.conversation)
        visitor.client.close()
    with served.visitor() as with_bot:  # whom a campaign may write to
        with_bot.post("Oi, tudo bem?")
    with served.team("ana@demo.ponte") as ana:
        first, _, last = public_ids
        for public_id in (first, last):
            ana.post(f"/conversations/{public_id}/claim", json={})
        for kind, text in (
            ("messages", "Oi! Já estou vendo isso."),
            ("notes", "É o caso de ontem"),
        ):
            body = {"text": text, "client_id": str(uuid.uuid4())}
            answer = ana.post(f"/conversations/{first}/{kind}", json=body)
            assert answer.status_code in (201, 202), answer.text
        ana.post(f"/conversations/{last}/status", json={"status": "resolved"})
    with served.team("admin@demo.ponte") as admin:
        answer = admin.post("/tags", json={"name": "Cobrança", "color": "orange"})
        assert answer.status_code == 201, answer.text
        drafts = [
            admin.post("/campaigns", json={"name": name, "message": "Olá!", "statuses": ["open"]})
            for name in ("Novidades de dezembro", "Aviso de feriado")
        ]
        campaign = drafts[0].json()["id"]
        answer = admin.post(f"/campaigns/{campaign}/schedule", json={})
        assert answer.status_code == 200, answer.text
    served.call(_upload(served))
    served.call(_guides(served, first))
    served.call(_source(served))
    review_id, group_id = served.call(_review(served))
    return {
        "review_id": str(review_id),
        "group_id": str(group_id),
        "public_id": first,
        "number": number,
        "contact_id": str(maria.contact_id),
        "channel": "demo",
        "campaign_id": str(campaign),
        "report": "services",
        "endpoint_id": endpoint_id,
    }


def _webhook(served: Served) -> str:
    """Other software that nobody answers at, a test on its way to it; one more that is off."""
    body = {"name": "CRM", "url": f"{served.base_url}/nada", "kinds": ["ticket.opened"]}
    with served.team("admin@demo.ponte") as admin:
        made, other = (admin.post("/webhooks", json=body).json()["id"] for _ in range(2))
        for answer in (
            admin.post(f"/webhooks/{made}/ping"),
            admin.post(f"/webhooks/{other}/deactivate"),
        ):
            assert answer.status_code in (200, 202), answer.text
    return str(made)


def _promise_and_remind(served: Served) -> None:
    """Deadlines of the first queue, a rule, and a macro of the first canned reply."""
    with served.team("supervisora@demo.ponte") as sueli:
        queue = sueli.get("/queues").json()["queues"][0]["id"]
        targets = {"first_response_normal": 30, "first_response_urgent": 10}
        targets |= {"next_response_normal": 20, "resolution_normal": 480}
        rule = {"name": "Lembrar o cliente", "status": "waiting", "message": "Ainda precisa?"}
        reply = {
            "scope": "global",
            "shortcut": "encerrar",
            "title": "Encerrar",
            "text": "Até logo!",
        }
        made = sueli.post("/canned-replies", json=reply).json()["id"]
        for answer in (
            sueli.patch(f"/queues/{queue}/service-level", json=targets),
            sueli.post("/rules", json=rule),
            sueli.put(f"/canned-replies/{made}/macro", json={"set_status": "resolved"}),
        ):
            assert answer.status_code in (200, 201), answer.text


async def _guides(served: Served, public_id: str) -> None:
    """Two runs of a guide: one helped at its second step, one was broken off."""
    (guide, *_) = read_guides(served.services.settings.help_dir).guides
    async with served.database.transaction() as session:
        conversation = await conversation_by_public_id(session, public_id)
        ticket = (await session.execute(select(Ticket).limit(1))).scalar_one()
        assert conversation is not None
        for outcome in (Outcome.SOLVED, Outcome.RUNNING):
            run = await start_run(
                session, conversation.id, guide, account_state="active", portal_noted=False
            )
            for position, step in enumerate(guide.basic[:2], start=1):
                await note_step(session, run.id, position, step.text, worked=position == 2)
            if outcome is Outcome.SOLVED:
                await end_run(session, run, outcome, ticket_id=ticket.id, solved_at=2)


async def _upload(served: Served) -> None:
    """A file of the admin's own, not confirmed yet."""
    async with served.database.transaction() as session:
        admin = await find_user(session, "admin@demo.ponte")
        assert admin is not None
        await keep_import(session, "companies", "empresas.csv", CSV.encode(), admin.id)


async def _source(served: Served) -> None:
    """A folder of documentation that was read."""
    async with served.database.transaction() as session:
        source = await add_folder(session, "/srv/manual", "https://ajuda.example.com.br", SYSTEM)
        source.due_at, source.outcome = None, "complete"
        source.finished_at = source.created_at


async def _review(served: Served) -> tuple[int, int]:
    """Messages that the bot did not understand: one of them decided, the others waiting."""
    async with served.database.transaction() as session:
        messages = (
            (await session.execute(select(Message).where(Message.direction == "in")))
            .scalars()
            .all()
        )
        group = ReviewGroup(encoder="of the tests", leader=b"", created_at=messages[0].created_at)
        session.add(group)
        await session.flush()
        for place, message in enumerate(messages):
            session.add(
                Understanding(
                    message_id=message.id,
                    conversation_id=message.conversation_id,
                    at=message.created_at,
                    intent="nlu_fallback",
                    confidence=0.3,
                    ranking=[["complaint", 0.3], ["ask_docs", 0.2]],
                    entities=[],
                    actions=["action_rephrase"],
                    responses=["utter_rephrase"],
                    reason=REASONS[place % len(REASONS)],
                    handed_off=place % 2 == 0,
                )
            )
            session.add(ReviewItem(message_id=message.id, group_id=group.id, text_hash=str(place)))
        await session.flush()
        admin = await find_user(session, "admin@demo.ponte")
        assert admin is not None
        await decide(session, admin, [messages[0].id], "complaint")
        return messages[-1].id, group.id
