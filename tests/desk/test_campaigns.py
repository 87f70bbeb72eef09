"""Campaigns: each contact once, at a pace, never against their will, whatever dies in between."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy import event, func, insert, select, update

from desk.campaigns.audience import LeftOut
from desk.campaigns.life import cancel, pause, resume, schedule, unschedule
from desk.campaigns.preview import count_audience, list_audience, sample_message
from desk.campaigns.results import list_results, read_progress
from desk.campaigns.sending import due_campaigns, next_step
from desk.campaigns.settings import CampaignValues, change_campaign, create_campaign
from desk.campaigns.stopping import says_stop, stop_campaigns
from desk.campaigns.tables import Campaign, CampaignRecipient
from desk.channels.tables import Channel
from desk.channels.templates import keep_templates
from desk.companies.tables import Company
from desk.contacts.opt_out import opt_in, opt_out_of
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.append import append_message
from desk.conversations.delivery import start_sending
from desk.conversations.merging import merge_proven
from desk.conversations.ownership import claim, set_status
from desk.conversations.resending import resend_message
from desk.conversations.tables import Conversation, Message
from desk.conversations.tagging import tag_conversation
from desk.db import Database
from desk.errors import Conflict, Invalid
from desk.events.log import SYSTEM, by_agent, by_contact
from desk.hours.calendars import CalendarDraft, add_calendar
from desk.states import CAMPAIGN_STATE_AFTER, CampaignState, Status
from desk.tags.settings import TagValues, create_tag
from desk.team.tables import Role
from tests.desk.building import (
    a_channel,
    a_conversation,
    a_queue,
    a_user,
    bot_answers,
    customer_writes,
    fresh,
    messages_of,
)
from tests.fakes.whatsapp import template

ZONE = ZoneInfo("America/Sao_Paulo")
STOP = "Responda PARAR."
NEWS = "Olá, {{contact.first_name}}! Temos novidade."


class Desk:
    """A web chat, a Telegram bot, Ana, and a campaign's loop driven by hand."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def open(self) -> "Desk":
        async with self.database.transaction() as session:
            self.web = await a_channel(session)
            self.telegram = await a_channel(session, "telegram", "bot")
            await a_queue(session)
            self.ana = await a_user(session, role=Role.SUPERVISOR, queues=["suporte"])
        return self

    async def customer(self, name: str, channel: Channel | None = None) -> Conversation:
        """Somebody who wrote and was answered."""
        async with self.database.transaction() as session:
            conversation = await a_conversation(session, channel or self.web, name, name)
        await customer_writes(self.database, conversation, "oi")
        await bot_answers(self.database, conversation, "Olá!")
        return conversation

    async def draft(self, **values: Any) -> Campaign:
        given = {"name": "Novidade", "message": NEWS, "per_minute": 600, "statuses": ["open"]}
        async with self.database.transaction() as session:
            made = CampaignValues.model_validate(given | values)
            return await create_campaign(session, made, self.ana.id, by_agent(self.ana.id))

    async def started(self, **values: Any) -> Campaign:
        campaign = await self.draft(**values)
        async with self.database.transaction() as session:
            return await schedule(session, campaign.id, None, ZONE, by_agent(self.ana.id))

    async def step(self, campaign: Campaign) -> bool:
        """What is due, as if its pace had passed."""
        async with self.database.transaction() as session:
            await session.execute(
                update(Campaign)
                .where(Campaign.id == campaign.id, Campaign.next_at.is_not(None))
                .values(next_at=datetime.now(UTC) - timedelta(seconds=1))
            )
        return await self.turn(campaign)

    async def turn(self, campaign: Campaign) -> bool:
        async with self.database.transaction() as session:
            return await next_step(session, campaign.id, ZONE, STOP)

    async def run(self, campaign: Campaign) -> Campaign:
        while await self.step(campaign):
            pass
        return await self.now(campaign)

    async def now(self, campaign: Campaign) -> Campaign:
        async with self.database.reading() as session:
            return await session.get_one(Campaign, campaign.id)

    async def results(self, campaign: Campaign) -> dict[str, str]:
        async with self.database.reading() as session:
            rows, _ = await list_results(session, campaign.id)
        return {row.name: f"{row.result} {row.reason}".strip() for row in rows}

    async def said(self, conversation: Conversation) -> list[str]:
        rows = await messages_of(self.database, conversation)
        return [row.text for row in rows if "campaign_id" in row.data and row.state != "suppressed"]

    async def do(self, work: Any, *args: Any) -> Any:
        async with self.database.transaction() as session:
            return await work(session, *args)


