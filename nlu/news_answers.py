"""Whether words said right after the news of a ticket are an answer to them."""

from __future__ import annotations

import re

from nlu.mentions import READ_AT_MOST_CHARS

# Intent, at most so many words: so it keeps its own meaning, whatever the bot said before.
_OWN_MEANING = {
    "greet": 4,
    "thanks": 5,
    "goodbye": 4,
    "menu_option": 4,
    "show_menu": 6,
    "bot_challenge": 9,
    "talk_to_human": 40,
    "recover_access": 12,
    "check_status": 10,
    "ask_docs": 20,
    "human_finished": 0,
    "send_media": 0,
}
_LEAST_SURE = 0.5
_NEW_TICKET = re.compile(
    r"\b(?:abr\w*|cri\w*|nov[oa]|outr[oa]|registr\w*)\b.{0,20}"
    r"\b(?:chamado|xamado|atendimento|ticket|solicita\w*)",
    re.IGNORECASE,
)


def answers_news(text: str, intent: str, confidence: float) -> bool:
    """Whether a message belongs on the ticket of the news.

    Greetings, digits, thanks, "sair", a person, the menu and a wish of another kind keep their
    meaning; everything else that is said just then is said to the team.
    """
    read = text[:READ_AT_MOST_CHARS].strip()
    if not read or read.startswith("/"):
        return False
    if intent == "open_ticket" and _NEW_TICKET.search(read):
        return False
    if intent == "post_action":
        return True
    most_words = _OWN_MEANING.get(intent)
    if most_words is None or confidence < _LEAST_SURE:
        return True
    return len(text.split()) > most_words
