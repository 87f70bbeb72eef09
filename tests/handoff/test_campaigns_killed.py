"""Real processes work one campaign at once and are killed in the middle: nobody gets it twice."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import pytest

from desk.campaigns.life import schedule
from desk.campaigns.results import read_progress
from desk.campaigns.settings import CampaignValues, campaign_by_id, create_campaign
from desk.db import Database
from desk.events.log import SYSTEM
from desk.states import CampaignState, Status
from desk.team.tables import Role
from tests.desk.building import (
    a_channel,
    a_conversation,
    a_user,
    bot_answers,
    customer_writes,
    messages_of,
)
from tests.handoff.bridging import until

PEOPLE = 40


@contextmanager
def process(url: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.handoff.campaign_process", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "ready\n"
            yield running
        finally:
            running.kill()


@pytest.mark.faults
@pytest.mark.timeout(300)
async def test_killed_in_the_middle_each_contact_still_gets_it_once(database: Database) -> None:
    people = []
    async with database.transaction() as session:
        channel = await a_channel(session)
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        for number in range(PEOPLE):
            people.append(await a_conversation(session, channel, f"p{number}", f"Pessoa {number}"))
    for conversation in people:
        await customer_writes(database, conversation, "oi")
        await bot_answers(database, conversation, "Olá!")
    values = CampaignValues(
        name="Aviso", message="Aviso a todos", statuses=[Status.OPEN], per_minute=600
    )
    async with database.transaction() as session:
        campaign = await create_campaign(session, values, sueli.id, SYSTEM)
        await schedule(session, campaign.id, None, ZoneInfo("America/Sao_Paulo"), SYSTEM)

    async def written(count: int) -> bool:
        async with database.reading() as session:
            return (await read_progress(session, campaign.id)).done >= count

    async def is_finished() -> bool:
        async with database.reading() as session:
            return (await campaign_by_id(session, campaign.id)).state is CampaignState.FINISHED

    with process(database.url) as first, process(database.url) as second:
        await until(lambda: written(8), "the first messages", 60)
        await asyncio.to_thread(_kill, first)
        await until(lambda: written(16), "the next messages", 60)
        await asyncio.to_thread(_kill, second)
        assert not await written(PEOPLE)
        with process(database.url):
            await until(is_finished, "the end", 120)
    said = [
        [row.text for row in await messages_of(database, each) if "campaign_id" in row.data]
        for each in people
    ]
    assert [len(texts) for texts in said] == [1] * PEOPLE


def _kill(running: subprocess.Popen[str]) -> None:
    running.kill()
    running.wait()
