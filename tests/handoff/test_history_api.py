"""The history of conversations and tickets over the JSON API."""

from desk.conversations.find import conversation_by_public_id
from desk.tickets.opening import open_ticket
from tests.handoff.serving import Served

AGENT, OTHER = "ana@demo.ponte", "bruno@demo.ponte"


def test_a_conversation_tells_who_changed_it_and_how_long_it_stayed_so(served: Served) -> None:
    with served.visitor() as visitor, served.team(AGENT) as ana, served.team(OTHER) as bruno:
        visitor.post("quero uma pessoa")
        served.until(lambda: len(visitor.messages()) == 2)
        served.queue_up(visitor.conversation, "suporte")
        path = f"/conversations/{visitor.conversation}"
        ana.post(f"{path}/claim", json={})
        ana.post(f"{path}/status", json={"status": "waiting"})
        events = ana.get(f"{path}/events").json()["events"]
        assert bruno.get(f"{path}/events").status_code == 404
    assert [each["data"].get("after") for each in events] == [None, "queue", "agent", "waiting"]
    created, queued, claimed, waiting = events
    assert claimed["actor"]["name"] == "Ana Atendente"
    assert created["until"] == waiting["at"]
    assert queued["until"] == claimed["at"]
    assert waiting["until"] is None
    assert all(each["business_seconds"] == each["seconds"] for each in events[:2])


def test_a_ticket_tells_its_statuses(served: Served) -> None:
    with served.visitor() as visitor, served.team(AGENT) as ana:
        number = opened(served, visitor.conversation)
        assert ana.patch(f"/tickets/{number}", json={"status": "waiting"}).status_code == 200
        events = ana.get(f"/tickets/{number}/events").json()["events"]
        assert ana.get("/tickets/0000-000000/events").status_code == 404
    assert [each["kind"] for each in events] == ["ticket.opened", "ticket.status_changed"]
    assert events[0]["until"] == events[1]["at"]
    assert events[1]["actor"]["name"] == "Ana Atendente"


def opened(served: Served, public_id: str) -> str:
    """The number of a ticket of this customer, in the first queue."""

    async def write() -> str:
        async with served.database.transaction() as session:
            conversation = await conversation_by_public_id(session, public_id)
            assert conversation is not None
            ticket = await open_ticket(
                session,
                contact_id=conversation.contact_id,
                company_id=None,
                subject="Impressora",
                description="",
                request_type_id=None,
            )
            return ticket.number

    return served.call(write())
