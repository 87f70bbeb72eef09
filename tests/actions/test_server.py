"""The action server, and the words that the actions use."""

import ast
import logging
import re
from pathlib import Path

import pytest
import yaml

from actions.server import ActionFailed
from desk.db import Database
from tests.actions.talking import DOMAIN, a_talk, executor

ROOT = Path(__file__).parents[2]
MAILS = {"utter_proof_mail", "bridge_reset_mail"}  # never said by Rasa
# Parts of messages, lines of menus and lists: always worded alike, so that people find them.
_ALIKE = re.compile(
    r"utter_(?:option|summary|record)_|utter_story_(?:line|author|file)|(?:utter|bridge)_opening_|.*_mail"
    r"|.*_subject$|utter_moment$|utter_files_only$|utter_ticket_status$|bridge_ticket_answer$"
)


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
    rules = "\n".join(path.read_text("utf-8") for path in ROOT.glob("data/*/rules.yml"))
    said_by_rasa = {name for name in all_responses() if "_ask_" in name}
    said_by_rasa |= set(re.findall(r"action: (utter_\w+)", rules))
    by_outcome = {"utter_human_finished_resolved", "utter_human_finished_closed"}
    # To somebody upset the same is said soberly; a record tells the state of the account.
    by_outcome |= {f"{name}_upset" for name in used} & set(all_responses())
    by_outcome |= {name for name in all_responses() if name.startswith("utter_record_account_")}
    bridge = {name for name in all_responses() if name.startswith("bridge_")}
    assert set(all_responses()) - used - said_by_rasa - by_outcome - bridge == set()


def test_no_response_has_a_blank_line() -> None:
    """Rasa would split it into several messages."""
    for name, variations in all_responses().items():
        if name in MAILS:
            continue
        assert all("\n\n" not in str(each["text"]) for each in variations), name


def test_nothing_that_is_said_is_always_said_alike() -> None:
    said = {name: each for name, each in all_responses().items() if not _ALIKE.match(name)}
    menus = {name for name in said if "{options}" in str(said[name][0]["text"])}
    assert [name for name in said if len(said[name]) < 2 and name not in menus] == []


def test_no_action_has_words_of_its_own() -> None:
    """What is said lies in the designers' files; accents give away what slipped into Python."""
    for path in sorted(ROOT.glob("actions/*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        read = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
            for inner in ast.walk(node)
        }
        words = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if id(node) not in read and node.value not in docstrings(tree)
        ]
        assert [each for each in words if re.search(r"[à-úÀ-Ú]", each)] == [], path.name


def docstrings(tree: ast.AST) -> set[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return {ast.get_docstring(node, clean=False) or "" for node in nodes}


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
