"""Webhooks in words: kinds of events, states of deliveries, what went wrong."""

from desk.webhooks.kinds import PING
from desk.webhooks.tables import WebhookDelivery
from handoff.i18n import N_, _

EVENT_LABELS = {
    "conversation.created": N_("Conversa criada"),
    "conversation.status_changed": N_("Status da conversa mudou"),
    "conversation.owner_changed": N_("Mudou quem atende"),
    "conversation.queue_changed": N_("Mudou a fila da conversa"),
    "conversation.priority_changed": N_("Mudou a prioridade"),
    "conversation.first_response": N_("Primeira resposta de uma pessoa"),
    "conversation.tagged": N_("Conversa etiquetada"),
    "conversation.untagged": N_("Etiqueta tirada"),
    "conversation.rated": N_("Atendimento avaliado"),
    "message.created": N_("Mensagem nova"),
    "message.edited": N_("Mensagem editada"),
    "message.deleted": N_("Mensagem apagada"),
    "delivery.changed": N_("Entrega de mensagem mudou"),
    "ticket.opened": N_("Chamado aberto"),
    "ticket.status_changed": N_("Status do chamado mudou"),
    "ticket.action_posted": N_("Ação no chamado"),
    "ticket.rated": N_("Chamado avaliado"),
    "contact.registered": N_("Contato se identificou"),
    "contact.merged": N_("Contatos unidos"),
    "service_level.warned": N_("Prazo perto do fim"),
    "service_level.breached": N_("Prazo perdido"),
    "rule.fired": N_("Regra agiu"),
    PING: N_("Teste"),
}
STATES = {
    "pending": N_("Na espera"),
    "sent": N_("Entregue"),
    "failed": N_("Falhou"),
}
ERRORS = {
    "timeout": N_("demorou demais"),
    "unknown_host": N_("endereço não encontrado"),
    "tls": N_("certificado não aceito"),
    "unreachable": N_("não respondeu"),
    "broken_off": N_("conexão interrompida"),
    "redirect": N_("respondeu com redirecionamento"),
    "refused": N_("recusou"),
    "forbidden_address": N_("endereço de rede interna"),
    "no_secret": N_("sem segredo: troque o segredo"),
}


def delivery_words(delivery: WebhookDelivery) -> str:
    """What became of the last try."""
    parts = []
    if delivery.status is not None:
        parts.append(f"HTTP {delivery.status}")
    if delivery.error:
        parts.append(_(ERRORS[delivery.error]) if delivery.error in ERRORS else delivery.error)
    if delivery.duration_ms is not None:
        parts.append(f"{delivery.duration_ms} ms")
    if delivery.tries > 1:
        parts.append(_("{count} tentativas").format(count=delivery.tries))
    return " · ".join(parts)
