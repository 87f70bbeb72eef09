"""To a person and back."""

from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.drafts import forget_ticket, leave_form
from actions.guide_offer import guide_for, guide_option
from actions.guide_record import record_guide
from actions.guide_state import forget_guide, record_lines, type_of, under_way
from actions.menu import Option, offer, show_menu
from actions.open_ticket import open_typed, request_type_id
from actions.phrases import phrase
from actions.posting import leave_and_post, post_unfinished
from actions.tone import calls_angrily
from actions.turn import Turn, guides, heard, reading, router, settings, writing
from actions.unused_media import media_used
from desk.conversations.requests import request_handoff
from desk.conversations.routing.classifier import Guess
from desk.guides.guide import Guide
from desk.guides.tables import Outcome
from desk.hours.moments import opening_as_said

PERSON = Option("1", "utter_option_yes_person", "talk_to_human", answers="affirm")
RATING_OPTIONS = [
    Option("1", "utter_option_score_1", "rate"),
    Option("2", "utter_option_score_2", "rate"),
    Option("3", "utter_option_score_3", "rate"),
    Option("4", "utter_option_score_4", "rate"),
    Option("5", "utter_option_score_5", "rate"),
]
_TOLD_MESSAGES = 3
_OPENINGS = {
    "today": "utter_opening_today",
    "tomorrow": "utter_opening_tomorrow",
    "later": "utter_opening_later",
}


async def hand_off(
    dispatcher: CollectingDispatcher, tracker: Tracker, action: str, reason: str
) -> list[EventType]:
    """Asks for a person once and tells the customer what to expect; leaves any form."""
    if await calls_angrily(tracker):
        dispatcher.utter_message(response="utter_handoff_sorry")
    if not (tracker.get_slot("identified") or settings().strangers_reach_people):
        dispatcher.utter_message(response="utter_people_for_customers")
        return []
    guess = await router().route(tracker.sender_id)
    async with writing(tracker) as turn:
        posted = await post_unfinished(turn, tracker)
        outlook = await turn.once(action, lambda: _request(turn, tracker, reason, guess))
    if posted:
        dispatcher.utter_message(response="utter_action_posted", **posted)
    elif outlook["opened"]:
        dispatcher.utter_message(response="utter_handoff_ticket", number=outlook["opened"])
    _tell_outlook(dispatcher, outlook)
    events = [*leave_form(tracker).events, SlotSet("menu", None)]
    if outlook["opened"]:
        # What was typed is a ticket now: it must not be offered, or taken up, once more.
        events += [*forget_ticket(), SlotSet("wanted", None)]
    guide = under_way(tracker)
    if guide is None and outlook["opened"]:
        events.append(SlotSet("draft", None))
    if guide is not None and guide.ended:
        events += forget_guide()
    elif guide is not None:
        # The person may give the conversation back: the guide can then be gone on with.
        events.append(guide.kept(under_way=False))
    if posted or outlook["opened"]:
        events.append(media_used(tracker))
    return events


def _tell_outlook(dispatcher: CollectingDispatcher, outlook: dict[str, Any]) -> None:
    """What to expect: closed until when, nobody there, or the place in the queue."""
    if outlook["opens_at"]:
        opening = opening_as_said(datetime.fromisoformat(outlook["opens_at"]), datetime.now(UTC))
        said = phrase(_OPENINGS[opening.day], **vars(opening))
        dispatcher.utter_message(response="utter_handoff_closed", opening=said, **outlook)
    elif not outlook["online"]:
        dispatcher.utter_message(response="utter_handoff_nobody", **outlook)
    elif not outlook["tells_place"]:
        dispatcher.utter_message(response="utter_handoff_received", **outlook)
    else:
        waits = (outlook["minutes"] or 0) > 1
        words = "utter_handoff_queue_wait" if waits else "utter_handoff_queue"
        dispatcher.utter_message(response=words, **outlook)


async def _request(
    turn: Turn, tracker: Tracker, reason: str, guess: Guess | None
) -> dict[str, Any]:
    subject, opened, type_id = _subject(tracker), {}, request_type_id(tracker)
    guide, file = under_way(tracker), None
    if guide is not None:
        file = await guides().named(guide.slug)
        opened = await record_guide(turn, tracker, guide, Outcome.HANDED_OFF, made_by_handoff=True)
        type_id = await type_of(turn, file)
    elif subject:
        opened = await open_typed(turn, tracker, subject=subject, made_by_handoff=True)
    outlook = await request_handoff(
        turn.session,
        turn.conversation,
        turn.message_id,
        reason=reason,
        request_type_id=type_id,
        subject=subject or phrase("utter_handoff_subject"),
        summary=summary_of(tracker, file),
        guess=guess,
    )
    return {
        "opened": opened.get("number", "") if opened.get("is_new", True) else "",
        "queue": outlook.queue_name,
        "position": outlook.position,
        "online": outlook.agents_online,
        "minutes": outlook.expected_wait_minutes,
        "opens_at": outlook.opens_at.isoformat() if outlook.opens_at else None,
        "tells_place": outlook.tells_place,
    }


