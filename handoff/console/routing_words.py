"""Why a conversation is in its queue, in words."""

from babel.numbers import format_percent

from desk.conversations.routing import choose
from desk.conversations.routing.reasons import Reason
from handoff.i18n import _, current_locale


def reason_words(reason: Reason | None) -> str:
    """The reason for the team; empty where none is known."""
    if reason is None:
        return ""
    match reason.how:
        case choose.REQUEST_TYPE:
            return _("pelo tipo de solicitação “{name}”").format(name=reason.request_type or "–")
        case choose.LEARNED:
            return f"{_like(reason)} ({percent(reason.confidence or 0)})"
        case choose.TICKET:
            return _("onde já está o chamado")
        case choose.PERSON if reason.person:
            return _("escolha de {name}").format(name=reason.person)
        case choose.PERSON:
            return _("escolha da equipe")
        case choose.MOVED:
            return _("a fila anterior foi desativada")
    return _("fila padrão: o assunto não ficou claro")


def percent(share: float) -> str:
    """A share as the reader writes it, never more than 99 %: nothing learned is certain."""
    return format_percent(min(share, 0.99), "0 %", locale=current_locale())


def _like(reason: Reason) -> str:
    if reason.example:
        return _("parecido com o exemplo “{text}”").format(text=reason.example)
    if reason.from_chat:
        return _("parecido com outra conversa desta fila")
    return _("parecido com o que esta fila atende")
