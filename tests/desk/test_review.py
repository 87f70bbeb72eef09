"""What the bot did not understand: kept, grouped, decided by one designer at a time, undone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import delete, select

from desk.conversations.requests import HANDOFF
from desk.conversations.tables import Conversation, Message, TurnRequest, Understanding
from desk.conversations.understanding import Understood
from desk.db import Database
from desk.encoder import Vectors
from desk.errors import Conflict, Invalid, NotFound
from desk.events.tables import Event
from desk.review.decide import decide, lessons_to_write, mark_written, undo, undo_decision
from desk.review.find import ReviewFilters, around, count_items, list_groups, list_items
from desk.review.grouping import forget_empty_groups
from desk.review.masking import Mark
from desk.review.rates import rates_by_intent, rates_over_time
from desk.review.tables import ReviewGroup, ReviewItem
from desk.team.queues import find_queue
from desk.team.tables import Role, User
from handoff.pulse import Pulse
from handoff.reviewing import Reviewing
from tests.desk.building import (
    a_new_conversation,
    a_user,
    begin_turn,
    claimed_by,
    customer_writes,
    finish_turn,
    worked_off,
)

ZONE = ZoneInfo("America/Sao_Paulo")
SURE = Understood("open_ticket", 0.9, [("open_ticket", 0.9)], (), ("ticket_form",))
LOST = Understood("nlu_fallback", 0.3, [("ask_docs", 0.3)], (), ("action_rephrase",))


class Letters:
    """An encoder by the letters of a text: anagrams are the same, other letters are not alike."""

    name = "letters"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Counts of letters, of unit length."""
        self.encoded += texts
        counts = np.array([[text.count(chr(97 + place)) for place in range(26)] for text in texts])
        lengths = np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)
        vectors: Vectors = (counts / lengths).astype(np.float32)
        return vectors

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """The same."""
        return self.encode_queries(texts)


async def said(
    database: Database,
    conversation: Conversation,
    text: str,
    understood: Understood | None = LOST,
    *,
    hands_off: bool = False,
) -> int:
    """A turn of the bot, as the bridge ends it; gives the message."""
    await customer_writes(database, conversation, text)
    lease, turn = await begin_turn(database, conversation)
    if hands_off:
        async with database.transaction() as session:
            queue = await find_queue(session, "suporte")
            assert queue is not None
            data = {"queue_id": queue.id, "reason": "asked", "summary": ""}
            session.add(TurnRequest(message_id=turn.message_id, kind=HANDOFF, data=data))
    await finish_turn(database, lease, turn, "resposta", understood=understood)
    return turn.message_id


async def group_all(database: Database, encoder: Any = None) -> None:
    """Lets the loop do what waits."""
    reviewing = Reviewing(database, Pulse(database), encoder or Letters())
    await reviewing.begin()
    await worked_off(database, reviewing)


async def reasons(database: Database) -> list[str]:
    """Why each message is to be reviewed, in order."""
    async with database.reading() as session:
        query = select(Understanding.reason).order_by(Understanding.message_id)
        return list((await session.execute(query)).scalars())


async def a_designer(database: Database, name: str = "dani") -> User:
    """Somebody who decides."""
    async with database.transaction() as session:
        return await a_user(session, f"{name}@x.ponte", Role.DESIGNER)


