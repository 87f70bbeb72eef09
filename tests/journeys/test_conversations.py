"""Whole conversations over the web-chat API, from the scripts in ``conversations/``."""

import httpx
import pytest

from desk.db import Database
from tests.journeys.player import Player
from tests.journeys.script import Script, all_scripts
from tests.system import RunningSystem

SCRIPTS = all_scripts()
_intents: dict[str, tuple[str, ...]] = {}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_conversation(
    system: RunningSystem, system_database: Database, script: Script
) -> None:
    player = Player(system, system_database, script)
    try:
        await player.play()
        _intents[script.name] = intents_of(system, player.chat.conversation)
    finally:
        player.close()


def test_no_two_conversations_have_the_same_sequence_of_intents() -> None:
    seen: dict[tuple[str, ...], str] = {}
    for name, intents in _intents.items():
        assert intents not in seen, f"{name} goes like {seen[intents]}: {intents}"
        seen[intents] = name


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
