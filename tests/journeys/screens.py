"""A desk with something on every page, for pictures."""

import uuid

from desk.imports.run import keep_import
from desk.team.users import find_user
from tests.handoff.portal.people import Person
from tests.handoff.serving import Served

CSV = "cnpj;nome\n11222333000181;Padaria Estrela LTDA\n123;Errada\n38119044000108;Nova Loja\n"


def fill_the_desk(served: Served, maria: Person) -> dict[str, str]:
    """Conversations in several states and a ticket; gives what stands in the pages' addresses."""
    _promise_and_remind(served)
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
    served.call(_upload(served))
    return {
        "public_id": first,
        "number": number,
        "contact_id": str(maria.contact_id),
        "channel": "demo",
    }


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


async def _upload(served: Served) -> None:
    """A file of the admin's own, not confirmed yet."""
    async with served.database.transaction() as session:
        admin = await find_user(session, "admin@demo.ponte")
        assert admin is not None
        await keep_import(session, "companies", "empresas.csv", CSV.encode(), admin.id)
