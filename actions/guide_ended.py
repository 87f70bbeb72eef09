"""How a guide ends: solved and rated, or with the ways on to a person."""

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.guide_form import WORKED
from actions.guide_record import record_guide
from actions.guide_state import GuideState, forget_guide, state_of
from actions.handoff import NO, PERSON, RATING_OPTIONS, hand_off
from actions.menu import Option, offer
from actions.served import for_served_companies
from actions.tone import in_tone, is_upset
from actions.turn import reading, writing
from actions.unused_media import media_used
from desk.configuration.groups import DirectSupport
from desk.configuration.values import read_configuration
from desk.conversations.requests import request_status
from desk.guides.tables import Outcome
from desk.states import Status


class ActionGuideEnded(Action):
    """Solved: the ticket is resolved, a rating asked for. Not solved: it is open, with ways on."""

    def name(self) -> str:
        return "action_guide_ended"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        state = state_of(tracker)
        if state is None or not state.run or not tracker.get_slot("guide_step"):
            dispatcher.utter_message(response="utter_guide_gone")
            return forget_guide()
        if tracker.get_slot("guide_step") == WORKED:
            return await _solved(dispatcher, tracker, state)
        return await _unsolved(dispatcher, tracker, state)


async def _solved(
    dispatcher: CollectingDispatcher, tracker: Tracker, state: GuideState
) -> list[EventType]:
    async def keep() -> dict[str, Any]:
        if turn.conversation.status is Status.OPEN:
            await request_status(turn.session, turn.conversation, turn.message_id, Status.RESOLVED)
        return await record_guide(turn, tracker, state, Outcome.SOLVED)

    async with writing(tracker) as turn:
        upset = is_upset(turn, tracker)
        done = await turn.once("action_guide_ended", keep)
    dispatcher.utter_message(response=in_tone("utter_guide_solved", upset=upset), **done)
    rating = offer(dispatcher, "utter_guide_rate", RATING_OPTIONS)
    return [*forget_guide(), media_used(tracker), rating]


async def _unsolved(
    dispatcher: CollectingDispatcher, tracker: Tracker, state: GuideState
) -> list[EventType]:
    async with writing(tracker) as turn:
        done = await turn.once(
            "action_guide_ended", lambda: record_guide(turn, tracker, state, Outcome.UNSOLVED)
        )
        support = await read_configuration(turn.session, DirectSupport)
    dispatcher.utter_message(response="utter_guide_unsolved", **done)
    options = [PERSON]
    if support.screen_share_url:
        options.append(Option("2", "utter_option_share_screen", "share_screen"))
    options.append(
        Option(str(len(options) + 1), NO.title, NO.step, {"guide": None}, answers=NO.answers)
    )
    menu = offer(dispatcher, "utter_guide_ways_on", options)
    return [state.kept(ended=True, under_way=True), media_used(tracker), menu]


class ActionShareScreen(Action):
    """Tells the address at which a person sees the screen, and calls the person."""

    def name(self) -> str:
        return "action_share_screen"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with reading(tracker) as turn:
            support = await read_configuration(turn.session, DirectSupport)
        if support.screen_share_url:
            dispatcher.utter_message(
                response="utter_guide_share_screen", url=support.screen_share_url
            )
        state = state_of(tracker)
        if state is not None:
            tracker.slots["guide"] = vars(replace(state, share_screen=True))
        return await hand_off(dispatcher, tracker, self.name(), "guide_unsolved")
