"""Leaving a form without losing what was typed."""

from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet

from actions.phrases import phrase

TICKET_SLOTS = ("ticket_subject", "ticket_type", "ticket_description")
_TITLE_CHARS = 50


@dataclass(frozen=True)
class LeftForm:
    """The events that leave the open form, and the half-typed ticket, if there was one."""

    events: list[EventType] = field(default_factory=list)
    draft: dict[str, Any] | None = None


def leave_form(tracker: Tracker, *, keeps_guide: bool = False) -> LeftForm:
    """Leaves whatever form is open; a ticket with a subject becomes a draft.

    ``keeps_guide``: a guide is still what the conversation is about, as for the person who comes.
    """
    if not tracker.active_loop_name:
        return LeftForm()
    events = [ActiveLoop(None), SlotSet("requested_slot", None)]
    draft = half_typed_ticket(tracker) if tracker.active_loop_name == "ticket_form" else None
    if draft:
        events.append(SlotSet("draft", draft))
    guided = tracker.active_loop_name == "guide_form" and tracker.get_slot("guide")
    if guided and not keeps_guide:
        # Kept to be taken up again.
        events.append(SlotSet("guide", {**tracker.get_slot("guide"), "under_way": False}))
    if tracker.active_loop_name != "identify_form":
        events += forget_ticket() + forget_action()
    return LeftForm(events, draft)


def half_typed_ticket(tracker: Tracker) -> dict[str, Any] | None:
    """What was typed of a ticket so far; None without a subject."""
    if not tracker.get_slot("ticket_subject"):
        return None
    return {slot: tracker.get_slot(slot) for slot in TICKET_SLOTS}


def draft_option(draft: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Title, next step and slots of the menu's line that takes a draft up again."""
    subject = str(draft["ticket_subject"])
    if len(subject) > _TITLE_CHARS:
        subject = subject[: _TITLE_CHARS - 1] + "…"
    return phrase("utter_option_draft", subject=subject), "open_ticket", {**draft, "draft": None}


def forget_ticket() -> list[EventType]:
    """Empties the ticket form."""
    return [SlotSet(slot, None) for slot in (*TICKET_SLOTS, "ticket_media")]


def forget_action() -> list[EventType]:
    """Empties the form of an action on a ticket."""
    return [SlotSet(slot, None) for slot in ("action_text", "action_media", "rating_comment")]
