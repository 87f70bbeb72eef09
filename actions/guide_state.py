"""A guide in a conversation: where it stands, in one slot, and what the record of it says."""

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.phrases import phrase
from actions.turn import Turn
from desk.guides.guide import Guide, Question, Step
from desk.tickets.request_types import offered_in_chat

FORM = "guide_form"
SKIPPED = "none"
QUESTION_SLOTS = {
    Question.HAPPENS: "guide_happens",
    Question.MESSAGE: "guide_message",
    Question.TRIED: "guide_tried",
    Question.BROWSER: "guide_browser",
}
ANSWER_SLOTS = ("guide_step", "guide_confirmed")
_RECORD = {
    "guide_happens": "utter_record_happens",
    "guide_message": "utter_record_message",
    "guide_tried": "utter_record_tried",
    "guide_browser": "utter_record_browser",
}


@dataclass(frozen=True)
class GuideState:
    """What the slot ``guide`` holds.

    Attributes:
        slug, title: which guide.
        problem: the customer's words that led to it.
        run: the run's id in the desk; 0 until it began.
        at: how many steps are done.
        account, portal: what was found before the first step.
        tried: text and outcome of each step, and what was said beside the outcome.
        notes: what was said beside yes and no.
        under_way: it is what the conversation is about now; not after "sair" or "menu".
        ended: its ticket is there.
        insists: the customer wants to try although the portal has a note.
        share_screen: the customer shows their screen to a person.
    """

    slug: str
    title: str = ""
    problem: str = ""
    run: int = 0
    at: int = 0
    account: str = ""
    portal: str = ""
    tried: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    under_way: bool = False
    ended: bool = False
    insists: bool = False
    share_screen: bool = False

    def kept(self, **changes: Any) -> EventType:
        """The event that remembers it with these changes."""
        return SlotSet("guide", asdict(replace(self, **changes)))

    def after(self, guide: Guide, *, worked: bool, said: str = "") -> "GuideState":
        """The state when the present step has helped, or has not; ``said``: what came with it."""
        step = self.step_of(guide)
        outcome = {"step": step.text if step else "", "worked": worked, "said": said}
        told = [*self.tried[: self.at], outcome]
        return replace(self, tried=told, at=self.at if worked else self.at + 1)

    def step_of(self, guide: Guide) -> Step | None:
        """The step that is to be tried now; None after the last."""
        steps = guide.steps_for(self.account)
        return steps[self.at] if self.at < len(steps) else None


def state_of(tracker: Tracker) -> GuideState | None:
    """The guide that the conversation holds, under way or left."""
    kept = tracker.get_slot("guide")
    if not kept:
        return None
    # A conversation outlives an update: what another version kept is left out.
    known = {each.name for each in fields(GuideState)}
    return GuideState(**{name: value for name, value in kept.items() if name in known})


def under_way(tracker: Tracker) -> GuideState | None:
    """The guide that the conversation is about now."""
    state = state_of(tracker)
    return state if state and state.run and (state.under_way or _asks(tracker)) else None


def left_half_way(tracker: Tracker) -> GuideState | None:
    """A guide that may be taken up again."""
    state = state_of(tracker)
    return state if state and state.run and not state.ended else None


def _asks(tracker: Tracker) -> bool:
    return bool(tracker.active_loop_name == FORM)


def forget_guide() -> list[EventType]:
    """Empties all slots of a guide."""
    names = ("guide", *QUESTION_SLOTS.values(), *ANSWER_SLOTS)
    return [SlotSet(name, None) for name in names]


def record_lines(tracker: Tracker, state: GuideState, guide: Guide | None) -> list[str]:
    """What the team should know: what was told, found and tried, a line each.

    A step that is shown and not answered yet is the last: there the customer stands.
    """
    lines = [phrase("utter_record_guide", value=state.title)]
    for slot, response in _RECORD.items():
        value = tracker.get_slot(slot)
        if value:
            told = phrase("utter_record_unknown") if value == SKIPPED else value
            lines.append(phrase(response, value=told))
    if state.account:
        found = phrase(f"utter_record_account_{state.account}")
        lines.append(phrase("utter_record_account", value=found))
    lines.append(phrase("utter_record_portal", value=state.portal or phrase("utter_record_none")))
    for number, each in enumerate(state.tried, start=1):
        result = phrase("utter_record_worked" if each["worked"] else "utter_record_failed")
        if each.get("said"):
            result = phrase("utter_record_said", result=result, said=each["said"])
        step = " ".join(str(each["step"]).split())
        lines.append(phrase("utter_record_step", number=number, step=step, result=result))
    shown = _shown_step(tracker, state, guide) if guide else None
    if shown is not None:
        step, result = " ".join(shown.text.split()), phrase("utter_record_shown")
        lines.append(phrase("utter_record_step", number=state.at + 1, step=step, result=result))
    lines += [phrase("utter_record_note", value=note) for note in state.notes]
    if state.share_screen:
        lines.append(phrase("utter_record_screen"))
    return lines


def _shown_step(tracker: Tracker, state: GuideState, guide: Guide) -> Step | None:
    asked = all(tracker.get_slot(QUESTION_SLOTS[question]) for question in guide.questions)
    return state.step_of(guide) if asked and not tracker.get_slot("guide_step") else None


async def type_of(turn: Turn, guide: Guide | None) -> int | None:
    """The request type that a guide names, when there is such a one."""
    if guide is None or not guide.request_type:
        return None
    wanted = guide.request_type.casefold()
    types = await offered_in_chat(turn.session)
    return next((each.id for each in types if each.name.casefold() == wanted), None)
