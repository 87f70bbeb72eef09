"""When a message in the middle of a form is no answer to its question.

A form takes only answers; what interrupts it is left to the rules, and the form asks again
by itself. Free text (a subject, a description) may read like any intent, so that only a short
and clear request counts as an interruption there.
"""

import re
from collections.abc import Sequence

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.turn import Heard, heard
from actions.wording import fold, says_back, says_finished, wants_to_answer

ALWAYS = frozenset({"human_finished"})

# Intent, at most so many words, at least so sure.
_IN_FREE_TEXT = {
    "talk_to_human": (12, 0.6),
    # "Vitrine desligada" read like it at 0.51.
    "goodbye": (4, 0.6),
    # "Display apagado" read like it at 0.6: a subject must not be lost to the menu.
    "show_menu": (6, 0.78),
    "greet": (3, 0.6),
    "bot_challenge": (9, 0.7),
    "send_media": (4, 0.6),
    "check_status": (9, 0.8),
}
_BY_CHOICE = frozenset(
    {
        "greet",
        "thanks",
        "goodbye",
        "bot_challenge",
        "talk_to_human",
        "complaint",
        "ask_docs",
        "show_menu",
        "open_ticket",
        "check_status",
        "post_action",
        "recover_access",
        "send_media",
    }
)
# "Rejeição 225" asks for no ticket, "preciso disso hoje" is no goodbye, whatever they read like.
_OF_TICKETS = re.compile(
    r"\b(?:status|situacao|andamento|posicao|retorno|respost\w+|novidades?|noticias?|protocolos?"
    r"|(?:ch|x)amad\w+|atendimentos?|tickets?|tikets?|solicita\w+|ocorrencias?|pedidos?|consult\w+"
    r"|acompanh\w+|meus?)\b"
)
_STAYS = re.compile(
    r"\b(?:preciso (?:diss\w|dess\w|resolver|muito|urgente)|urgen\w+|pressa|ate quando)\b"
)
_NOT_UNDERSTOOD = frozenset({"nlu_fallback", "out_of_scope"})
_LEAST_SURE = 0.55
_MOST_QUESTION_WORDS = 20


def meant(said: Heard) -> str:
    """The intent of a message in a form; "" where its words speak against it."""
    plain = fold(said.text)
    if said.intent == "check_status" and not (said.entities or _OF_TICKETS.search(plain)):
        return ""
    return "" if said.intent == "goodbye" and _STAYS.search(plain) else said.intent


def requested_slot(tracker: Tracker) -> str | None:
    """What the open form last asked for; None while it is being opened."""
    slot = tracker.get_slot("requested_slot")
    return str(slot) if slot else None


def interrupts_free_text(said: Heard) -> bool:
    """Whether a message in place of free text is a request of its own."""
    if not said.text or said.intent in ALWAYS:
        return True
    if says_finished(said.text):
        # "Fim" ends a step here, never the conversation.
        return False
    if said.news_ticket and wants_to_answer(said.text):
        return True
    if said.intent == "ask_docs":
        short = said.word_count <= _MOST_QUESTION_WORDS
        return said.text.endswith("?") and short and said.confidence >= 0.6
    most_words, least_sure = _IN_FREE_TEXT.get(meant(said), (0, 1.0))
    return said.word_count <= most_words and said.confidence >= least_sure


def interrupts_choice(said: Heard, *, or_not_understood: bool = False) -> bool:
    """Whether a message in place of a number, a CNPJ or an address is a request of its own."""
    if not said.text or said.intent in ALWAYS:
        return True
    if said.news_ticket and said.intent == "post_action" and not wants_to_answer(said.text):
        # Taken for an answer to the news by the understanding, which knows of no form.
        return False
    if or_not_understood and said.intent in _NOT_UNDERSTOOD:
        return True
    return meant(said) in _BY_CHOICE and said.confidence >= _LEAST_SURE


def one_step_back(tracker: Tracker, steps: Sequence[str]) -> list[EventType]:
    """Asks the question before once more, after "voltar"; nothing at the first step.

    Args:
        tracker: the conversation, with a form open.
        steps: the form's slots in the order in which they are asked for.
    """
    asked = requested_slot(tracker)
    if asked not in steps[1:] or not says_back(heard(tracker).text):
        return []
    return [SlotSet(steps[steps.index(asked) - 1], None), SlotSet(asked, None)]


def free_text_for(slot: str, tracker: Tracker) -> str | None:
    """The answer to a question for free text; None when it was not asked or not answered."""
    said = heard(tracker)
    if requested_slot(tracker) != slot or interrupts_free_text(said):
        return None
    return said.text