@pytest.fixture
async def desk(database: Database) -> Desk:
    return await Desk(database).open()


async def test_each_contact_is_written_to_once_and_told_how_to_stop(desk: Desk) -> None:
    maria, joao = await desk.customer("Maria"), await desk.customer("João", desk.telegram)
    campaign = await desk.run(await desk.started())
    assert campaign.state is CampaignState.FINISHED
    assert await desk.said(maria) == [f"Olá, Maria! Temos novidade.\n\n{STOP}"]
    assert await desk.said(joao) == [f"Olá, João! Temos novidade.\n\n{STOP}"]
    assert await desk.results(campaign) == {"Maria": "sent", "João": "sending"}
    await customer_writes(desk.database, maria, "que bom!")
    assert (await desk.results(campaign))["Maria"] == "answered"
    (sent,) = [row for row in await messages_of(desk.database, joao) if row.data]
    assert (sent.state, sent.author_kind) == ("pending", "system")
    assert await desk.turn(campaign) is False


async def test_an_ended_conversation_stays_ended_until_the_customer_answers(desk: Desk) -> None:
    maria = await desk.customer("Maria")
    await desk.do(set_status, maria.id, Status.RESOLVED, by_agent(desk.ana.id))
    before = await fresh(desk.database, maria)
    await desk.run(await desk.started(statuses=["resolved"]))
    assert len(await desk.said(maria)) == 1
    after = await fresh(desk.database, maria)
    assert (after.status, after.status_since) == (Status.RESOLVED, before.status_since)
    assert (after.owner, after.epoch) == (before.owner, before.epoch)
    await customer_writes(desk.database, maria, "quero saber mais")
    await bot_answers(desk.database, maria, "Claro!")
    assert (await fresh(desk.database, maria)).status is Status.OPEN


async def test_a_contact_with_two_channels_gets_one_message_where_they_wrote_last(
    desk: Desk,
) -> None:
    by_web = await desk.customer("Maria")
    by_telegram = await desk.customer("maria-tg", desk.telegram)
    async with desk.database.transaction() as session:
        held = await session.get_one(Conversation, by_telegram.id)
        held.contact_id = by_web.contact_id
    campaign = await desk.run(await desk.started())
    assert await desk.said(by_web) == []
    assert len(await desk.said(by_telegram)) == 1
    assert await desk.results(campaign) == {"Maria": "sending"}


async def test_several_processes_at_once_write_to_everybody_once(desk: Desk) -> None:
    people = [await desk.customer(f"Pessoa{number}") for number in range(6)]
    campaign = await desk.started()
    others = [Database(desk.database.url) for _ in range(3)]

    async def process(database: Database) -> None:
        while (await desk.now(campaign)).state is not CampaignState.FINISHED:
            async with database.reading() as session:
                due = await due_campaigns(session)
            for campaign_id in due:
                async with database.transaction() as session:
                    await next_step(session, campaign_id, ZONE, STOP)
            await asyncio.sleep(0.01)

    try:
        await asyncio.wait_for(asyncio.gather(*map(process, [desk.database, *others])), 60)
    finally:
        for each in others:
            await each.close()
    assert [len(await desk.said(each)) for each in people] == [1] * 6


