"""The form of a guide: what matters first, then one step a message until one helps."""

from dataclasses import asdict, replace
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.guide_answers import asks, asks_for_time, has_helped, is_lost
from actions.guide_facts import browser_in
from actions.guide_state import QUESTION_SLOTS, SKIPPED, GuideState, state_of
from actions.interruptions import free_text_for, interrupts_choice, one_step_back, requested_slot
from actions.menu import Option, offer
from actions.phrases import phrase
from actions.problems import asks_for_ticket, problem_told
from actions.served import while_served
from actions.turn import Heard, guides, heard, settings, writing
from actions.wording import fold, has_words, says_back, says_no, says_yes
from desk.guides.guide import Guide
from desk.guides.runs import forget_steps_from, note_step

WORKED, EXHAUSTED, YES, UNCLEAR = "worked", "exhausted", "yes", "unclear"
LATER, LOST = "later", "lost"
_SAYS_MORE = {LATER: "utter_guide_no_hurry", LOST: "utter_guide_explain"}
ANSWERS = [
    Option("1", "utter_option_step_worked", "guide"),
    Option("2", "utter_option_step_failed", "guide"),
    Option("3", "utter_option_person", "talk_to_human"),
]
_MOST_NOTES = 20
_MOST_CHARS = 2000
_MOST_LOST_WORDS = 6
_BARE_WORDS = 2
_ANSWERED_ELSEWHERE = frozenset(
    {"ask_docs", "bot_challenge", "check_status", "post_action", "recover_access"}
)
_ANSWERED_BY_NO = ("guide_message", "guide_tried")


