"""The rating after a person's service, and its comment."""

import re
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.handoff import go_on
from actions.interruptions import requested_slot
from actions.menu import remembered
from actions.problems import problem_told
from actions.scores import score_in
from actions.turn import Turn, heard, writing
from actions.wording import fold, says_finished, says_no
from desk.conversations.ratings import comment_service, rate_service
from desk.conversations.requests import request_stay_ended

SKIPPED = "none"
_GOOD_SCORE = 4
_LEAVES_COMMENT = frozenset(
    {"talk_to_human", "goodbye", "show_menu", "menu_option", "check_status", "human_finished"}
)
_CORRECTION = re.compile(
    r"(?:(?:ops|nao|desculpa|perdao|errei|digo|alias|na verdade|quis dizer|queria dizer|quero|eu"
    r"|dou|dar|mudar|muda|corrigir|corrige|corrigindo|trocar|troca|para|pra|por|era|e|a|o|um|uma|nota)"
    r"[,:]? )*([1-5])"
)
"""In place of a comment: another score, and nothing else."""


class ActionRate(Action):
    """Keeps the score; rating does not reopen the service."""

    def name(self) -> str:
        return "action_rate"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        score = score_in(heard(tracker).text)
        if score is None:
            asked = any(option.step == "rate" for option in remembered(tracker))
            dispatcher.utter_message(
                response="utter_rating_unclear" if asked else "utter_rating_not_now"
            )
            return [SlotSet("next_step", "nothing")]
        await _keep_score(dispatcher, tracker, self.name(), score)
        return [SlotSet("menu", None), SlotSet("next_step", "comment")]


async def _keep_score(
    dispatcher: CollectingDispatcher, tracker: Tracker, name: str, score: int
) -> None:
    async with writing(tracker) as turn:
        await turn.once(name, lambda: _rate(turn, score))
    dispatcher.utter_message(
        response="utter_rated_well" if score >= _GOOD_SCORE else "utter_rated_badly",
        score=score,
    )


async def _rate(turn: Turn, score: int) -> dict[str, Any]:
    await rate_service(turn.session, turn.conversation, turn.message_id, score)
    await request_stay_ended(turn.session, turn.conversation, turn.message_id)
    return {"score": score}


class ValidateCommentForm(FormValidationAction):
    """Takes any words as the comment, but for a clear request of another kind."""

    def name(self) -> str:
        return "validate_comment_form"

    async def extract_rating_comment(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        said = heard(tracker)
        if requested_slot(tracker) != "rating_comment" or not said.text:
            return {}
        if corrected := _CORRECTION.fullmatch(" ".join(fold(said.text).split()).strip(".!")):
            await _keep_score(dispatcher, tracker, "correct_rating", int(corrected[1]))
            return {"rating_comment": None}  # The form asks for the comment again.
        if said.intent in _LEAVES_COMMENT and said.word_count <= 8 and said.confidence >= 0.5:
            return {}
        if said.intent == "open_ticket" and problem_told(said) is None:
            return {}
        thanked = said.intent == "thanks" and said.word_count <= 4
        skipped = thanked or says_no(said.text) or says_finished(said.text)
        return {"rating_comment": SKIPPED if skipped else said.text}

    def validate_rating_comment(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return {"rating_comment": value}


class ActionSaveComment(Action):
    """Keeps the comment and goes on where the flow was."""

    def name(self) -> str:
        return "action_save_comment"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        comment = tracker.get_slot("rating_comment") or SKIPPED
        async with writing(tracker) as turn:
            await turn.once(self.name(), lambda: _comment(turn, comment))
        skipped = comment == SKIPPED
        dispatcher.utter_message(
            response="utter_comment_skipped" if skipped else "utter_comment_thanks"
        )
        return [SlotSet("rating_comment", None), *await go_on(dispatcher, tracker)]


async def _comment(turn: Turn, comment: str) -> dict[str, Any]:
    if comment != SKIPPED:
        await comment_service(turn.session, turn.conversation, turn.message_id, comment)
    await request_stay_ended(turn.session, turn.conversation, turn.message_id)
    return {}