async def test_the_turn_of_two_processes_is_taken_once(desk: Desk) -> None:
    maria, joao = await desk.customer("Maria"), await desk.customer("João")
    campaign = await desk.started(per_minute=1)
    assert await desk.step(campaign)  # the list of recipients
    other = Database(desk.database.url)

    async def turn(database: Database) -> bool:
        async with database.transaction() as session:
            return await next_step(session, campaign.id, ZONE, STOP)

    try:
        done = await asyncio.gather(turn(desk.database), turn(other))
    finally:
        await other.close()
    assert sorted(done) == [False, True]
    assert len(await desk.said(maria)) + len(await desk.said(joao)) == 1
    assert (await desk.now(campaign)).next_at > datetime.now(UTC) + timedelta(seconds=30)  # type: ignore[operator]


async def test_what_dies_before_its_commit_leaves_nothing_and_is_done_again(desk: Desk) -> None:
    maria = await desk.customer("Maria")
    campaign = await desk.started()
    assert await desk.step(campaign)

    class Killed(Exception):
        pass

    async def dies() -> None:
        async with desk.database.transaction() as session:
            assert await next_step(session, campaign.id, ZONE, STOP)
            raise Killed

    with pytest.raises(Killed):
        await dies()
    assert await desk.said(maria) == []
    assert await desk.results(campaign) == {"Maria": "waiting"}
    await desk.run(campaign)
    assert len(await desk.said(maria)) == 1


