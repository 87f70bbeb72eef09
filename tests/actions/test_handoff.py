"""To a person and back, the rating included."""

import pytest
from babel.dates import format_date
from sqlalchemy import select

from desk.configuration.groups import Automation
from desk.configuration.values import save_configuration
from desk.conversations.tables import Rating, TurnRequest
from desk.db import Database
from desk.events.log import SYSTEM
from desk.team.tables import Presence, Queue, User
from desk.tickets.tables import Ticket
from tests.actions.talking import Talk, a_known_talk, a_talk, words
from tests.desk.building import a_user, closed_until, comes_online


async def requests_of(talk: Talk) -> dict[str, dict[str, object]]:
    """What the actions asked for in the turn of the latest message."""
    async with talk.database.reading() as session:
        query = select(TurnRequest).where(TurnRequest.message_id == talk.message_id)
        return {row.kind: row.data for row in (await session.execute(query)).scalars()}


async def test_somebody_unknown_reaches_a_person(database: Database) -> None:
    talk = await a_talk(database)
    await talk.hears("quero falar com uma pessoa", "talk_to_human")
    replies = await talk.do("action_talk_to_human")
    assert words(replies) == ["utter_handoff_nobody"]
    assert replies[0]["queue"] == "Suporte"
    assert replies[0]["position"] == 1
    assert (await requests_of(talk))["handoff"]["reason"] == "customer_asked"


async def test_where_it_is_so_set_only_customers_reach_a_person(database: Database) -> None:
    stranger = await a_talk(database, strangers_reach_people=False)
    await stranger.hears("quero falar com uma pessoa", "talk_to_human")
    assert words(await stranger.do("action_talk_to_human")) == ["utter_people_for_customers"]
    assert await requests_of(stranger) == {}
    stranger.slots["identified"] = True
    await stranger.hears("quero falar com uma pessoa", "talk_to_human")
    assert words(await stranger.do("action_talk_to_human")) == ["utter_handoff_nobody"]


@pytest.mark.parametrize(
    ("days", "said"), [(1, "amanhã às 09:00"), (3, "{weekday}, {date}, às 09:00")]
)
async def test_outside_of_business_hours_the_customer_hears_when_they_begin(
    database: Database, days: int, said: str
) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        opens = await closed_until(session, await session.get_one(Queue, 1), days)
        # Somebody who works late is no promise.
        await comes_online(session, await a_user(session, queues=["suporte"]))
    weekday = format_date(opens.date(), "EEEE", locale="pt_BR")
    await talk.hears("quero falar com uma pessoa", "talk_to_human")
    (reply,) = await talk.do("action_talk_to_human")
    assert reply["response"] == "utter_handoff_closed"
    assert reply["opening"] == said.format(weekday=weekday, date=f"{opens:%d/%m}")
    assert "handoff" in await requests_of(talk)
    async with database.reading() as session:
        assert (await session.execute(select(Ticket))).scalar_one().queue_id == 1
    assert words(await talk.do("action_talk_to_human")) == ["utter_handoff_closed"]


async def test_who_is_away_is_not_counted_on(database: Database) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        ana = await a_user(session, queues=["suporte"])
        await comes_online(session, ana)
    await talk.hears("quero falar com uma pessoa", "talk_to_human")
    (reply,) = await talk.do("action_talk_to_human")
    assert reply["response"].startswith("utter_handoff_queue")
    async with database.transaction() as session:
        (await session.get_one(User, ana.id)).presence = Presence.AWAY
    await talk.hears("quero falar com uma pessoa", "talk_to_human")
    assert words(await talk.do("action_talk_to_human")) == ["utter_handoff_nobody"]


async def test_the_place_in_the_queue_is_kept_to_ourselves_where_admins_want_it_so(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        await comes_online(session, await a_user(session, queues=["suporte"]))
        await save_configuration(session, Automation(tell_place_in_queue=False), SYSTEM)
    await talk.hears("quero falar com uma pessoa", "talk_to_human")
    assert words(await talk.do("action_talk_to_human")) == ["utter_handoff_received"]


async def test_a_person_in_the_middle_of_a_ticket_keeps_what_was_typed(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    talk.loop, talk.slots["requested_slot"] = "ticket_form", "ticket_description"
    talk.slots |= {"ticket_subject": "Boleto errado", "ticket_type": "id:3"}
    await talk.hears("atendente", "talk_to_human")
    await talk.do("action_talk_to_human")
    assert not talk.in_form
    assert talk.slots["requested_slot"] is None
    assert "Assunto: Boleto errado" in str((await requests_of(talk))["handoff"]["summary"])
    assert talk.slots["draft"] is None
    assert talk.slots["ticket_subject"] is None
    await talk.hears("", "human_finished", outcome="released")
    menu = (await talk.do("action_human_finished"))[1]
    assert "Continuar o que comecei" not in menu["options"]
    async with database.reading() as session:
        ticket = (await session.execute(select(Ticket))).scalar_one()
    assert (ticket.subject, ticket.request_type_id) == ("Boleto errado", 3)
    assert f"#{ticket.number} - Boleto errado" in menu["options"]


async def test_a_person_asked_for_twice_in_a_ticket_gets_one_ticket(database: Database) -> None:
    talk = await a_known_talk(database)
    talk.loop = "ticket_form"
    talk.slots["ticket_subject"] = "Boleto errado"
    await talk.hears("atendente", "talk_to_human")
    before = dict(talk.slots)
    replies = await talk.do("action_talk_to_human")
    assert words(replies) == ["utter_handoff_ticket", "utter_handoff_nobody"]
    talk.slots, talk.loop = before, "ticket_form"
    assert await talk.do("action_talk_to_human") == replies
    await talk.hears("atendente", "talk_to_human")
    assert words(await talk.do("action_talk_to_human")) == ["utter_handoff_nobody"]
    async with database.reading() as session:
        assert len((await session.execute(select(Ticket))).scalars().all()) == 1


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("resolved", ["utter_human_finished_resolved"]),
        ("closed", ["utter_human_finished_closed"]),
        ("released", ["utter_human_finished_released", "utter_menu"]),
        ("cancelled_by_customer", ["utter_human_cancelled", "utter_menu"]),
        ("left_by_customer", ["utter_human_left"]),
    ],
)
async def test_the_bot_knows_how_a_service_ended(
    database: Database, outcome: str, said: list[str]
) -> None:
    talk = await a_known_talk(database)
    await talk.hears("", "human_finished", outcome=outcome)
    assert words(await talk.do("action_human_finished")) == said


