"""A conversation as a test story of Rasa: what was said, masked, what ran, which slots steer."""

import io
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from desk.review.masking import People, mask
from desk.review.sentences import annotate, sentence_of

MOST_TURNS = 60
REQUESTED = "requested_slot"
_COMMAND = re.compile(r"/(?P<intent>[\w/-]+)")
_UNTOLD = frozenset({"action_listen", "action_session_start", "action_extract_slots"})

Event = Mapping[str, Any]
Step = dict[str, Any]


def story_of(
    events: Sequence[Event],
    people: People,
    *,
    name: str,
    slots: AbstractSet[str],
    until_message: int | None = None,
) -> str:
    """The file of a story, for `tests/dialogues/test_*.yml`; empty when nothing was said.

    Args:
        events: of the conversation's tracker, in order; its latest session is told.
        people: whose names are not to be read.
        name: of the story.
        slots: those that steer the dialogue; the others are told only where a form asked for them.
        until_message: with the turn of this message the story ends.
    """
    turns = _turns(_latest_session(events), until_message)
    carried = _slots_before(_latest_session(events), slots)
    steps: list[Step] = []
    if carried:
        steps.append({"slot_was_set": [{slot: value} for slot, value in carried.items()]})
    asked: str | None = None
    for turn in turns[-MOST_TURNS:]:
        steps += _steps(turn, people, slots, asked)
        asked = _asked_after(turn, asked)
    if not any("user" in step or "intent" in step for step in steps):
        return ""
    document = {"version": "3.1", "stories": [{"story": name, "steps": steps}]}
    output = io.StringIO()
    yaml = YAML()
    yaml.width = 1_000_000
    yaml.dump(document, output)
    return output.getvalue()


def _latest_session(events: Sequence[Event]) -> Sequence[Event]:
    starts = [
        place
        for place, each in enumerate(events)
        if each.get("event") in {"session_started", "restart"}
    ]
    return events[starts[-1] + 1 :] if starts else events


def _turns(events: Sequence[Event], until_message: int | None) -> list[list[Event]]:
    turns: list[list[Event]] = []
    for each in events:
        if each.get("event") == "user":
            said = [turn[0].get("metadata") or {} for turn in turns]
            if until_message is not None and any(
                told.get("message_id") == until_message for told in said
            ):
                break
            turns.append([])
        if turns:
            turns[-1].append(each)
    return turns


def _slots_before(events: Sequence[Event], slots: AbstractSet[str]) -> dict[str, Any]:
    """What was known before the first word of the session."""
    known: dict[str, Any] = {}
    for each in events:
        if each.get("event") == "user":
            break
        if each.get("event") == "slot" and each["name"] in slots:
            known[each["name"]] = each.get("value")
    return {name: value for name, value in known.items() if value not in (None, False)}


def _asked_after(turn: Sequence[Event], asked: str | None) -> str | None:
    for each in turn:
        if each.get("event") == "slot" and each["name"] == REQUESTED:
            asked = each.get("value")
        elif each.get("event") == "active_loop" and each.get("name") is None:
            asked = None
    return asked


def _steps(
    turn: Sequence[Event], people: People, slots: AbstractSet[str], asked: str | None
) -> list[Step]:
    filled = {each["name"] for each in turn if each.get("event") == "slot" and each.get("value")}
    steps = [_said(turn[0], people, taken=asked is not None and asked in filled)]
    told = slots | {REQUESTED} | ({asked} if asked else set())
    for each in turn[1:]:
        match each.get("event"):
            case "action" if each.get("name") and each["name"] not in _UNTOLD:
                steps.append({"action": each["name"]})
            case "active_loop":
                steps.append({"active_loop": each.get("name")})
            case "slot" if each["name"] in told:
                value = _masked(each.get("value"), people)
                if "slot_was_set" in steps[-1]:
                    steps[-1]["slot_was_set"].append({each["name"]: value})
                else:
                    steps.append({"slot_was_set": [{each["name"]: value}]})
    return steps


def _said(user: Event, people: People, *, taken: bool) -> Step:
    """A message; of what a form took (a name, a subject) and of commands the intent only."""
    parsed = user.get("parse_data") or {}
    intent = str((parsed.get("intent") or {}).get("name") or "nlu_fallback")
    text = str(user.get("text") or "")
    if command := _COMMAND.match(text):
        return {"intent": command["intent"]}
    sentence = sentence_of(text, people)
    if taken or not sentence.text:
        return {"intent": intent}
    found = {each["entity"] for each in parsed.get("entities") or []}
    marks = [each for each in sentence.marks if each.entity in found]
    return {"user": LiteralScalarString(annotate(sentence.text, marks) + "\n"), "intent": intent}


def _masked(value: object, people: People) -> object:
    if isinstance(value, str):
        return mask(value, people).text
    return value if isinstance(value, bool | int | float) or value is None else "…"
