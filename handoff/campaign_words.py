"""Campaigns in words, for console, files and programs."""

from desk.campaigns.results import Result
from handoff.i18n import N_, _

STATES = {
    "draft": N_("Rascunho"),
    "scheduled": N_("Agendada"),
    "running": N_("Em andamento"),
    "paused": N_("Pausada"),
    "finished": N_("Terminada"),
    "cancelled": N_("Cancelada"),
}
RESULTS = {
    "waiting": N_("Na espera"),
    "sending": N_("Saindo"),
    "sent": N_("Enviada"),
    "delivered": N_("Entregue"),
    "read": N_("Lida"),
    "answered": N_("Respondida"),
    "failed": N_("Falhou"),
    "left_out": N_("De fora"),
}
LEFT_OUT = {
    "opted_out": N_("não quer receber campanhas"),
    "blocked": N_("empresa bloqueada"),
    "no_channel": N_("sem canal por onde escrever"),
    "with_person": N_("uma pessoa está atendendo agora"),
    "window_closed": N_("não escreve há mais de 24 horas, e o canal pede um modelo"),
    "no_templates": N_("não escreve há mais de 24 horas, e o canal ainda não envia modelos"),
    "cancelled": N_("a campanha foi cancelada antes"),
    "": N_("uma pessoa assumiu, ou o contato pediu para parar"),
}


def reason_words(result: Result) -> str:
    """Why a recipient was left out or the message failed; a provider's own words as they are."""
    if result.result == "left_out":
        return _(LEFT_OUT[result.reason]) if result.reason in LEFT_OUT else result.reason
    return result.reason if result.result == "failed" else ""