async def test_a_list_that_was_broken_off_goes_on_behind_the_last_contact(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        await desk.customer(f"Pessoa{number}")
    monkeypatch.setattr("desk.campaigns.sending.BATCH", 2)
    campaign = await desk.started()
    assert await desk.step(campaign)
    halfway = await desk.now(campaign)
    assert halfway.frozen_at is None
    assert halfway.frozen_to > 0
    await desk.do(pause, campaign.id, SYSTEM)
    assert await desk.step(campaign) is False
    await desk.do(resume, campaign.id, SYSTEM)
    await desk.run(campaign)
    assert set((await desk.results(campaign)).values()) == {"sent"}
    async with desk.database.reading() as session:
        assert (await read_progress(session, campaign.id)).total == 5


async def test_paused_in_the_middle_nothing_goes_out_and_resumed_the_rest_does(
    desk: Desk,
) -> None:
    people = [await desk.customer(f"Pessoa{number}") for number in range(3)]
    campaign = await desk.started()
    await desk.step(campaign)
    await desk.step(campaign)
    await desk.do(pause, campaign.id, by_agent(desk.ana.id))
    assert await desk.step(campaign) is False
    assert [len(await desk.said(each)) for each in people] == [1, 0, 0]
    await desk.do(resume, campaign.id, by_agent(desk.ana.id))
    await desk.run(campaign)
    assert [len(await desk.said(each)) for each in people] == [1, 1, 1]


async def test_cancelled_in_the_middle_the_outbox_and_the_rest_are_stopped(desk: Desk) -> None:
    people = [await desk.customer(f"Pessoa{number}", desk.telegram) for number in range(3)]
    campaign = await desk.started()
    await desk.step(campaign)
    await desk.step(campaign)
    await desk.do(cancel, campaign.id, by_agent(desk.ana.id))
    assert [len(await desk.said(each)) for each in people] == [0, 0, 0]
    assert await desk.step(campaign) is False
    results = await desk.results(campaign)
    assert results["Pessoa0"] == "left_out"
    assert results["Pessoa2"] == "left_out cancelled"
    with pytest.raises(Conflict):
        await desk.do(resume, campaign.id, SYSTEM)


async def test_who_says_stop_in_the_middle_is_left_out_on_every_channel(desk: Desk) -> None:
    maria, joao = await desk.customer("Maria"), await desk.customer("João", desk.telegram)
    campaign = await desk.started()
    await desk.step(campaign)
    await desk.do(
        stop_campaigns, joao.contact_id, by_contact(joao.contact_id), "campaign", campaign.id
    )
    campaign = await desk.run(campaign)
    assert await desk.results(campaign) == {"Maria": "sent", "João": "left_out opted_out"}
    assert await desk.said(joao) == []
    assert len(await desk.said(maria)) == 1
    async with desk.database.transaction() as session:
        found = await opt_out_of(session, joao.contact_id)
        assert found is not None
        assert (found.source, found.campaign_id) == ("campaign", campaign.id)
        assert await opt_in(session, joao.contact_id, by_agent(desk.ana.id))
        assert await opt_out_of(session, joao.contact_id) is None


async def test_what_already_waits_in_the_outbox_does_not_reach_who_says_stop(desk: Desk) -> None:
    joao = await desk.customer("João", desk.telegram)
    campaign = await desk.run(await desk.started())
    await desk.do(stop_campaigns, joao.contact_id, by_agent(desk.ana.id), "team")
    assert await desk.said(joao) == []
    assert await desk.results(campaign) == {"João": "left_out"}


async def test_what_failed_is_not_sent_again_by_hand(desk: Desk) -> None:
    joao = await desk.customer("João", desk.telegram)
    campaign = await desk.run(await desk.started())
    (sent,) = [row for row in await messages_of(desk.database, joao) if row.data]
    async with desk.database.transaction() as session:
        row = await session.get_one(Message, sent.id)
        row.state, row.failure = "failed", "o cliente bloqueou o bot"
    assert await desk.results(campaign) == {"João": "failed o cliente bloqueou o bot"}
    with pytest.raises(Conflict, match="campanha"):
        await desk.do(resend_message, joao.id, sent.id, by_agent(desk.ana.id))


async def test_who_said_stop_under_another_identity_said_it_for_all(desk: Desk) -> None:
    known, other = await desk.customer("Maria"), await desk.customer("maria-tg", desk.telegram)
    await desk.do(stop_campaigns, other.contact_id, by_contact(other.contact_id), "campaign", 1)
    async with desk.database.transaction() as session:
        held = await session.get_one(Conversation, other.id)
        await merge_proven(session, held, known.contact_id, SYSTEM)
        found = await opt_out_of(session, known.contact_id)
    assert found is not None
    assert found.source == "merge"


async def test_a_campaign_never_goes_into_a_talk_with_a_person(desk: Desk) -> None:
    maria, joao = await desk.customer("Maria"), await desk.customer("João", desk.telegram)
    await desk.do(claim, maria.id, desk.ana)
    campaign = await desk.run(await desk.started())
    assert await desk.results(campaign) == {"Maria": "left_out with_person", "João": "sending"}
    # Its message waits in the outbox when Ana takes the conversation.
    await desk.do(claim, joao.id, desk.ana)
    (waits,) = [row for row in await messages_of(desk.database, joao) if row.data]
    assert waits.state == "pending"
    assert await desk.do(start_sending, waits.id) is None
    assert await desk.said(joao) == []
    assert (await desk.results(campaign))["João"] == "left_out"
    assert await desk.said(maria) == []


async def test_who_is_left_out_is_shown_with_the_reason_before_anything_goes_out(
    desk: Desk,
) -> None:
    await desk.customer("Maria")
    blocked, unwilling = await desk.customer("Bloqueada"), await desk.customer("Zé")
    busy = await desk.customer("Ocupada")
    async with desk.database.transaction() as session:
        whatsapp = await a_channel(session, "whatsapp_cloud", "oficial")
        company = Company(
            cnpj="11222333000181", name="Padaria", blocked=True, created_at=datetime.now(UTC)
        )
        session.add(company)
        await session.flush()
        session.add(
            ContactCompany(
                contact_id=blocked.contact_id, company_id=company.id, created_at=datetime.now(UTC)
            )
        )
        await stop_campaigns(session, unwilling.contact_id, SYSTEM, "team")
        await claim(session, busy.id, desk.ana)
        silent = await a_conversation(session, desk.web, "Calada", "Calada")
    late = await desk.customer("Atrasada", whatsapp)
    async with desk.database.transaction() as session:
        await session.execute(
            update(Message)
            .where(Message.conversation_id == late.id)
            .values(created_at=datetime.now(UTC) - timedelta(hours=25))
        )
    values = CampaignValues(name="x", message=NEWS, statuses=[Status.OPEN])
    async with desk.database.reading() as session:
        totals = await count_audience(session, values, ZONE)
        rows, cursor = await list_audience(session, values, ZONE)
        again = values.model_copy(update={"template": "aviso_geral"})
        with_template, _ = await list_audience(session, again, ZONE)
        sample = await sample_message(session, values, ZONE, STOP)
    assert (totals.chosen, totals.reachable, cursor) == (6, 1, None)
    reasons = {row.name: row.reach.reason for row in rows}
    assert reasons == {
        "Maria": None,
        "Bloqueada": LeftOut.BLOCKED,
        "Zé": LeftOut.OPTED_OUT,
        "Ocupada": LeftOut.WITH_PERSON,
        "Calada": LeftOut.NO_CHANNEL,
        "Atrasada": LeftOut.WINDOW_CLOSED,
    }
    late_reason = {row.name: row.reach.reason for row in with_template}["Atrasada"]
    assert late_reason is LeftOut.NO_TEMPLATES
    assert sample.text == f"Olá, Maria! Temos novidade.\n\n{STOP}"
    assert await messages_of(desk.database, silent) == []


async def test_an_approved_template_reaches_a_closed_window_in_its_own_words(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        whatsapp = await a_channel(session, "whatsapp_cloud", "oficial")
        await keep_templates(
            session, whatsapp, [template(body="Olá {{1}}, temos novidade em {{2}}.")]
        )
    late = await desk.customer("Atrasada", whatsapp)
    async with desk.database.transaction() as session:
        await session.execute(
            update(Message)
            .where(Message.conversation_id == late.id)
            .values(created_at=datetime.now(UTC) - timedelta(hours=25))
        )
    with pytest.raises(Invalid) as refused:
        await desk.started(template="aviso_geral", template_values={"1": "a"})
    assert refused.value.field == "template_values"
    with pytest.raises(Invalid):
        await desk.draft(template="aviso_geral", template_values={"1": "{{contact.shoe_size}}"})
    values = {"1": "{{contact.first_name}}", "2": "notas\n fiscais"}
    await desk.run(await desk.started(template="aviso_geral", template_values=values))
    (row,) = [each for each in await messages_of(desk.database, late) if each.data]
    assert row.text == "Olá Atrasada, temos novidade em notas fiscais."
    parameters = [{"type": "text", "text": each} for each in ("Atrasada", "notas fiscais")]
    assert row.data["template"] == {
        "name": "aviso_geral",
        "language": {"code": "pt_BR"},
        "components": [{"type": "body", "parameters": parameters}],
    }
    async with desk.database.transaction() as session:
        delivery = await start_sending(session, row.id)
    assert delivery is not None
    assert delivery.template == row.data["template"]


async def test_a_template_kept_as_a_name_alone_still_goes(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        whatsapp = await a_channel(session, "whatsapp_cloud", "oficial")
    late = await desk.customer("Atrasada", whatsapp)
    async with desk.database.transaction() as session:
        held = await session.get_one(Conversation, late.id)
        message = await append_message(
            session,
            held,
            SYSTEM,
            direction="out",
            state="pending",
            author_kind="system",
            text="Novidade",
            epoch=held.epoch,
            data={"template": "aviso_geral"},
        )
    async with desk.database.transaction() as session:
        delivery = await start_sending(session, message.id)
    assert delivery is not None
    assert delivery.template == {"name": "aviso_geral", "language": {"code": "pt_BR"}}


async def test_contacts_are_chosen_by_all_conditions_together(desk: Desk) -> None:
    maria, joao = await desk.customer("Maria"), await desk.customer("João", desk.telegram)
    async with desk.database.transaction() as session:
        tag = await create_tag(session, TagValues(name="vip"), SYSTEM)
        for each in (maria, joao):
            held = await session.get_one(Conversation, each.id)
            await tag_conversation(session, held, tag, SYSTEM)
        company = Company(cnpj="11222333000181", name="Padaria", created_at=datetime.now(UTC))
        session.add(company)
        await session.flush()
        session.add(
            ContactCompany(
                contact_id=joao.contact_id, company_id=company.id, created_at=datetime.now(UTC)
            )
        )
    today = datetime.now(ZONE).date()
    tomorrow = today + timedelta(days=1)

    async def chosen(**conditions: Any) -> set[str]:
        values = CampaignValues.model_validate({"name": "x", "message": "y"} | conditions)
        async with desk.database.reading() as session:
            rows, _ = await list_audience(session, values, ZONE)
        return {row.name for row in rows}

    assert await chosen(tag_ids=[tag.id]) == {"Maria", "João"}
    assert await chosen(tag_ids=[tag.id], channel_ids=[desk.telegram.id]) == {"João"}
    assert await chosen(company_ids=[company.id]) == {"João"}
    assert await chosen(statuses=["closed"], tag_ids=[tag.id]) == set()
    assert await chosen(last_contact_since=today, opened_until=today) == {"Maria", "João"}
    assert await chosen(opened_since=tomorrow) == set()
    assert await chosen(last_contact_until=today - timedelta(days=1)) == set()


async def test_a_campaign_for_nobody_or_for_everybody_is_refused(desk: Desk) -> None:
    with pytest.raises(ValidationError, match="ao menos um critério"):
        CampaignValues(name="x", message="y")
    with pytest.raises(Invalid, match="não existe"):
        await desk.draft(message="{{contact.nome}}")
    with pytest.raises(Invalid, match="não existe mais"):
        await desk.draft(tag_ids=[999])
    draft = await desk.draft()
    with pytest.raises(Invalid, match="Ninguém receberia"):
        await desk.do(schedule, draft.id, None, ZONE, SYSTEM)
    assert (await desk.now(draft)).state is CampaignState.DRAFT
    await desk.customer("Maria")
    with pytest.raises(Invalid, match="de agora"):
        await desk.do(schedule, draft.id, datetime.now(UTC) - timedelta(days=1), ZONE, SYSTEM)


async def test_who_is_gone_at_the_start_makes_an_empty_campaign_that_ends(desk: Desk) -> None:
    maria = await desk.customer("Maria")
    campaign = await desk.started()
    await desk.do(set_status, maria.id, Status.CLOSED, by_agent(desk.ana.id))
    campaign = await desk.run(campaign)
    assert campaign.state is CampaignState.FINISHED
    assert await desk.results(campaign) == {}


async def test_the_list_is_frozen_at_the_start(desk: Desk) -> None:
    await desk.customer("Maria")
    campaign = await desk.started()
    await desk.step(campaign)
    await desk.customer("João")
    assert set(await desk.results(await desk.run(campaign))) == {"Maria"}


async def test_a_scheduled_one_waits_for_its_moment_and_may_be_taken_back(desk: Desk) -> None:
    maria = await desk.customer("Maria")
    draft = await desk.draft()
    later = datetime.now(UTC) + timedelta(hours=2)
    await desk.do(schedule, draft.id, later, ZONE, SYSTEM)
    assert await desk.turn(draft) is False
    async with desk.database.reading() as session:
        assert await due_campaigns(session) == []
    values = CampaignValues(name="x", message="y", statuses=[Status.OPEN])
    with pytest.raises(Conflict):
        await desk.do(change_campaign, draft.id, values, SYSTEM)
    await desk.do(unschedule, draft.id, SYSTEM)
    assert (await desk.now(draft)).starts_at is None
    assert await desk.step(draft) is False
    assert await desk.said(maria) == []


async def test_outside_its_hours_it_waits_for_the_opening(desk: Desk) -> None:
    maria = await desk.customer("Maria")
    opens = (datetime.now(UTC) + timedelta(days=2)).replace(hour=9, minute=0)
    async with desk.database.transaction() as session:
        draft = CalendarDraft(
            name="Só depois",
            timezone="UTC",
            week={str(opens.weekday()): [["09:00", "09:01"]]},
            worked_holidays=[opens.date().isoformat()],
        )
        calendar = await add_calendar(session, draft, SYSTEM)
    campaign = await desk.started(calendar_id=calendar.id)
    await desk.step(campaign)
    await desk.step(campaign)
    waits = (await desk.now(campaign)).next_at
    assert waits is not None
    assert waits.replace(second=0, microsecond=0) == opens.replace(second=0, microsecond=0)
    assert await desk.said(maria) == []


def test_every_step_of_a_campaign_stands_in_the_table() -> None:
    ended = {CampaignState.FINISHED, CampaignState.CANCELLED}
    assert not [step for step in CAMPAIGN_STATE_AFTER if step[1] in ended]
    cancellable = {state for step, state in CAMPAIGN_STATE_AFTER if step == "cancel"}
    assert cancellable == set(CampaignState) - ended


@pytest.mark.parametrize(
    "text",
    [
        "PARAR",
        "parar.",
        "Pare",
        "Pára!",
        "*parem*",
        "pare por favor",
        "sair da lista",
        "quero sair da lista",
        "me tira dessa lista",
        "não quero receber",
        "nao quero mais receber mensagens",
        "não quero receber mais essas mensagens",
        "n quero mais receber",
        "para de me mandar mensagem",
        "Descadastrar",
        "STOP",
    ],
)
def test_what_means_no_more_of_these(text: str) -> None:
    assert says_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "sair",
        "voltar",
        "o sistema vai parar hoje?",
        "não quero",
        "não recebi o boleto",
        "quero parar de receber o erro 500 no sistema",
        "para quando fica pronto?",
        "não",
        "",
        "/restart",
    ],
)
def test_what_means_something_else(text: str) -> None:
    assert not says_stop(text)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engines = {database.engine.sync_engine, database._slow_engine.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


async def test_ten_thousand_recipients_cost_a_bounded_number_of_queries(desk: Desk) -> None:
    await _a_crowd(desk, 10_000)
    values = CampaignValues(name="x", message=NEWS, statuses=[Status.OPEN])
    with counted(desk.database) as seen:
        async with desk.database.reading() as session:
            totals = await count_audience(session, values, ZONE)
    assert (totals.chosen, totals.reachable) == (10_000, 10_000)
    assert len(seen) <= 21 * 4 + 5
    campaign = await desk.started()
    with counted(desk.database) as seen:
        for _ in range(20):
            await desk.step(campaign)
    assert len(seen) <= 20 * 12
    await desk.step(campaign)
    assert (await desk.now(campaign)).frozen_at is not None
    with counted(desk.database) as seen:
        for _ in range(3):
            await desk.step(campaign)
    assert len(seen) <= 3 * 40
    with counted(desk.database) as seen:
        async with desk.database.reading() as session:
            progress = await read_progress(session, campaign.id)
            rows, cursor = await list_results(session, campaign.id, limit=50)
    assert (progress.total, progress.done, len(rows)) == (10_000, 3, 50)
    assert cursor is not None
    assert len(seen) <= 4
    async with desk.database.reading() as session:
        count = select(func.count()).where(CampaignRecipient.campaign_id == campaign.id)
        assert (await session.execute(count)).scalar_one() == 10_000


async def _a_crowd(desk: Desk, size: int) -> None:
    now = datetime.now(UTC)
    async with desk.database.transaction() as session:
        first = (await session.execute(select(func.max(Contact.id)))).scalar_one() or 0
        ids = range(first + 1, first + size + 1)
        await session.execute(
            insert(Contact), [{"id": each, "name": f"P{each}", "created_at": now} for each in ids]
        )
        await session.execute(
            insert(Conversation),
            [
                {
                    "id": each,
                    "public_id": uuid.uuid4().hex,
                    "contact_id": each,
                    "channel_id": desk.web.id,
                    "external_chat": f"c{each}",
                    "status": Status.OPEN,
                    "status_since": now,
                    "last_seq": 1,
                    "last_contact_seq": 1,
                    "last_message_seq": 1,
                    "last_message_at": now,
                    "created_at": now,
                }
                for each in ids
            ],
        )
        await session.execute(
            insert(Message),
            [
                {
                    "conversation_id": each,
                    "seq": 1,
                    "direction": "in",
                    "author_kind": "contact",
                    "text": "oi",
                    "channel_id": desk.web.id,
                    "external_chat": f"c{each}",
                    "state": "done",
                    "created_at": now,
                    "buttons": [],
                    "data": {},
                }
                for each in ids
            ],
        )