async def test_what_was_understood_is_kept_with_the_message_and_goes_with_it(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    message_id = await said(database, conversation, "meu cnpj é 1", SURE)
    async with database.reading() as session:
        kept = await session.get_one(Understanding, message_id)
        assert (kept.intent, kept.confidence, kept.ranking) == (
            *("open_ticket", 0.9),
            [["open_ticket", 0.9]],
        )
        assert (kept.actions, kept.reason, kept.handed_off) == (["ticket_form"], "", False)
        told = (await session.execute(select(Event.data))).scalars().all()
        assert "cnpj" not in str(told)
    async with database.transaction() as session:
        await session.execute(delete(Message).where(Message.conversation_id == conversation.id))
    async with database.reading() as session:
        assert (await session.execute(select(Understanding))).first() is None


async def test_only_what_was_doubtful_is_reviewed(database: Database) -> None:
    conversation = await a_new_conversation(database)
    unsure = Understood("ask_docs", 0.5, [("ask_docs", 0.5), ("open_ticket", 0.4)])
    a_name = Understood("nlu_fallback", 0.2, form="contact_name")
    a_name_refused = Understood("out_of_scope", 0.9, (), (), ("action_rephrase",), (), "name")
    for text, understood in (
        ("sem dúvida", SURE),
        ("hmm", unsure),
        ("Maria Souza", a_name),
        ("asdf", a_name_refused),
        ("asdf!", LOST),
        ("ok", SURE),
        ("hã", LOST),
        ("x", None),
    ):
        await said(database, conversation, text, understood)
    assert await reasons(database) == ["", "unsure", "", "fallback", "repeated", "", "fallback"]


async def test_a_person_right_after_an_answer_tells_that_the_answer_missed(
    database: Database,
) -> None:
    person = Understood("talk_to_human", 0.95, (), (), ("action_talk_to_human",))
    docs = Understood("ask_docs", 0.9, (), (), ("action_answer_from_docs",))
    for first, reason in ((docs, "handoff"), (Understood("greet", 0.99), "")):
        conversation = await a_new_conversation(database, kind=f"kind-{first.intent}")
        message_id = await said(database, conversation, "como emito nota?", first)
        await said(database, conversation, "atendente", person, hands_off=True)
        async with database.reading() as session:
            assert (await session.get_one(Understanding, message_id)).reason == reason


async def test_similar_messages_lie_together_whoever_groups_them(database: Database) -> None:
    conversation = await a_new_conversation(database)
    for text in ("abc", "xyz", "cab", "ABC!", "zyx", "bca"):
        await said(database, conversation, text)
    encoder = Letters()
    await group_all(database, encoder)
    assert encoder.encoded == ["abc", "xyz", "cab", "zyx", "bca"]  # the same words are not asked
    await said(database, conversation, "acb")
    await group_all(database)  # another process, which knows nothing yet
    async with database.reading() as session:
        page = await list_groups(session, ReviewFilters())
        texts = [sorted(each.masked.text for each in group.samples) for group in page.groups]
        assert [group.count for group in page.groups] == [5, 2]
        assert texts[1] == ["xyz", "zyx"]
        assert await count_items(session) == {"open": 7}


async def test_pages_of_groups_and_messages_go_on_where_the_last_ended(database: Database) -> None:
    conversation = await a_new_conversation(database)
    for text in ("a", "aa", "aaa", "b", "bb", "c", "d"):
        await said(database, conversation, text)
    await group_all(database)
    async with database.reading() as session:
        seen, cursor = [], ""
        for _ in range(4):
            page = await list_groups(session, ReviewFilters(), cursor, limit=1)
            seen += [(each.count, each.samples[0].masked.text) for each in page.groups]
            cursor = page.next_cursor or ""
        assert seen == [(3, "aaa"), (2, "bb"), (1, "d"), (1, "c")]
        assert cursor == ""
        first = (await list_groups(session, ReviewFilters(), limit=1)).groups[0].id
        items = await list_items(session, first, ReviewFilters(), limit=2)
        rest = await list_items(session, first, ReviewFilters(), items.next_cursor or "", limit=2)
        assert [each.masked.text for each in [*items.items, *rest.items]] == ["aaa", "aa", "a"]
        with pytest.raises(NotFound):
            await list_items(session, 10**9, ReviewFilters())
        with pytest.raises(Invalid):
            await list_groups(session, ReviewFilters(), "x")


async def test_filters_choose_by_reason_intent_channel_and_day(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await said(database, conversation, "aaa")
    await said(database, conversation, "bbb", Understood("greet", 0.4))
    await group_all(database)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    async with database.reading() as session:
        for filters, texts in (
            (ReviewFilters(reason="unsure"), ["bbb"]),
            (ReviewFilters(intent="nlu_fallback"), ["aaa"]),
            (ReviewFilters(channel_id=conversation.channel_id + 1), []),
            (ReviewFilters(since=tomorrow), []),
            (ReviewFilters(until=tomorrow, reason="fallback"), ["aaa"]),
            (ReviewFilters(state="done"), []),
        ):
            page = await list_groups(session, filters)
            found = [each.masked.text for group in page.groups for each in group.samples]
            assert found == texts


async def test_of_two_designers_the_second_hears_who_was_first_and_changes_nothing(
    database: Database,
) -> None:
    dani, bia = await a_designer(database), await a_designer(database, "bia")
    conversation = await a_new_conversation(database)
    ids = [await said(database, conversation, text) for text in ("abc", "cab")]
    await group_all(database)
    async with database.transaction() as session:
        await decide(session, dani, ids[:1], "open_ticket")
    with pytest.raises(Conflict, match=r"Dani Silva.*open_ticket"):
        async with database.transaction() as session:
            await decide(session, bia, ids, "greet")
    with pytest.raises(Conflict, match="Você já"):
        async with database.transaction() as session:
            await decide(session, dani, ids, "greet")
    async with database.reading() as session:
        assert await count_items(session) == {"open": 1, "done": 1}


async def test_a_decision_is_undone_as_a_whole_and_taken_anew(database: Database) -> None:
    dani = await a_designer(database)
    conversation = await a_new_conversation(database)
    ids = [await said(database, conversation, text) for text in ("abc", "cab", "xyz")]
    await group_all(database)
    async with database.transaction() as session:
        decision = await decide(session, dani, ids, "open_ticket")
        assert await undo(session, dani, ids[2:]) == 1
        assert await undo_decision(session, dani, decision) == 2
        assert await undo_decision(session, dani, decision) == 0
        await decide(session, dani, ids, None)
        assert await count_items(session) == {"discarded": 3}
        assert await lessons_to_write(session) == []
        kinds = (await session.execute(select(Event.kind).order_by(Event.seq))).scalars().all()
    reviewed = [kind for kind in kinds if kind.startswith("review.")]
    assert reviewed == [
        *("review.decided", "review.undone", "review.undone", "review.discarded"),
    ]


async def test_marks_are_learned_where_their_words_stand_and_nowhere_else(
    database: Database,
) -> None:
    dani = await a_designer(database)
    conversation = await a_new_conversation(database)
    message_id = await said(database, conversation, "😀 nota 539 de 44.555.666/0001-81")
    await group_all(database)
    mark = Mark(2, 10, "problem")
    async with database.transaction() as session:
        with pytest.raises(Conflict):
            await decide(session, dani, [message_id], "ask_docs", {message_id: [(mark, "outra")]})
        bad = Mark(2, 10, "a](b")
        with pytest.raises(Invalid):
            await decide(session, dani, [message_id], "ask_docs", {message_id: [(bad, "nota 539")]})
        chosen = {message_id: [(mark, "nota 539")]}
        await decide(session, dani, [message_id], "ask_docs", chosen)
        (lesson,) = await lessons_to_write(session)
        assert lesson.sentence == "😀 nota 539 de 38.119.044/0001-08"
        assert lesson.marks == [mark, Mark(14, 32, "cnpj")]
        await mark_written(session, dani, [message_id], 1)
        assert await lessons_to_write(session) == []


async def test_what_was_said_around_is_told_without_names(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await said(database, conversation, "meu nome é Jurema Quintanilha", SURE)
    message_id = await said(database, conversation, "abc")
    await said(database, conversation, "meu tel 11 98765-4321", SURE)
    await group_all(database)
    async with database.reading() as session:
        lines = await around(session, message_id)
        assert [line.text for line in lines if line.is_it] == ["abc"]
        assert [line.text for line in lines if line.author_kind == "contact"] == [
            "meu nome é Maria Souza",
            "abc",
            "meu tel (11) 91234-5678",
        ]
        with pytest.raises(NotFound):
            await around(session, message_id - 1)


async def test_a_group_without_messages_is_forgotten(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await said(database, conversation, "abc")
    await group_all(database)
    async with database.transaction() as session:
        await session.execute(delete(ReviewItem))
        await forget_empty_groups(session)
        assert (await session.execute(select(ReviewGroup))).first() is None


async def test_ten_thousand_messages_are_listed_by_index_and_grouped_by_leaders(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    newest = await said(database, conversation, "abc")
    await group_all(database)
    now = datetime.now(UTC)
    async with database.transaction() as session:
        like = await session.get_one(Message, newest)
        rows = [
            {
                "conversation_id": conversation.id,
                "channel_id": conversation.channel_id,
                "external_chat": like.external_chat,
                "seq": 10 + place,
                "direction": "in",
                "author_kind": "contact",
                "text": f"mensagem {place}",
                "state": "done",
                "created_at": now,
            }
            for place in range(10_000)
        ]
        await session.run_sync(lambda sync: sync.bulk_insert_mappings(Message, rows))
        query = select(Message.id).where(Message.id > newest, Message.direction == "in")
        ids = (await session.execute(query.order_by(Message.id))).scalars().all()
        group = (await session.execute(select(ReviewGroup.id))).scalar_one()
        facts = [
            {
                "message_id": each,
                "conversation_id": conversation.id,
                "at": now,
                "intent": "nlu_fallback",
                "confidence": 0.1,
                "ranking": [],
                "entities": [],
                "actions": [],
                "responses": [],
                "reason": "fallback",
            }
            for each in ids
        ]
        items = [
            {"message_id": each, "group_id": group, "text_hash": str(each), "entities": []}
            for each in ids
        ]
        await session.run_sync(lambda sync: sync.bulk_insert_mappings(Understanding, facts))
        await session.run_sync(lambda sync: sync.bulk_insert_mappings(ReviewItem, items))
    async with database.reading() as session:
        (only,) = (await list_groups(session, ReviewFilters())).groups
        assert only.count == len(ids) + 1
        page = await list_items(session, only.id, ReviewFilters())
        assert [each.message_id for each in page.items] == sorted(ids, reverse=True)[:30]


async def test_rates_tell_what_was_resolved_without_a_person(database: Database) -> None:
    person = Understood("talk_to_human", 0.95, (), (), ("action_talk_to_human",))
    alone = await a_new_conversation(database)
    await said(database, alone, "a", SURE)
    await said(database, alone, "b")
    asked = await a_new_conversation(database, kind="asked")
    await said(database, asked, "c", person, hands_off=True)
    taken = await a_new_conversation(database, kind="taken")
    await said(database, taken, "d", SURE)
    async with database.transaction() as session:
        ana = await a_user(session)
    await claimed_by(database, taken, ana)
    now = datetime.now(UTC)
    async with database.reading() as session:
        rates = await rates_over_time(session, ZONE, "day", now)
        today = rates[-1]
        assert (today.conversations, today.with_person) == (3, 2)
        assert (today.messages, today.fallbacks, today.handoffs) == (4, 1, 1)
        assert today.containment == pytest.approx(1 / 3)
        assert rates[0].containment is None
        assert len(rates) == 14
        weeks = await rates_over_time(session, ZONE, "week", now, "open_ticket")
        assert (len(weeks), weeks[-1].messages, weeks[-1].handoffs) == (12, 2, 0)
        by_intent = await rates_by_intent(session, ZONE, "day", now)
        assert [(each.intent, each.handoff_rate) for each in by_intent] == [
            ("talk_to_human", 1.0),
            ("open_ticket", 0.0),
            ("nlu_fallback", 0.0),
        ]
