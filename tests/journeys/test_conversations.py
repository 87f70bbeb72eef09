"""Whole conversations over the web-chat API, from the scripts in ``conversations/``."""

import httpx
import pytest

from desk.db import Database
from tests.journeys.player import Player
from tests.journeys.script import Script, all_scripts
from tests.system import RunningSystem

SCRIPTS = all_scripts()
LEAST = 40
LEAST_IN_DISORDER = 15
_intents: dict[str, tuple[str, ...]] = {}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_conversation(
    system: RunningSystem, system_database: Database, script: Script
) -> None:
    player = Player(system, system_database, script)
    try:
        await player.play()
    finally:
        # What failed on the way is compared too, as far as it went.
        _intents[script.name] = tuple(
            intent for each in player.conversations for intent in intents_of(system, each)
        )
        player.close()


def test_no_two_conversations_have_the_same_sequence_of_intents() -> None:
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, intents in _intents.items():
        alike.setdefault(intents, []).append(name)
    assert [names for names in alike.values() if len(names) > 1] == []
    left_out = len(SCRIPTS) - len(_intents)
    if left_out:
        pytest.skip(f"{left_out} of {len(SCRIPTS)} conversations were not played, nor compared")


def test_there_are_enough_conversations_in_order_and_in_disorder() -> None:
    assert len(SCRIPTS) >= LEAST
    assert len([script for script in SCRIPTS if script.disorder]) >= LEAST_IN_DISORDER


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_every_conversation_ends_in_the_database(script: Script) -> None:
    assert script.steps[-1].kind == "D", f"{script.name}.txt: the last step compares nothing"


def intents_of(system: RunningSystem, conversation: str) -> tuple[str, ...]:
    """What Rasa understood, in order."""
    answer = httpx.get(
        f"{system.rasa_url}/conversations/{conversation}/tracker",
        params={"token": system.rasa_token, "include_events": "ALL"},
    )
    events = answer.raise_for_status().json()["events"]
    return tuple(
        event["parse_data"]["intent"]["name"] for event in events if event["event"] == "user"
    )