async def test_who_was_not_known_goes_on_with_the_identification(database: Database) -> None:
    talk = await a_talk(database)
    await talk.hears("", "human_finished", outcome="cancelled_by_customer")
    await talk.do("action_human_finished")
    assert talk.slots["next_step"] == "identify"


@pytest.mark.parametrize(
    ("text", "score"),
    [("5", 5), ("nota 4", 4), ("⭐⭐⭐", 3), ("péssimo", 1), ("foi ótimo!", 5), ("nota 10", 5)],
)
async def test_a_rating_is_kept_and_does_not_reopen(
    database: Database, text: str, score: int
) -> None:
    talk = await a_known_talk(database)
    await talk.hears("", "human_finished", outcome="resolved")
    await talk.do("action_human_finished")
    await talk.hears(text, "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "rate"
    await talk.do("action_rate")
    await talk.do("action_rate")
    assert talk.slots["next_step"] == "comment"
    assert "stay_ended" in await requests_of(talk)
    async with database.reading() as session:
        assert [each.score for each in (await session.execute(select(Rating))).scalars()] == [score]


@pytest.mark.parametrize("words", ["2", "na verdade 2", "Ops, quis dizer nota 2!", "não, era 2"])
async def test_another_score_in_place_of_a_comment_corrects_the_first(
    database: Database, words: str
) -> None:
    talk = await a_known_talk(database)
    await talk.hears("5", "rate")
    await talk.do("action_rate")
    await talk.hears(words, "rate")
    (said,) = await talk.answers("comment_form", "rating_comment")
    assert (said["response"], said["score"]) == ("utter_rated_badly", 2)
    assert talk.slots["rating_comment"] is None
    await talk.hears("demorou 2 dias", "rate")
    await talk.answers("comment_form", "rating_comment")
    await talk.do("action_save_comment")
    async with database.reading() as session:
        rating = (await session.execute(select(Rating))).scalar_one()
    assert (rating.score, rating.comment) == (2, "demorou 2 dias")


async def test_a_comment_is_kept_and_the_menu_follows(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("5", "rate")
    await talk.do("action_rate")
    await talk.hears("a moça foi muito atenciosa", "rate")
    await talk.answers("comment_form", "rating_comment")
    replies = await talk.do("action_save_comment")
    assert words(replies) == ["utter_comment_thanks", "utter_menu"]
    async with database.reading() as session:
        rating = (await session.execute(select(Rating))).scalar_one()
    assert rating.comment == "a moça foi muito atenciosa"


@pytest.mark.parametrize("text", ["não", "nao, obrigada", "n", "pular"])
async def test_a_comment_may_be_declined(database: Database, text: str) -> None:
    talk = await a_known_talk(database)
    await talk.hears(text, "deny")
    await talk.answers("comment_form", "rating_comment")
    assert words(await talk.do("action_save_comment"))[0] == "utter_comment_skipped"


async def test_a_complaint_is_met_with_an_apology_and_a_person(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("vocês não resolvem nada", "complaint")
    assert words(await talk.do("action_complaint")) == ["utter_complaint", "utter_complaint_menu"]
    await talk.hears("sim", "affirm")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "talk_to_human"


@pytest.mark.parametrize(
    ("text", "sorry"),
    [
        ("vcs são uma merda, quero falar com alguém agora", ["utter_handoff_sorry"]),
        ("esse robô não resolve nada, me passa um atendente", ["utter_handoff_sorry"]),
        ("quero falar com um atendente, por favor", []),
    ],
)
async def test_who_calls_for_a_person_in_anger_is_apologised_to_first(
    database: Database, text: str, sorry: list[str]
) -> None:
    talk = await a_known_talk(database)
    await talk.hears(text, "talk_to_human")
    assert words(await talk.do("action_talk_to_human")) == [*sorry, "utter_handoff_nobody"]


async def test_nobody_is_apologised_to_twice(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("que absurdo, ninguém resolve!", "complaint")
    await talk.do("action_complaint")
    await talk.hears("vocês são péssimos, quero uma pessoa", "talk_to_human")
    assert words(await talk.do("action_talk_to_human")) == ["utter_handoff_nobody"]
