"""The action server, and the words that the actions use."""

import logging
import re
from pathlib import Path

import pytest
import yaml

from actions.server import ActionFailed
from desk.db import Database
from tests.actions.talking import DOMAIN, a_talk, executor

ROOT = Path(__file__).parents[2]


def all_responses() -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for path in ROOT.glob("data/*/responses.yml"):
        found |= yaml.safe_load(path.read_text("utf-8"))["responses"]
    return found


def test_every_action_of_the_domain_exists_and_no_other() -> None:
    assert set(executor().actions) == set(DOMAIN["actions"])


def test_every_word_that_an_action_says_exists() -> None:
    code = "\n".join(path.read_text("utf-8") for path in ROOT.glob("actions/*.py"))
    used = set(re.findall(r'"(utter_\w+)"', code)) - {"utter_action"}
    assert used <= set(all_responses())
    said_by_rasa = {name for name in all_responses() if "_ask_" in name} | {"utter_bot_challenge"}
    by_outcome = {"utter_human_finished_resolved", "utter_human_finished_closed"}
    bridge = {name for name in all_responses() if name.startswith("bridge_")}
    assert set(all_responses()) - used - said_by_rasa - by_outcome - bridge == set()


def test_no_response_has_a_blank_line() -> None:
    """Rasa would split it into several messages."""
    for name, variations in all_responses().items():
        if name == "utter_proof_mail":  # an e-mail, never said by Rasa
            continue
        assert all("\n\n" not in str(each["text"]) for each in variations), name


async def test_a_failing_action_logs_nothing_that_the_customer_wrote(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    talk = await a_talk(database)
    await talk.hears("meu segredo", "talk_to_human")
    talk.events[-1]["metadata"]["message_id"] = "not a number"
    with caplog.at_level(logging.DEBUG), pytest.raises(ActionFailed, match="action_talk_to_human"):
        await talk.do("action_talk_to_human")
    assert "Action action_talk_to_human failed" in caplog.text
    assert "segredo" not in caplog.text
