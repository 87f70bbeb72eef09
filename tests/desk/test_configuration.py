"""What admins set in the console."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import insert

from desk.configuration.groups import Automation, Brand, PortalNote
from desk.configuration.tables import ConfigurationValue
from desk.configuration.values import read_configuration, save_configuration
from desk.db import Database
from desk.events.log import by_agent
from tests.desk.building import recorded_after


async def test_a_group_that_was_never_saved_has_its_defaults(database: Database) -> None:
    async with database.reading() as session:
        automation = await read_configuration(session, Automation)
        assert await read_configuration(session, Brand) == Brand()
    assert all(automation.model_dump().values())


async def test_what_is_saved_is_read_and_the_log_names_what_changed(database: Database) -> None:
    quiet = Automation(tell_place_in_queue=False)
    async with database.transaction() as session:
        assert await save_configuration(session, quiet, by_agent(3)) == ["tell_place_in_queue"]
        assert await save_configuration(session, quiet, by_agent(3)) == []
    async with database.reading() as session:
        assert await read_configuration(session, Automation) == quiet
        (event,) = await recorded_after(session, 0)
    assert (event.kind, event.actor_id) == ("configuration.changed", 3)
    assert event.data["fields"] == ["tell_place_in_queue"]
    assert event.data["before"] == {"tell_place_in_queue": True}


async def test_the_words_of_the_portal_note_are_not_in_the_log(database: Database) -> None:
    async with database.transaction() as session:
        await save_configuration(session, PortalNote(text="Fale com Maria"), by_agent(3))
    async with database.reading() as session:
        (event,) = await recorded_after(session, 0)
    assert event.data["fields"] == ["text"]
    assert "Maria" not in str(event.data)


async def test_another_process_sees_a_change_at_once(database: Database) -> None:
    other = Database(database.url)
    async with other.reading() as theirs:
        assert (await read_configuration(theirs, Brand)).name == ""
        async with database.transaction() as session:
            await save_configuration(session, Brand(name="Acme"), by_agent(1))
    async with other.reading() as theirs:
        assert (await read_configuration(theirs, Brand)).name == "Acme"
    await other.close()


async def test_a_value_that_is_no_longer_understood_does_not_stop_the_service(
    database: Database,
) -> None:
    async with database.transaction() as session:
        await session.execute(
            insert(ConfigurationValue),
            [
                {"name": "brand", "value": {"color": "azul"}, "updated_at": datetime.now(UTC)},
                {
                    "name": "automation",
                    "value": {"of_the_future": 1, "tell_place_in_queue": False},
                    "updated_at": datetime.now(UTC),
                },
            ],
        )
    async with database.reading() as session:
        assert await read_configuration(session, Brand) == Brand()
        assert not (await read_configuration(session, Automation)).tell_place_in_queue


def test_a_colour_is_written_in_one_way() -> None:
    assert Brand(color=" #1A73E8 ").color == "#1a73e8"
    with pytest.raises(ValidationError):
        Brand(color="javascript:red")


def test_the_portal_note_is_shown_between_its_start_and_its_end() -> None:
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    assert PortalNote(text="Instável").is_shown(now)
    assert not PortalNote(text=" ").is_shown(now)
    assert not PortalNote(text="Instável", starts_at=now + hour).is_shown(now)
    assert not PortalNote(text="Instável", ends_at=now - hour).is_shown(now)
    assert PortalNote(text="Instável", starts_at=now - hour, ends_at=now + hour).is_shown(now)
    with pytest.raises(ValidationError):
        PortalNote(text="Instável", starts_at=now, ends_at=now - hour)
