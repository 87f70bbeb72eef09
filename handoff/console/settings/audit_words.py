"""The events of the log in words."""

from collections.abc import Mapping
from typing import Any

from desk.events.tables import Event
from desk.states import STATUS_LABELS
from handoff.i18n import N_, _

GROUP_LABELS = {
    "team": N_("Equipe"),
    "desk": N_("Ajustes"),
    "customers": N_("Clientes"),
    "conversations": N_("Conversas"),
    "tickets": N_("Chamados"),
    "messages": N_("Mensagens"),
}
KIND_LABELS = {
    "user.created": N_("Criou uma pessoa"),
    "user.changed": N_("Mudou uma pessoa"),
    "user.deactivated": N_("Desativou uma pessoa"),
    "user.reactivated": N_("Reativou uma pessoa"),
    "user.password_reset": N_("Redefiniu a senha de uma pessoa"),
    "user.password_changed": N_("Trocou a própria senha"),
    "user.presence_changed": N_("Mudou a presença"),
    "queue.created": N_("Criou uma fila"),
    "queue.changed": N_("Mudou uma fila"),
    "queue.deactivated": N_("Desativou uma fila"),
    "queue.reactivated": N_("Reativou uma fila"),
    "service_level.changed": N_("Mudou os prazos de uma fila"),
    "request_type.created": N_("Criou um tipo de solicitação"),
    "request_type.changed": N_("Mudou um tipo de solicitação"),
    "routing.example_added": N_("Ensinou um exemplo de encaminhamento"),
    "routing.example_removed": N_("Excluiu um exemplo de encaminhamento"),
    "calendar.created": N_("Criou um horário"),
    "calendar.changed": N_("Mudou um horário"),
    "calendar.removed": N_("Excluiu um horário"),
    "tag.created": N_("Criou uma etiqueta"),
    "tag.changed": N_("Mudou uma etiqueta"),
    "tag.deleted": N_("Excluiu uma etiqueta"),
    "channel.created": N_("Criou um canal"),
    "channel.changed": N_("Mudou um canal"),
    "canned_reply.created": N_("Criou uma resposta pronta"),
    "canned_reply.changed": N_("Mudou uma resposta pronta"),
    "canned_reply.removed": N_("Excluiu uma resposta pronta"),
    "macro.changed": N_("Mudou o que uma resposta pronta faz"),
    "macro.applied": N_("Aplicou uma macro"),
    "configuration.changed": N_("Mudou a configuração"),
    "knowledge_source.created": N_("Adicionou uma fonte da documentação"),
    "knowledge_source.reread": N_("Pediu a leitura de uma fonte"),
    "knowledge_source.removed": N_("Removeu uma fonte da documentação"),
    "review.decided": N_("Deu intenção a mensagens na revisão"),
    "review.discarded": N_("Descartou mensagens na revisão"),
    "review.undone": N_("Desfez uma decisão da revisão"),
    "review.written": N_("Escreveu o arquivo de treino da revisão"),
    "rule.created": N_("Criou uma regra"),
    "rule.changed": N_("Mudou uma regra"),
    "rule.activated": N_("Ligou uma regra"),
    "rule.deactivated": N_("Desligou uma regra"),
    "campaign.created": N_("Criou uma campanha"),
    "campaign.changed": N_("Mudou uma campanha"),
    "campaign.state_changed": N_("Mudou o estado de uma campanha"),
    "campaign.tested": N_("Enviou a si um teste de campanha"),
    "webhook.created": N_("Criou um webhook"),
    "webhook.changed": N_("Mudou um webhook"),
    "webhook.activated": N_("Ligou um webhook"),
    "webhook.deactivated": N_("Desligou um webhook"),
    "webhook.secret_rotated": N_("Trocou o segredo de um webhook"),
    "webhook.replayed": N_("Reenviou eventos a um webhook"),
    "webhook.paused": N_("Webhook pausado por falhas"),
    "webhook.removed": N_("Excluiu um webhook"),
    "company.created": N_("Cadastrou uma empresa"),
    "company.changed": N_("Mudou uma empresa"),
    "contact.created": N_("Cadastrou um contato"),
    "contact.changed": N_("Corrigiu um contato"),
    "contact.registered": N_("Contato se identificou"),
    "contact.email_corrected": N_("Contato corrigiu o e-mail"),
    "contact.email_proved": N_("Contato provou o e-mail"),
    "contact.opted_out": N_("Contato não quer mais campanhas"),
    "contact.opted_in": N_("Contato quer campanhas de novo"),
    "contact.merged": N_("Contatos unidos"),
    "contact.merge_reverted": N_("União de contatos desfeita"),
    "portal.account_moved": N_("Acesso ao portal passado a outro e-mail"),
    "portal.credentials_requested": N_("Senha provisória do portal pedida"),
    "portal.password_changed": N_("Senha do portal trocada"),
    "portal.reset_sent": N_("Link de nova senha enviado"),
    "import.finished": N_("Importou um CSV"),
    "conversation.created": N_("Conversa criada"),
    "conversation.owner_changed": N_("Mudou quem atende"),
    "conversation.status_changed": N_("Mudou o status da conversa"),
    "conversation.priority_changed": N_("Mudou a prioridade"),
    "conversation.queue_changed": N_("Mudou a fila da conversa"),
    "conversation.reordered": N_("Mudou a ordem na fila"),
    "conversation.tagged": N_("Etiquetou uma conversa"),
    "conversation.untagged": N_("Tirou uma etiqueta"),
    "ticket.opened": N_("Chamado aberto"),
    "ticket.action_posted": N_("Ação no chamado"),
    "ticket.status_changed": N_("Mudou o status do chamado"),
    "ticket.changed": N_("Mudou o chamado"),
    "message.edited": N_("Editou uma mensagem"),
    "message.deleted": N_("Apagou uma mensagem"),
    "message.resent": N_("Reenviou uma mensagem"),
    "note.mentioned": N_("Mencionou um colega"),
}
ACTOR_LABELS = {
    "contact": N_("Cliente"),
    "bot": N_("Assistente"),
    "rule": N_("Regra"),
    "system": N_("Sistema"),
    "agent": N_("Equipe"),
}
FIELD_LABELS = {
    "address": N_("endereço"),
    "active": N_("ativo"),
    "agent_kind": N_("quem responde"),
    "assignment": N_("distribuição"),
    "blocked": N_("bloqueada"),
    "brand": N_("nome para o cliente"),
    "calendar_id": N_("horário"),
    "capacity": N_("limite"),
    "city": N_("cidade"),
    "cnpj": N_("CNPJ"),
    "color": N_("cor"),
    "companies": N_("empresas"),
    "email": N_("e-mail"),
    "enabled": N_("ligado"),
    "ends_at": N_("fim"),
    "idle_minutes": N_("minutos até devolver"),
    "kind": N_("tipo"),
    "locale": N_("idioma"),
    "logo_media_id": N_("logotipo"),
    "members": N_("quem atende"),
    "name": N_("nome"),
    "own_holidays": N_("feriados próprios"),
    "phone": N_("telefone"),
    "position": N_("posição"),
    "queue_id": N_("fila"),
    "queues": N_("filas"),
    "role": N_("papel"),
    "screen_share_url": N_("endereço para mostrar a tela"),
    "shows_agent_first_name": N_("mostra o primeiro nome"),
    "shows_agent_name": N_("mostra o primeiro nome"),
    "slug": N_("identificador"),
    "starts_at": N_("início"),
    "state": N_("estado"),
    "synthetic": N_("sintético"),
    "takes_part_in_chat": N_("participa do chat"),
    "text": N_("texto"),
    "timezone": N_("fuso horário"),
    "token": N_("token"),
    "week": N_("semana"),
    "worked_holidays": N_("feriados trabalhados"),
    "first_response_normal": N_("1ª resposta, normal"),
    "first_response_high": N_("1ª resposta, alta"),
    "first_response_urgent": N_("1ª resposta, urgente"),
    "next_response_normal": N_("resposta, normal"),
    "next_response_high": N_("resposta, alta"),
    "next_response_urgent": N_("resposta, urgente"),
    "resolution_normal": N_("solução, normal"),
    "resolution_high": N_("solução, alta"),
    "resolution_urgent": N_("solução, urgente"),
    "warn_by": N_("aviso por"),
    "warn_percent": N_("aviso (% do prazo)"),
    "warn_minutes": N_("aviso (minutos antes)"),
    "basis": N_("o que a regra espera"),
    "status": N_("status"),
    "amount": N_("depois de"),
    "unit": N_("unidade"),
    "time": N_("contando"),
    "if_queue_id": N_("só na fila"),
    "if_priority": N_("só com a prioridade"),
    "if_tag_id": N_("só com a etiqueta"),
    "if_channel_id": N_("só no canal"),
    "message": N_("mensagem"),
    "note": N_("nota"),
    "notify": N_("avisa a equipe"),
    "tag_ids": N_("põe as etiquetas"),
    "set_status": N_("muda o status"),
    "set_priority": N_("muda a prioridade"),
    "set_queue_id": N_("muda a fila"),
    "add_tag_id": N_("põe a etiqueta"),
    "also_past": N_("vale para o que já passou"),
    "template": N_("modelo"),
    "template_language": N_("idioma do modelo"),
    "template_values": N_("variáveis do modelo"),
    "number_id": N_("número no WhatsApp"),
    "business_id": N_("conta no WhatsApp"),
    "app_secret": N_("segredo do aplicativo"),
    "verify_token": N_("palavra de verificação"),
    "statuses": N_("status"),
    "company_ids": N_("empresas"),
    "queue_ids": N_("filas"),
    "channel_ids": N_("canais"),
    "last_contact_since": N_("último contato desde"),
    "last_contact_until": N_("último contato até"),
    "opened_since": N_("aberta desde"),
    "opened_until": N_("aberta até"),
    "per_minute": N_("mensagens por minuto"),
    "pauses_while_waiting": N_("para em Aguardando"),
    "url": N_("endereço"),
    "kinds": N_("eventos"),
    "create": N_("criadas"),
    "change": N_("mudadas"),
    "skip": N_("iguais"),
    "error": N_("com erro"),
}
_VALUES = {
    "bot": N_("assistente"),
    "queue": N_("fila"),
    "agent": N_("atendente"),
    "draft": N_("rascunho"),
    "scheduled": N_("agendada"),
    "running": N_("em andamento"),
    "paused": N_("pausada"),
    "finished": N_("terminada"),
    "cancelled": N_("cancelada"),
}
_SUBJECTS = ("id", "tag_id", "contact_id", "assignee_id", "queue_id", "account_id", "message_id")
_MAX_CHARS = 160