def _subject(tracker: Tracker) -> str:
    guide = under_way(tracker)
    if guide is not None:
        return guide.title
    wanted = tracker.get_slot("wanted") or {}
    return str(tracker.get_slot("ticket_subject") or wanted.get("subject") or "")


def summary_of(tracker: Tracker, file: Guide | None) -> str:
    """What the person should know: the half-typed ticket, the guide so far, the last words."""
    lines = [
        phrase(name, value=value)
        for name, value in (
            ("utter_summary_company", tracker.get_slot("company_name")),
            ("utter_summary_subject", _subject(tracker)),
            ("utter_summary_description", tracker.get_slot("ticket_description")),
        )
        if value
    ]
    guide = under_way(tracker)
    if guide is not None:
        lines += record_lines(tracker, guide, file)
    read = [each["title"] for each in tracker.get_slot("docs_shown") or []]
    if read:
        lines.append(phrase("utter_summary_docs", value=", ".join(dict.fromkeys(read))))
    said = [
        str(event.get("text") or "")
        for event in tracker.applied_events()
        if event.get("event") == "user" and not str(event.get("text") or "").startswith("/")
    ]
    if said:
        lines.append(phrase("utter_summary_said", value=" | ".join(said[-_TOLD_MESSAGES:])))
    return "\n".join(lines)


class ActionTalkToHuman(Action):
    """Hands off from anywhere, before or after identification, in the middle of any form."""

    def name(self) -> str:
        return "action_talk_to_human"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        return await hand_off(dispatcher, tracker, self.name(), "customer_asked")


class ActionComplaint(Action):
    """Apologises first, then offers a person."""

    def name(self) -> str:
        return "action_complaint"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_complaint")
        if tracker.active_loop_name:
            dispatcher.utter_message(response="utter_person_hint")
            return []
        told = heard(tracker).text if tracker.get_slot("identified") else None
        guide = await guide_for(told)
        if guide is None:
            return [offer(dispatcher, "utter_complaint_menu", [PERSON, NEW_TICKET, NO])]
        together = guide_option("4", "utter_option_guide_yes", guide, told or "")
        options = [PERSON, NEW_TICKET, NO, together]
        return [offer(dispatcher, "utter_complaint_guide", options, title=guide.title)]


NEW_TICKET = Option("2", "utter_option_new_ticket", "open_ticket")
NO = Option("3", "utter_option_no_thanks", "show_menu", answers="deny")


class ActionHumanFinished(Action):
    """Welcomes the customer back, knowing how it ended."""

    def name(self) -> str:
        return "action_human_finished"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        outcome = heard(tracker).metadata.get("outcome")
        # A person may have stepped in while a form was open.
        left = await leave_and_post(dispatcher, tracker)
        events = [*left.events, SlotSet("service_status", heard(tracker).metadata.get("status"))]
        if outcome in ("resolved", "closed"):
            menu = offer(dispatcher, f"utter_human_finished_{outcome}", RATING_OPTIONS)
            return [*events, *forget_guide(), menu, SlotSet("next_step", "nothing")]
        if outcome == "left_by_customer":
            dispatcher.utter_message(response="utter_human_left")
            return [*events, SlotSet("menu", None), SlotSet("next_step", "nothing")]
        cancelled = outcome == "cancelled_by_customer"
        dispatcher.utter_message(
            response="utter_human_cancelled" if cancelled else "utter_human_finished_released"
        )
        return [*events, *await go_on(dispatcher, tracker, left.draft)]


async def go_on(
    dispatcher: CollectingDispatcher, tracker: Tracker, draft: dict[str, Any] | None = None
) -> list[EventType]:
    """The menu for whom we know, the rest of the identification for others."""
    if not tracker.get_slot("identified"):
        return [SlotSet("menu", None), SlotSet("next_step", "identify")]
    async with reading(tracker) as turn:
        menu = await show_menu(dispatcher, turn, tracker, draft)
    return [*menu, SlotSet("next_step", "nothing")]
