"""An open conversation: its head, thread, what may be done, and who the customer is."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.mentions import has_unseen_mention
from desk.conversations.rows import rows_of
from desk.conversations.tables import Conversation
from desk.conversations.templates import Window, window_of
from desk.events.log import events_of_conversation
from desk.states import ENDED, STATUS_LABELS, Owner, Status
from desk.team.tables import User
from desk.team.users import list_users
from handoff.console import wording
from handoff.console.side import Side, read_side
from handoff.console.thread import (
    NO_DIVIDER,
    MediaUrl,
    ThreadItem,
    first_unseen,
    read_messages,
    thread_items,
)
from handoff.i18n import N_, _

SHOWN_EVENTS = ("conversation.owner_changed", "conversation.status_changed")


@dataclass(frozen=True)
class Action:
    """A button of the head. ``dialog``: it asks for more before anything happens."""

    key: str
    label: str
    path: str
    status: str = ""
    primary: bool = False
    dialog: bool = False


CLAIM = Action("claim", N_("Assumir"), "claim", primary=True)
TAKE_OVER = Action("take-over", N_("Assumir de {name}"), "take-over", primary=True)
RETURN = Action("return", N_("Devolver à fila"), "return")
RELEASE = Action("release", N_("Devolver ao bot"), "release")
TRANSFER = Action("transfer", N_("Transferir…"), "transfer", dialog=True)
WAIT = Action("waiting", N_("Aguardando"), "status", "waiting")
RESUME = Action("in_service", N_("Em atendimento"), "status", "in_service")
FINISH = Action("finish", N_("Finalizar com resumo…"), "finish", dialog=True)
CLOSE = Action("close", N_("Fechar"), "status", "closed")
RESOLVE = Action("resolve", N_("Resolver"), "status", "resolved", primary=True)


@dataclass(frozen=True)
class Pane:
    """All that the right side of the console shows.

    ``window_closed``: that only approved templates may go now, in words; empty otherwise.
    """

    public_id: str
    name: str
    initials: str
    channel_label: str
    status: str
    status_label: str
    owner_text: str
    actions: list[Action]
    can_reply: bool
    reply_hint: str
    window_closed: str
    unread: bool
    from_seq: int
    last_seq: int
    earlier_url: str
    items: list[ThreadItem]
    side: Side
    seen_seq: int
    notice: str = ""


def actions_for(conversation: Conversation, viewer: User) -> list[Action]:
    """What this viewer may do now, the most likely last."""
    if conversation.owner is Owner.QUEUE:
        return [RELEASE, TRANSFER, FINISH, CLOSE, CLAIM]
    if conversation.owner is Owner.BOT:
        ends = [] if conversation.status in ENDED else [FINISH]
        return [*([TRANSFER] if viewer.sees_all_queues else []), *ends, CLAIM]
    mine = conversation.assignee_id == viewer.id
    if not mine and not viewer.sees_all_queues:
        return []
    pause = RESUME if conversation.status is Status.WAITING else WAIT
    if not mine:
        ends = [FINISH, CLOSE, replace(RESOLVE, primary=False)]
        return [RETURN, RELEASE, TRANSFER, pause, *ends, TAKE_OVER]
    return [RETURN, RELEASE, TRANSFER, pause, FINISH, CLOSE, RESOLVE]


def _named(action: Action, assignee: str) -> Action:
    """The action in the reader's words, with the name of who has the conversation."""
    first_name = assignee.split()[0] if assignee.strip() else assignee
    return replace(action, label=_(action.label).format(name=first_name))


async def read_pane(
    session: AsyncSession,
    viewer: User,
    conversation: Conversation,
    *,
    from_seq: int | None = None,
    seen_seq: int | None = None,
    notice: str = "",
    media_url: MediaUrl,
    zone: ZoneInfo,
    now: datetime,
) -> Pane:
    """The open conversation from message ``from_seq`` on, or its newest page.

    ``seen_seq``: up to which message this reader had seen it when they opened it, which is kept
    until they leave; without it, what the team has seen.
    """
    (row,) = await rows_of(session, [conversation])
    messages = await read_messages(session, conversation, from_seq)
    events = await events_of_conversation(session, conversation.id, SHOWN_EVENTS)
    names = {user.id: user.name for user in await list_users(session)}
    mentioned = await has_unseen_mention(session, conversation, viewer)
    if seen_seq is None:
        is_new = first_unseen(messages, conversation.agent_seen_seq)
        seen_seq = conversation.agent_seen_seq if is_new else NO_DIVIDER
    items = thread_items(
        messages,
        events,
        names,
        media_url=media_url,
        zone=zone,
        now=now,
        viewer_id=viewer.id,
        seen_seq=seen_seq,
    )
    window = await window_of(session, conversation)
    first = messages[0].seq if messages else 1
    name = row.contact_name or _("Visitante")
    mine = conversation.owner is Owner.AGENT and conversation.assignee_id == viewer.id
    earlier = f"/console/conversations/{row.public_id}/pane?from={max(1, first - 60)}"
    return Pane(
        public_id=row.public_id,
        name=name,
        initials=wording.initials(name),
        channel_label=wording.CHANNEL_LABELS.get(row.channel_kind, row.channel_kind),
        status=row.status.value,
        status_label=_(STATUS_LABELS[row.status.value]),
        owner_text=wording.owner_text(row.owner, row.assignee_name, row.queue_name, mine=mine),
        actions=[_named(each, row.assignee_name) for each in actions_for(conversation, viewer)],
        can_reply=conversation.owner is Owner.AGENT and window.is_open,
        reply_hint=_reply_hint(conversation, window, zone),
        window_closed=_window_words(conversation, window, now, zone),
        unread=row.unread or mentioned,
        from_seq=first,
        last_seq=conversation.last_seq,
        earlier_url=earlier if first > 1 else "",
        items=items,
        side=await read_side(
            session,
            viewer,
            conversation,
            row,
            names=names,
            history_version=events[-1].seq if events else 0,
            zone=zone,
            now=now,
        ),
        seen_seq=seen_seq,
        notice=notice,
    )


def _window_words(conversation: Conversation, window: Window, now: datetime, zone: ZoneInfo) -> str:
    if window.is_open or conversation.owner is not Owner.AGENT:
        return ""
    if window.closes_at is None:
        return _("A janela de 24 horas está fechada. Só um modelo aprovado chega ao cliente.")
    words = _("A janela de 24 horas fechou ({when}). Só um modelo aprovado chega ao cliente.")
    return words.format(when=wording.short_time(window.closes_at, now, zone))


def _reply_hint(conversation: Conversation, window: Window, zone: ZoneInfo) -> str:
    if conversation.owner is Owner.AGENT:
        if not window.is_open:
            return _("Janela fechada: envie um modelo.")
        if window.closes_at is None:
            return ""
        until = wording.date_and_clock(window.closes_at, zone)
        return _("O WhatsApp aceita respostas até {when}.").format(when=until)
    if conversation.status in ENDED:
        return _("Encerrada. Para escrever ao cliente, assuma a conversa.")
    return _("Para responder ao cliente, assuma a conversa.")
