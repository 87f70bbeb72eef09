"""Questions on how something is done, answered from the documentation."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.guide_offer import guide_for, guide_option
from actions.handoff import NEW_TICKET, NO, PERSON
from actions.menu import Option, offer
from actions.open_ticket import subject_of
from actions.phrases import phrase
from actions.turn import heard, knowledge, phraser
from desk.knowledge.answer import answer_text
from desk.knowledge.search import Found, Hit, Verdict

HELPED = Option("1", "utter_option_docs_helped", "docs_helped", answers="affirm")
NOT_HELPED = Option("2", "utter_option_docs_not_helped", "docs_next", answers="deny")
NONE_OF_THESE = "utter_option_docs_none"
_MAYBE_PAGES = 3
_NOTHING_WANTED = -1
_FOLLOWS_ON = re.compile(r"^\W*(?:e|mas e|e se|ent[aã]o)\s+\w", re.IGNORECASE)
_MOST_FOLLOWING = 5
_NAME_SLOTS = ("contact_name", "company_name")


class ActionAnswerFromDocs(Action):
    """Answers with the passage that fits, or with pages that may; says honestly when none does."""

    def name(self) -> str:
        return "action_answer_from_docs"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        question = heard(tracker).text
        before = str(tracker.get_slot("docs_question") or "")
        if before and follows_on(question):
            return await _answer_following(dispatcher, tracker, f"{before} {question}")
        return await answer_question(dispatcher, tracker, question)


class ActionDocsNext(Action):
    """The last answer did not help: the page that was chosen, the next best, or a person."""

    def name(self) -> str:
        return "action_docs_next"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        question = str(tracker.get_slot("docs_question") or "")
        shown: list[dict[str, Any]] = list(tracker.get_slot("docs_shown") or [])
        wanted = tracker.get_slot("docs_wanted")
        forget = SlotSet("docs_wanted", None)
        found = await knowledge().find(question)
        chosen = [hit for hit in found.hits if hit.passage_id == wanted]
        others = [] if wanted or len(shown) != 1 else _untold(found, shown)
        answers = chosen or [hit for hit in others if hit.verdict is Verdict.ANSWER][:1]
        if answers:
            return [forget, *await _tell(dispatcher, tracker, question, answers, shown)]
        if others:
            return [forget, _offer_pages(dispatcher, others[:_MAYBE_PAGES])]
        dispatcher.utter_message(response="utter_docs_exhausted")
        return [forget, *_offer_more_help(dispatcher, tracker, question)]


class ActionDocsHelped(Action):
    """The answer helped."""

    def name(self) -> str:
        return "action_docs_helped"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_docs_helped")
        return [SlotSet(name, None) for name in ("docs_question", "docs_shown", "menu")]


def follows_on(question: str) -> bool:
    """Whether a question is none without the one before: "e no app?"."""
    return _FOLLOWS_ON.search(question) is not None and len(question.split()) <= _MOST_FOLLOWING


def _untold(found: Found, shown: Sequence[dict[str, Any]]) -> list[Hit]:
    """The passages that may answer, too, without those that were told."""
    told = {each["passage"] for each in shown}
    return [
        hit
        for hit in found.hits
        if hit.passage_id not in told and hit.verdict is not Verdict.UNKNOWN
    ]


async def _answer_following(
    dispatcher: CollectingDispatcher, tracker: Tracker, question: str
) -> list[EventType]:
    """Answers a question together with the one before; what was told already is not told again."""
    shown = list(tracker.get_slot("docs_shown") or [])
    found = await knowledge().find(question)
    fresh = _untold(found, shown)
    told_before = any(hit.passage_id == each["passage"] for each in shown for hit in found.hits)
    if tracker.active_loop_name or not told_before:
        return await answer_question(dispatcher, tracker, question)
    asked = SlotSet("docs_question", question)
    if fresh:
        return [asked, _offer_pages(dispatcher, fresh[:_MAYBE_PAGES])]
    dispatcher.utter_message(response="utter_docs_unavailable")
    return [asked, *_offer_more_help(dispatcher, tracker, question)]


async def answer_question(
    dispatcher: CollectingDispatcher, tracker: Tracker, question: str
) -> list[EventType]:
    """The passage that answers a question, pages that may, or honestly that there is none."""
    found = await knowledge().find(question)
    asked = [SlotSet("docs_question", question), SlotSet("docs_shown", [])]
    if found.verdict is Verdict.ANSWER:
        guide = await guide_for(question if tracker.get_slot("identified") else None)
        together = (
            [guide_option("3", "utter_option_guide_together", guide, question)] if guide else []
        )
        told = await _tell(dispatcher, tracker, question, found.hits, more=together)
        return [*asked, *told]
    if found.verdict is Verdict.MAYBE and not tracker.active_loop_name:
        return [*asked, _offer_pages(dispatcher, found.hits[:_MAYBE_PAGES])]
    dispatcher.utter_message(response="utter_docs_unavailable")
    return [*asked, *_offer_more_help(dispatcher, tracker, question)]


async def answer_trouble(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    problem: str,
    before: str = "utter_docs_for_trouble",
) -> list[EventType]:
    """Says what the documentation knows of a told problem, a ticket as near; [] without it."""
    on_this = ticket_on_this("3", problem)
    return await answer_instead(dispatcher, tracker, problem, on_this, before=before)


def ticket_on_this(key: str, told: str) -> Option:
    """A line of a menu that opens a ticket on what was told."""
    subject = {"ticket_subject": subject_of(told)}
    return replace(NEW_TICKET, key=key, title="utter_option_ticket_on_this", slots=subject)


async def answer_instead(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    question: str,
    *instead: Option,
    before: str = "",
) -> list[EventType]:
    """Answers what could also be gone about in another way; [] when nothing answers.

    ``before``: what is said first when something does.
    """
    found = await knowledge().find(question)
    if found.verdict is not Verdict.ANSWER:
        return []
    if before:
        dispatcher.utter_message(response=before)
    told = await _tell(dispatcher, tracker, question, found.hits, more=instead)
    return [SlotSet("docs_question", question), *told]


async def _tell(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    question: str,
    hits: Sequence[Hit],
    shown: Sequence[dict[str, Any]] = (),
    more: Sequence[Option] = (),
) -> list[EventType]:
    """Says what answers, with its pages; outside a form it asks whether that helped.

    Args:
        dispatcher: of the action.
        tracker: of the conversation.
        question: as the customer wrote it.
        hits: the best is told; a language model, where one is set, words it from all.
        shown: what was told before.
        more: further ways on, from "3" on.
    """
    answer, sources = await _word(tracker, question, hits)
    pages = [phrase("utter_docs_more", title=hit.page_title, url=hit.url) for hit in sources[1:]]
    best = sources[0]
    dispatcher.utter_message(
        response="utter_docs_answer",
        answer=answer,
        title=best.page_title,
        url="\n".join([best.url, *pages]),
    )
    told = [{"passage": hit.passage_id, "title": hit.page_title} for hit in sources]
    events: list[EventType] = [SlotSet("docs_shown", [*shown, *told])]
    if not tracker.active_loop_name:
        options = [HELPED, NOT_HELPED, *more]
        events.append(offer(dispatcher, "utter_docs_helped_question", options))
    return events


async def _word(
    tracker: Tracker, question: str, hits: Sequence[Hit]
) -> tuple[str, tuple[Hit, ...]]:
    """The answer, and the passages that it is from."""
    model = phraser()
    names = [str(tracker.get_slot(name) or "") for name in _NAME_SLOTS]
    phrased = await model.phrase(question, hits, names) if model else None
    if phrased is not None:
        return phrased.text, phrased.hits
    return answer_text(question, hits[0].blocks, hits[0].titles), (hits[0],)


def _offer_pages(dispatcher: CollectingDispatcher, hits: Sequence[Hit]) -> EventType:
    """Pages that may answer, to choose from."""
    options = [
        Option(str(number), hit.titles[-1], "docs_next", {"docs_wanted": hit.passage_id})
        for number, hit in enumerate(hits, 1)
    ]
    nothing = {"docs_wanted": _NOTHING_WANTED}
    none = Option(str(len(hits) + 1), NONE_OF_THESE, "docs_next", nothing, answers="deny")
    return offer(dispatcher, "utter_docs_maybe", [*options, none])


def _offer_more_help(
    dispatcher: CollectingDispatcher, tracker: Tracker, question: str
) -> list[EventType]:
    if tracker.active_loop_name:
        dispatcher.utter_message(response="utter_docs_in_form")
        return []
    return [offer(dispatcher, "utter_docs_menu", [PERSON, ticket_on_this("2", question), NO])]