class ValidateGuideForm(FormValidationAction):
    """Takes the answers; whatever is a request of its own is left to the rules."""

    def name(self) -> str:
        return "validate_guide_form"

    @while_served
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        return await step_back(tracker) or await super().run(dispatcher, tracker, domain)

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
    ) -> list[str]:
        """The questions of the guide, its steps, and whether all is well when one helped."""
        guide = await guide_of(tracker)
        if guide is None:
            return []
        confirmed = ["guide_confirmed"] if tracker.get_slot("guide_step") == WORKED else []
        return [*questions_of(guide), "guide_step", *confirmed]

    async def extract_guide_happens(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return answer_to("guide_happens", tracker)

    def validate_guide_happens(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return {"guide_happens": value[:_MOST_CHARS]}

    async def extract_guide_message(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if requested_slot(tracker) == "guide_message" and heard(tracker).has_files:
            return {"guide_message": heard(tracker).text or phrase("utter_guide_in_the_file")}
        return answer_to("guide_message", tracker)

    def validate_guide_message(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return {"guide_message": value[:_MOST_CHARS]}

    async def extract_guide_tried(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return answer_to("guide_tried", tracker)

    def validate_guide_tried(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return {"guide_tried": value[:_MOST_CHARS]}

    async def extract_guide_browser(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        # "Edge" alone reads like a goodbye.
        said = heard(tracker)
        asked = requested_slot(tracker) == "guide_browser" and said.intent != "talk_to_human"
        if asked and browser_in(said.text):
            return {"guide_browser": said.text}
        return answer_to("guide_browser", tracker)

    def validate_guide_browser(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return {"guide_browser": value[:_MOST_CHARS]}

    async def extract_guide_step(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return helped_answer("guide_step", tracker)

    async def validate_guide_step(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        state, guide = state_of(tracker), await guide_of(tracker)
        if value in (WORKED, EXHAUSTED) or state is None or guide is None:
            return {"guide_step": value}
        if value in _SAYS_MORE:
            dispatcher.utter_message(response=_SAYS_MORE[value])
            return {"guide_step": None}
        if value == UNCLEAR:
            return noted(dispatcher, tracker, state, "guide_step")
        return await answered(tracker, guide, state, worked=bool(value))

    async def extract_guide_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return helped_answer("guide_confirmed", tracker)

    async def validate_guide_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        state, guide = state_of(tracker), await guide_of(tracker)
        if value == YES or state is None or guide is None:
            return {"guide_confirmed": value}
        if value in _SAYS_MORE:
            dispatcher.utter_message(response=_SAYS_MORE[value])
            return {"guide_confirmed": None}
        if value == UNCLEAR:
            return noted(dispatcher, tracker, state, "guide_confirmed")
        if value:
            return {"guide_confirmed": YES}
        # It seemed to help and did not: on with the next step.
        return {"guide_confirmed": None} | await answered(tracker, guide, state, worked=False)


async def guide_of(tracker: Tracker) -> Guide | None:
    """The guide of this conversation; None when its file is gone."""
    state = state_of(tracker)
    return await guides().named(state.slug) if state else None


def questions_of(guide: Guide) -> list[str]:
    """The slots that a guide asks for, in its order."""
    return [QUESTION_SLOTS[question] for question in guide.questions]


def answer_to(slot: str, tracker: Tracker) -> dict[str, Any]:
    """The answer to a question; "não sei" and its like skip it, "como assim?" asks it once more."""
    said, text = heard(tracker), free_text_for(slot, tracker)
    if text is None or (asks_for_ticket(text) and problem_told(said) is None):
        return {}
    if is_lost(text) and said.word_count <= _MOST_LOST_WORDS:
        return {}
    if has_words(text) and not says_no(text):
        return {slot: text}
    # "Não" says that there is no message, "não sei" leaves open whether there is.
    answers = slot in _ANSWERED_BY_NO and has_words(text) and "sei" not in fold(text).split()
    return {slot: phrase("utter_record_nothing") if answers else SKIPPED}


def helped_answer(slot: str, tracker: Tracker) -> dict[str, Any]:
    """Whether it helped; what is neither that nor a request of its own is kept as a note."""
    said = heard(tracker)
    if requested_slot(tracker) != slot or not said.text:
        return {}
    if asks_for_ticket(said.text) or said.intent == "talk_to_human":
        return {}
    helped = has_helped(said)
    if helped is not None:
        return {slot: helped}
    if not has_words(said.text):
        return {}
    if asks_for_time(said.text):
        return {slot: LATER}
    if is_lost(said.text) or (asks(said.text) and said.intent not in _ANSWERED_ELSEWHERE):
        return {slot: LOST}
    if said.has_files or not interrupts_choice(said):
        return {slot: UNCLEAR}
    return {}


async def answered(
    tracker: Tracker, guide: Guide, state: GuideState, *, worked: bool
) -> dict[str, Any]:
    """Keeps what became of the present step, and goes on."""
    after = state.after(guide, worked=worked, said=_more_than_yes_or_no(heard(tracker)))
    step = state.step_of(guide)

    async def keep() -> dict[str, Any]:
        if step is not None:
            await note_step(turn.session, state.run, state.at + 1, step.text, worked=worked)
        return {}

    async with writing(tracker) as turn:
        await turn.once("guide_step", keep)
    ends = worked or after.step_of(guide) is None
    value = (WORKED if worked else EXHAUSTED) if ends else None
    return {"guide": asdict(after), "guide_step": value}


def _more_than_yes_or_no(said: Heard) -> str:
    """What the team may learn from an answer beside whether the step helped; "" when nothing."""
    bare = says_no(said.text) or says_yes(said.text) or said.word_count <= _BARE_WORDS
    return "" if bare else said.text[:500]


def noted(
    dispatcher: CollectingDispatcher, tracker: Tracker, state: GuideState, slot: str
) -> dict[str, Any]:
    """Keeps words that say neither yes nor no, and asks once more."""
    dispatcher.utter_message(response="utter_guide_noted")
    notes = [*state.notes, heard(tracker).text[:500]][-_MOST_NOTES:]
    return {slot: None, "guide": asdict(replace(state, notes=notes))}


async def step_back(tracker: Tracker) -> list[EventType]:
    """One step back after "voltar": the step before, or the question before."""
    state, guide = state_of(tracker), await guide_of(tracker)
    asked = requested_slot(tracker)
    if state is None or guide is None or not says_back(heard(tracker).text):
        return []
    if asked in ("guide_step", "guide_confirmed") and (state.at or asked == "guide_confirmed"):
        at = state.at if asked == "guide_confirmed" else state.at - 1
        async with writing(tracker) as turn:
            await forget_steps_from(turn.session, state.run, at + 1)
        empty = [SlotSet("guide_step", None), SlotSet("guide_confirmed", None)]
        back = state.kept(at=at, tried=state.tried[:at])
        return [back, *empty, SlotSet("requested_slot", "guide_step")]
    back = one_step_back(tracker, (*questions_of(guide), "guide_step"))
    return [*back, SlotSet("requested_slot", back[0]["name"])] if back else []


class ActionAskGuideStep(Action):
    """Shows one step, with the page that explains it, and asks whether it helped."""

    def name(self) -> str:
        return "action_ask_guide_step"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if _was_just_told_to_take_time(tracker):
            return []
        state, guide = state_of(tracker), await guide_of(tracker)
        step = state.step_of(guide) if state and guide else None
        if state is None or guide is None or step is None:
            dispatcher.utter_message(response="utter_guide_gone")
            return []
        first_detailed = len(guide.steps_for(state.account)) - len(guide.detailed)
        response = "utter_guide_detailed" if state.at == first_detailed else "utter_guide_step"
        link = ""
        if step.page:
            url = f"{settings().public_url.rstrip('/')}/ajuda/{step.page}"
            link = "\n" + phrase("utter_guide_link", url=url)
        facts = {"number": state.at + 1, "step": step.text, "link": link}
        return [offer(dispatcher, response, ANSWERS, **facts)]


class ActionAskGuideConfirmed(Action):
    """Asks to try it once more, in the words of the guide."""

    def name(self) -> str:
        return "action_ask_guide_confirmed"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if _was_just_told_to_take_time(tracker):
            return []
        guide = await guide_of(tracker)
        question = guide.closing if guide else phrase("utter_guide_closing")
        return [offer(dispatcher, "utter_guide_confirm", ANSWERS, question=question)]


def _was_just_told_to_take_time(tracker: Tracker) -> bool:
    """Whether this message asked for a moment: what is on the screen is not said once more."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if (event.get("metadata") or {}).get("utter_action") == _SAYS_MORE[LATER]:
            return True
    return False
