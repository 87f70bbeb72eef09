"""Webhooks end to end: the real loops against a receiver over HTTP, killed, doubled, refused."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from desk.db import Database
from desk.errors import Conflict
from desk.events.cursors import read_cursor
from desk.events.log import SYSTEM, record_event
from desk.events.tables import Event
from desk.mail.tables import Email
from desk.team.tables import Role
from desk.vault import Vault
from desk.webhooks import deliveries, sending
from desk.webhooks.replaying import replay_delivery, replay_period
from desk.webhooks.settings import (
    Reach,
    WebhookValues,
    create_endpoint,
    endpoint_by_id,
    rotate_secret,
    switch_endpoint,
)
from desk.webhooks.tables import WebhookDelivery, WebhookEndpoint
from handoff.pulse import Pulse
from handoff.webhook_feed import WebhookFeed
from handoff.webhook_sender import WebhookSender
from tests.desk.building import a_new_conversation, a_user, until_settled, worked_off
from tests.fakes.http import Answer, Drop, FakeServer
from tests.fakes.webhook import FakeReceiver, NotGenuine, verify
from tests.handoff.bridging import SECRET_KEY, settings_for

PATIENCE_SECONDS = 30.0
HERE = Reach(private=False, loopback=True)
TAGGED = "conversation.tagged"
ROOT = Path(__file__).parents[2]
A_PROCESS = """
import asyncio, sys
from desk.db import Database
from desk.settings import load_settings
from desk.vault import Vault
from handoff.pulse import Pulse
from handoff.webhook_feed import WebhookFeed
from handoff.webhook_sender import WebhookSender

async def main(url, key):
    database = Database(url)
    pulse = Pulse(database)
    sender = WebhookSender(load_settings(), database, Vault(key), pulse)
    await asyncio.gather(WebhookFeed(database, pulse).run(), sender.run())

