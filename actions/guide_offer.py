"""Offering a guide to somebody who told a problem; they may refuse."""

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.guide_state import GuideState
from actions.menu import Option, offer
from actions.turn import guides
from desk.guides.guide import Guide

_MOST_PROBLEM_CHARS = 2000


async def guide_for(problem: str | None) -> Guide | None:
    """The guide that clearly fits a told problem."""
    return await guides().find(problem) if problem else None


def guide_option(key: str, title: str, guide: Guide, problem: str, answers: str = "") -> Option:
    """A line of a menu that begins a guide."""
    state = GuideState(guide.slug, guide.title, problem[:_MOST_PROBLEM_CHARS])
    return Option(key, title, "guide", {"guide": vars(state)}, answers)


def offer_guide(
    dispatcher: CollectingDispatcher, guide: Guide, problem: str, *more: Option
) -> EventType:
    """Asks whether to try it together; a ticket and a person are as near as before."""
    options = [
        guide_option("1", "utter_option_guide_yes", guide, problem, "affirm"),
        Option(
            "2", "utter_option_guide_ticket", "open_ticket", {"ticket_subject": problem}, "deny"
        ),
        Option("3", "utter_option_person", "talk_to_human"),
        *more,
    ]
    return offer(dispatcher, "utter_guide_offer", options, title=guide.title)


def refused_problem(menu: list[Option]) -> str:
    """The problem for which a guide or a page was just offered: it becomes the subject.

    What the documentation knows nothing of ("qual a capital da França?") does not by itself.
    """
    offered = any(option.step in ("guide", "docs_helped") for option in menu)
    subjects = [
        option.slots.get("ticket_subject") for option in menu if "draft" not in option.slots
    ]
    return next((str(each) for each in subjects if each), "") if offered else ""
