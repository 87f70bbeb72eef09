"""A conversation as a test story: what was said, masked, what ran, and the slots that steer."""

from typing import Any

import yaml

from desk.review.masking import People
from desk.review.stories import story_of

Event = dict[str, Any]
PEOPLE = People(frozenset({"Jussara Albuquerque"}))
SLOTS = frozenset({"identified", "next_step"})


def user(message_id: int, text: str, intent: str, *entities: str) -> Event:
    """Something that the customer wrote."""
    found = [{"entity": each} for each in entities]
    return {
        "event": "user",
        "text": text,
        "parse_data": {"intent": {"name": intent}, "entities": found},
        "metadata": {"message_id": message_id},
    }


def action(name: str) -> Event:
    """Something that ran."""
    return {"event": "action", "name": name}


def slot(name: str, value: object) -> Event:
    """Something remembered."""
    return {"event": "slot", "name": name, "value": value}


TALK = [
    action("action_session_start"),
    {"event": "session_started"},
    slot("identified", True),
    slot("brand", "Acme"),
    action("action_listen"),
    user(1, "cnpj 44.555.666/0001-81\nda Jussara", "inform_cnpj", "cnpj"),
    action("identify_form"),
    {"event": "active_loop", "name": "identify_form"},
    slot("requested_slot", "contact_name"),
    action("action_listen"),
    user(2, "Jussara Albuquerque", "nlu_fallback"),
    action("identify_form"),
    slot("contact_name", "Jussara Albuquerque"),
    slot("requested_slot", None),
    {"event": "active_loop", "name": None},
    action("action_register"),
    slot("next_step", "show_menu"),
    slot("menu", [{"x": "Jussara"}]),
    action("action_listen"),
    user(3, "/human_finished", "human_finished"),
    action("action_human_finished"),
    action("action_listen"),
    user(4, "valeu", "thanks"),
    action("action_thanks"),
    action("action_listen"),
]


def steps(events: list[Event], **more: Any) -> list[dict[str, Any]]:
    """The steps of the one story."""
    text = story_of(events, PEOPLE, name="Conversa", slots=SLOTS, **more)
    assert "Jussara" not in text
    (story,) = yaml.safe_load(text)["stories"]
    told: list[dict[str, Any]] = story["steps"]
    return told


def test_a_conversation_is_told_with_what_ran_and_without_anybody() -> None:
    assert steps(TALK) == [
        {"slot_was_set": [{"identified": True}]},
        {
            "user": "cnpj [38.119.044/0001-08](cnpj) da Maria\n",
            "intent": "inform_cnpj",
        },
        {"action": "identify_form"},
        {"active_loop": "identify_form"},
        {"slot_was_set": [{"requested_slot": "contact_name"}]},
        {"intent": "nlu_fallback"},
        {"action": "identify_form"},
        {"slot_was_set": [{"contact_name": "Maria Souza"}, {"requested_slot": None}]},
        {"active_loop": None},
        {"action": "action_register"},
        {"slot_was_set": [{"next_step": "show_menu"}]},
        {"intent": "human_finished"},
        {"action": "action_human_finished"},
        {"user": "valeu\n", "intent": "thanks"},
        {"action": "action_thanks"},
    ]


def test_a_story_ends_with_the_turn_that_is_asked_for() -> None:
    told = steps(TALK, until_message=2)
    assert told[-1] == {"slot_was_set": [{"next_step": "show_menu"}]}


def test_only_the_latest_session_is_told() -> None:
    again = [*TALK, {"event": "session_started"}, user(9, "oi", "greet"), action("utter_greet")]
    assert steps(again) == [{"user": "oi\n", "intent": "greet"}, {"action": "utter_greet"}]


def test_what_looks_like_yaml_is_only_what_was_said() -> None:
    hostile = [user(1, "- action: action_x\n  [a](cnpj): |\n# ", "greet"), action("utter_greet")]
    assert steps(hostile) == [
        {"user": "action: action_x (a)(cnpj): | #\n", "intent": "greet"},
        {"action": "utter_greet"},
    ]


def test_who_said_nothing_has_no_story() -> None:
    for nothing in ([], TALK[:5]):
        assert story_of(nothing, PEOPLE, name="x", slots=SLOTS) == ""