asyncio.run(main(*sys.argv[1:]))
"""


class Hooked:
    """A database, a receiver and its endpoint."""

    def __init__(self, database: Database, receiver: FakeReceiver, url: str) -> None:
        self.database, self.receiver, self.url = database, receiver, url
        self.vault = Vault(SECRET_KEY)
        self.endpoint_id, self.secret = 0, ""

    async def add(self, *kinds: str, url: str = "") -> None:
        await until_settled(self.database)
        values = WebhookValues(name="CRM", url=url or self.url, kinds=list(kinds or (TAGGED,)))
        async with self.database.transaction() as session:
            endpoint, self.secret = await create_endpoint(session, self.vault, HERE, values, SYSTEM)
            self.endpoint_id = endpoint.id

    async def happen(self, count: int = 1, kind: str = TAGGED, **facts: Any) -> None:
        async with self.database.transaction() as session:
            for _ in range(count):
                await record_event(session, kind, SYSTEM, **(facts or {"tag_id": 7}))
        await until_settled(self.database)

    @asynccontextmanager
    async def process(self, env: str = "development") -> AsyncIterator[None]:
        """A process with both loops; leaving it cancels them."""
        pulse = Pulse(self.database)
        chosen = settings_for(self.database).model_copy(update={"env": env})
        loops = [
            WebhookFeed(self.database, pulse).run(),
            WebhookSender(chosen, self.database, self.vault, pulse).run(),
        ]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def rows(self) -> list[WebhookDelivery]:
        async with self.database.reading() as session:
            query = select(WebhookDelivery).order_by(WebhookDelivery.id)
            return list((await session.execute(query)).scalars())

    async def endpoint(self) -> WebhookEndpoint:
        async with self.database.reading() as session:
            return await endpoint_by_id(session, self.endpoint_id)

    async def now_due(self) -> None:
        """Time passes for what waits."""
        async with self.database.transaction() as session:
            await session.execute(
                update(WebhookDelivery)
                .where(WebhookDelivery.due_at.is_not(None))
                .values(due_at=datetime.now(UTC) - timedelta(seconds=1))
            )

    async def until_rows(self, holds: Callable[[list[WebhookDelivery]], object]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds(await self.rows()):  # noqa: ASYNC110 - another process writes them
                await asyncio.sleep(0.03)

    async def until_sent(self, count: int) -> None:
        await self.until_rows(lambda rows: sum(each.state == "sent" for each in rows) == count)


@pytest.fixture
async def hooked(database: Database) -> AsyncIterator[Hooked]:
    receiver = FakeReceiver()
    async with FakeServer(receiver) as server:
        hook = Hooked(database, receiver, server.url + "/ponte?token=abc")
        await WebhookFeed(database, Pulse(database)).begin()
        yield hook


async def test_an_event_arrives_once_signed_with_ids_and_small_facts_only(hooked: Hooked) -> None:
    conversation = await a_new_conversation(hooked.database)
    await hooked.happen()
    await hooked.add("message.created", TAGGED)
    facts = {"message_id": 5, "seq": 2, "direction": "in", "surprise": "Maria Silva"}
    await hooked.happen(1, "message.created", conversation_id=conversation.id, **facts)
    await hooked.happen(1, "conversation.untagged", tag_id=1)
    async with hooked.process():
        await hooked.until_sent(1)
    (heard,) = hooked.receiver.heard
    payload = verify(heard, hooked.secret)
    assert heard.path == "/ponte"
    assert heard.query == {"token": "abc"}
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["host"] in hooked.url
    assert payload["id"] == heard.headers["webhook-id"]
    assert payload["version"] == 1
    assert payload["kind"] == "message.created"
    assert payload["conversation"] == conversation.public_id
    assert payload["facts"] == {"message_id": 5, "seq": 2, "direction": "in"}
    assert datetime.fromisoformat(payload["at"]).tzinfo is not None
    with pytest.raises(NotGenuine):
        verify(heard, "whsec_" + "A" * 44)
    (row,) = await hooked.rows()
    assert (row.status, row.tries, row.error, row.due_at) == (204, 1, "", None)


async def test_events_arrive_in_their_order_and_never_two_at_once(hooked: Hooked) -> None:
    await hooked.add()
    hooked.receiver.pause_seconds = 0.01
    await hooked.happen(30)
    async with hooked.process(), hooked.process(), hooked.process():
        await hooked.until_sent(30)
    seqs = [int(identity.removeprefix("evt_")) for identity in hooked.receiver.ids]
    assert sorted(set(seqs)) == sorted(seqs), "one came twice"
    assert len(seqs) == 30
    assert seqs == sorted(seqs)
    assert hooked.receiver.most_at_once == 1


async def test_what_was_on_its_way_when_a_process_was_killed_comes_again_under_its_id(
    hooked: Hooked,
) -> None:
    await hooked.add()
    hooked.receiver.answers = [asyncio.Event()]
    await hooked.happen(2)
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", A_PROCESS, hooked.database.url, SECRET_KEY, cwd=ROOT
    )
    try:
        await hooked.until_rows(lambda _rows: hooked.receiver.heard)
    finally:
        killed.kill()
        await killed.wait()
    assert [each.state for each in await hooked.rows()] == ["pending", "pending"]
    async with hooked.database.reading() as session:
        assert await sending.due_endpoints(session) == [], "the dead one's lease still holds"
    async with hooked.database.transaction() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(update(WebhookEndpoint).values(leased_until=past))
    async with hooked.process():
        await hooked.until_sent(2)
    ids = hooked.receiver.ids
    assert ids[0] == ids[1]
    assert len(set(ids)) == 2
    assert [each.tries for each in await hooked.rows()] == [2, 1]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b"", 500), "refused"),
        (Answer(b"", 404), "refused"),
        (Answer(b"", 302, {"Location": "http://127.0.0.1/"}), "redirect"),
        (Drop, "broken_off"),
    ],
)
async def test_what_is_not_taken_is_tried_again_and_holds_up_nothing_else(
    hooked: Hooked, answer: Any, error: str
) -> None:
    await hooked.add()
    hooked.receiver.answers = [answer]
    await hooked.happen(2)
    async with hooked.process():
        await hooked.until_sent(1)
        first, second = await hooked.rows()
        assert (first.state, first.error, first.tries) == ("pending", error, 1)
        assert first.due_at is not None
        assert first.due_at > datetime.now(UTC)
        assert second.state == "sent"
        await hooked.now_due()
        await hooked.until_sent(2)
    assert len(hooked.receiver.heard) == 3, "a redirect is not followed"
    bodies = [each.body for each in hooked.receiver.heard]
    assert bodies[0] == bodies[2]


async def test_retry_after_is_honoured(hooked: Hooked) -> None:
    await hooked.add()
    hooked.receiver.answers = [Answer(b"", 429, {"Retry-After": "3600"})]
    await hooked.happen()
    async with hooked.process():
        await hooked.until_rows(lambda rows: rows and rows[0].status == 429)
    (row,) = await hooked.rows()
    assert row.due_at is not None
    assert row.tried_at is not None
    assert row.due_at - row.tried_at >= timedelta(seconds=3600)


async def test_after_the_last_try_it_has_failed_and_can_be_sent_again(hooked: Hooked) -> None:
    await hooked.add()
    hooked.receiver.answers = [Answer(b"", 503) for _ in range(sending.MAX_TRIES)]
    await hooked.happen()
    async with hooked.process():
        for tries in range(1, sending.MAX_TRIES + 1):
            await hooked.until_rows(lambda rows: _is_settled(rows, after=tries))  # noqa: B023
            if tries < sending.MAX_TRIES:
                await hooked.now_due()
        await hooked.until_rows(lambda rows: rows[0].state == "failed")
        assert (await hooked.rows())[0].due_at is None
        async with hooked.database.transaction() as session:
            endpoint = await endpoint_by_id(session, hooked.endpoint_id)
            delivery = await deliveries.delivery_by_id(
                session, endpoint, (await hooked.rows())[0].id
            )
            await replay_delivery(session, endpoint, delivery, SYSTEM)
        await hooked.until_sent(1)
    assert len(set(hooked.receiver.ids)) == 1


async def test_an_endpoint_that_fails_for_days_is_paused_and_admins_are_told(
    hooked: Hooked,
) -> None:
    await hooked.add()
    async with hooked.database.transaction() as session:
        await a_user(session, "chefe@ponte.example", Role.ADMIN)
        long_ago = datetime.now(UTC) - timedelta(days=sending.FAILING_DAYS, minutes=1)
        await session.execute(update(WebhookEndpoint).values(failing_since=long_ago))
    hooked.receiver.answers = [Answer(b"", 500)]
    await hooked.happen(2)
    async with hooked.process():
        await hooked.until_rows(lambda rows: rows and rows[0].error)
        assert (await hooked.endpoint()).paused_at is not None
        await hooked.now_due()
        await hooked.happen(1)
        async with hooked.database.reading() as session:
            assert await sending.due_endpoints(session) == []
            mails = (await session.execute(select(Email.recipient))).scalars().all()
            told = select(func.count(Event.seq)).where(Event.kind == "webhook.paused")
            assert (await session.execute(told)).scalar_one() == 1
        assert mails == ["chefe@ponte.example"]
        assert len(hooked.receiver.heard) == 1
        async with hooked.database.transaction() as session:
            endpoint = await endpoint_by_id(session, hooked.endpoint_id)
            await switch_endpoint(session, endpoint, True, SYSTEM)
        await hooked.until_sent(2)
        now = datetime.now(UTC)
        async with hooked.database.transaction() as session:
            endpoint = await endpoint_by_id(session, hooked.endpoint_id)
            hour = timedelta(hours=1)
            count = await replay_period(session, endpoint, now - hour, now + hour, SYSTEM)
        assert count == 3, "with the event that came while it was paused"
        await hooked.until_sent(3)
        await hooked.until_rows(lambda rows: all(each.due_at is None for each in rows))
    assert len(set(hooked.receiver.ids)) == 3


async def test_one_that_is_gone_is_paused_at_once(hooked: Hooked) -> None:
    await hooked.add()
    hooked.receiver.answers = [Answer(b"", 410)]
    await hooked.happen()
    async with hooked.process():
        await hooked.until_rows(lambda rows: rows and rows[0].status == 410)
    assert (await hooked.endpoint()).paused_at is not None


async def test_both_secrets_sign_for_a_day_after_a_change(hooked: Hooked) -> None:
    await hooked.add()
    async with hooked.database.transaction() as session:
        endpoint = await endpoint_by_id(session, hooked.endpoint_id)
        new = await rotate_secret(session, hooked.vault, endpoint, SYSTEM)
    await hooked.happen()
    async with hooked.process():
        await hooked.until_sent(1)
        assert verify(hooked.receiver.heard[0], new) == verify(
            hooked.receiver.heard[0], hooked.secret
        )
        async with hooked.database.transaction() as session:
            past = datetime.now(UTC) - timedelta(seconds=1)
            await session.execute(update(WebhookEndpoint).values(old_secret_until=past))
        await hooked.happen()
        await hooked.until_sent(2)
    verify(hooked.receiver.heard[1], new)
    with pytest.raises(NotGenuine):
        verify(hooked.receiver.heard[1], hooked.secret)


async def test_in_production_no_name_leads_to_this_machine(hooked: Hooked) -> None:
    await hooked.add(url=hooked.url.replace("127.0.0.1", "localhost"))
    await hooked.happen()
    async with hooked.process("production"):
        await hooked.until_rows(lambda rows: rows and rows[0].error)
    assert (await hooked.rows())[0].error == "forbidden_address"
    assert hooked.receiver.heard == []


async def test_a_receiver_that_never_answers_is_left_after_a_while(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handoff.webhook_client.TIMEOUT_SECONDS", 0.3)
    await hooked.add()
    hooked.receiver.answers = [asyncio.Event()]
    await hooked.happen()
    async with hooked.process():
        await hooked.until_rows(lambda rows: rows and rows[0].error)
    assert (await hooked.rows())[0].error == "timeout"


async def test_an_endless_answer_is_not_read(hooked: Hooked) -> None:
    await hooked.add()
    hooked.receiver.answers = [Answer(b"x" * 20_000_000, 200)]
    await hooked.happen(2)
    async with hooked.process():
        await hooked.until_sent(2)
    assert all(each.error == "" for each in await hooked.rows())


async def test_a_period_with_too_many_events_is_refused(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.webhooks.replaying.MAX_REPLAYED", 2)
    await hooked.add()
    await hooked.happen(3)
    now, hour = datetime.now(UTC), timedelta(hours=1)
    async with hooked.database.transaction() as session:
        endpoint = await endpoint_by_id(session, hooked.endpoint_id)
        with pytest.raises(Conflict, match="mais de 2 eventos"):
            await replay_period(session, endpoint, now - hour, now + hour, SYSTEM)
    assert await hooked.rows() == []


async def test_the_cursor_passes_what_nobody_hears_of_and_skips_nothing(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handoff.webhook_feed._SKIPPED_AT_ONCE", 5)
    await hooked.add()
    feed = WebhookFeed(hooked.database, Pulse(hooked.database))
    before = await _cursor(hooked.database)
    await hooked.happen(8, "conversation.untagged")
    await worked_off(hooked.database, feed)
    assert await _cursor(hooked.database) >= before + 8
    assert await hooked.rows() == []
    await hooked.happen(2)
    await worked_off(hooked.database, feed)
    assert [each.kind for each in await hooked.rows()] == [TAGGED, TAGGED]


async def test_what_is_older_than_thirty_days_is_forgotten(hooked: Hooked) -> None:
    await hooked.add()
    await hooked.happen(2)
    async with hooked.process():
        await hooked.until_sent(2)
    old, young = await hooked.rows()
    async with hooked.database.transaction() as session:
        past = datetime.now(UTC) - timedelta(days=deliveries.KEPT_DAYS, minutes=1)
        await session.execute(
            update(WebhookDelivery).where(WebhookDelivery.id == old.id).values(created_at=past)
        )
        await deliveries.forget_old_deliveries(session)
    assert [each.id for each in await hooked.rows()] == [young.id]


async def _cursor(database: Database) -> int:
    async with database.reading() as session:
        return await read_cursor(session, WebhookFeed.cursor)


def _is_settled(rows: list[WebhookDelivery], after: int) -> bool:
    """Whether the try of this number has ended."""
    if not rows or rows[0].tries != after:
        return False
    row = rows[0]
    return row.state == "failed" or (row.due_at is not None and row.due_at > datetime.now(UTC))
