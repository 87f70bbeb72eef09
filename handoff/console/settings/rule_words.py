"""Rules in words: when they act, what they do, what they could not."""

from desk.conversations.priority import priority_label
from desk.conversations.rules.settings import RuleValues
from handoff.console import wording
from handoff.i18n import N_, _

BASES = {
    "status": (N_("Um status"), N_("Desde que a conversa está no status escolhido.")),
    "contact_silent": (
        N_("Silêncio do cliente"),
        N_("Desde a última mensagem nossa, sem resposta. Lembretes de regras não contam."),
    ),
    "team_silent": (
        N_("Silêncio da equipe"),
        N_("Desde que o cliente espera a resposta de uma pessoa."),
    ),
}
UNITS = {"minutes": N_("minutos"), "hours": N_("horas"), "days": N_("dias")}
TIMES = {"calendar": N_("tempo corrido"), "business": N_("tempo de atendimento da fila")}
ACTION_LABELS = {
    "message": N_("mensagem ao cliente"),
    "tag": N_("etiqueta"),
    "note": N_("nota para a equipe"),
    "priority": N_("prioridade"),
    "queue": N_("fila"),
    "status": N_("status"),
}
REFUSALS = {
    "channel_off": N_("o canal está desligado"),
    "window_closed": N_("o cliente não escreve há mais de 24 horas"),
    "queue_off": N_("a fila está desativada"),
    "tag_gone": N_("a etiqueta foi excluída"),
}


def when_words(values: RuleValues) -> str:
    """The condition in a few words."""
    status = wording.STATUS_LABELS[values.status.value] if values.status else ""
    what = status if values.basis == "status" else _(BASES[values.basis][0])
    time = f"{values.amount} {_(UNITS[values.unit])}"
    words = _("{what} há {time}").format(what=what, time=time)
    if values.time == "business":
        words += f" ({_(TIMES['business'])})"
    return words


def does_words(values: RuleValues) -> str:
    """What the rule does, in the order in which it does it."""
    parts = []
    if values.message:
        parts.append(_("escrever ao cliente"))
    if values.add_tag_id is not None:
        parts.append(_("etiquetar"))
    if values.note:
        parts.append(_("avisar a equipe") if values.notify else _("deixar uma nota"))
    if values.set_priority is not None:
        label = _(priority_label(values.set_priority))
        parts.append(_("prioridade {label}").format(label=label))
    if values.set_queue_id is not None:
        parts.append(_("mudar de fila"))
    if values.set_status is not None:
        label = wording.STATUS_LABELS[values.set_status.value]
        parts.append(_("status {label}").format(label=label))
    return ", ".join(parts)