def kind_words(kind: str) -> str:
    """What happened; an unknown kind by its name."""
    return _(KIND_LABELS[kind]) if kind in KIND_LABELS else kind


def actor_words(event: Event, names: Mapping[int, str]) -> str:
    """Who did it."""
    if event.actor_kind == "agent" and event.actor_id is not None:
        return names.get(event.actor_id, f"#{event.actor_id}")
    label = ACTOR_LABELS.get(event.actor_kind)
    return _(label) if label else event.actor_kind


def subject_words(event: Event) -> str:
    """What it was done to, by number."""
    if event.conversation_id is not None:
        return f"{_('conversa')} {event.conversation_id}"
    if event.ticket_id is not None:
        return f"{_('chamado')} {event.ticket_id}"
    number = next((event.data[name] for name in _SUBJECTS if name in event.data), None)
    return f"#{number}" if number is not None else ""


def detail_words(event: Event) -> str:
    """From what to what, as far as the event tells."""
    before, after = event.data.get("before"), event.data.get("after")
    if isinstance(before, dict) or isinstance(after, dict):
        return _changes(before or {}, after or {}, event.data.get("fields", []))
    if after is not None:
        arrow = f"{_value(before)} → " if before is not None else ""
        return f"{arrow}{_value(after)}"[:_MAX_CHARS]
    if event.kind == "import.finished":
        counts = ("create", "change", "skip", "error")
        return ", ".join(f"{_field(name)} {event.data.get(name, 0)}" for name in counts)
    return ", ".join(map(_field, event.data.get("fields", [])))[:_MAX_CHARS]


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], fields: list[str]) -> str:
    parts = []
    for name in sorted({*before, *after, *fields}):
        if name not in after and name not in before:
            parts.append(_field(name))
        elif name in before:
            parts.append(f"{_field(name)}: {_value(before[name])} → {_value(after.get(name))}")
        else:
            parts.append(f"{_field(name)}: {_value(after[name])}")
    return "; ".join(parts)[: 2 * _MAX_CHARS]


def _field(name: object) -> str:
    label = FIELD_LABELS.get(str(name))
    return _(label) if label else str(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("sim") if value else _("não")
    if value is None or value in ("", []):
        return "–"
    text = str(value)
    if text in STATUS_LABELS:
        return _(STATUS_LABELS[text])
    return _(_VALUES[text]) if text in _VALUES else text[:60]
