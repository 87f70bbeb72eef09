"""Apply a macro: a canned reply is sent and status, queue, priority and tags change, or nothing.

Whoever applies it sees first what will be sent and changed. A team's or everybody's macro was
written by a supervisor, who thereby lets agents set its priority.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.fill import VARIABLES, Filled, fill_text
from desk.canned.find import ReplyFile, files_of_replies, visible_reply
from desk.canned.macros import MacroValues, macro_of
from desk.canned.save import count_use
from desk.canned.tables import CannedReply, Scope
from desk.channels.tables import Channel
from desk.conversations.canned import reply_values
from desk.conversations.find import lock_conversation
from desk.conversations.ownership import set_priority, set_status
from desk.conversations.priority import priority_label
from desk.conversations.tables import Conversation, ConversationTag, MacroUse
from desk.conversations.tagging import tag_conversation
from desk.conversations.team_messages import post_agent_message
from desk.conversations.transfer import may_hand_on, transfer_to_queue
from desk.conversations.window import may_write_freely
from desk.errors import ClaimedByOther, Conflict, DeskError, Invalid, NotAllowed
from desk.events.log import by_agent, record_event
from desk.media.store import StoredFile
from desk.media.tables import Media
from desk.states import STATUS_LABELS, Owner
from desk.tags.tables import Tag
from desk.team.tables import Queue, User

MACRO_APPLIED = "macro.applied"


@dataclass(frozen=True)
class Step:
    """One change: status, priority, queue or tag, from and to in words."""

    kind: str
    before: str
    after: str


@dataclass(frozen=True)
class Preview:
    """What will be sent and changed; ``refusal``: why it may not be applied as it stands."""

    filled: Filled
    files: list[ReplyFile]
    steps: list[Step]
    refusal: DeskError | None


@dataclass(frozen=True)
class Applied:
    """What was sent (None: nothing) and changed; ``is_new`` is False when it was known."""

    message_id: int | None
    changed: list[str]
    is_new: bool


async def preview_macro(
    session: AsyncSession, user: User, conversation: Conversation, reply_id: int, zone: ZoneInfo
) -> Preview:
    """What a macro would do to a conversation now; nothing is changed.

    Raises:
        NotFound: there is no such reply that this person sees.
    """
    reply = await visible_reply(session, user, reply_id)
    macro = await macro_of(session, reply)
    files = (await files_of_replies(session, [reply.id])).get(reply.id, [])
    filled = await _filled(session, conversation, user, reply, zone)
    refusal: DeskError | None = None
    try:
        await _check(session, user, conversation, reply, macro)
    except DeskError as error:
        refusal = error
    return Preview(filled, files, await _steps(session, conversation, macro), refusal)


async def apply_macro(
    session: AsyncSession,
    user: User,
    conversation_id: int,
    reply_id: int,
    *,
    client_id: str,
    zone: ZoneInfo,
    text: str | None = None,
) -> Applied:
    """Sends and changes all of it in the caller's transaction; the same client_id does it once.

    ``text``: the words as the person changed them; None for those of the reply.

    Raises:
        NotFound: there is no such reply that this person sees.
        Conflict: another person has it, nobody has it, the channel takes no free words now, or
            the client_id is known with another body.
        NotAllowed: the person's role does not reach this.
        Invalid: a variable has no value here, or a queue or tag is gone.
    """
    conversation = await lock_conversation(session, conversation_id)
    body_hash = hashlib.sha256(json.dumps([reply_id, text]).encode()).hexdigest()
    known = await session.get(MacroUse, (conversation.id, client_id))
    if known is not None:
        if known.body_hash != body_hash:
            raise Conflict("Este client_id já foi usado para outra macro.")
        return Applied(known.message_id, known.changed, False)
    reply = await visible_reply(session, user, reply_id)
    macro = await macro_of(session, reply)
    await _check(session, user, conversation, reply, macro)
    message_id = await _send(session, user, conversation, reply, client_id, zone, text)
    changed = await _change(session, user, conversation, macro)
    session.add(
        MacroUse(
            conversation_id=conversation.id,
            client_id=client_id,
            reply_id=reply.id,
            body_hash=body_hash,
            changed=changed,
            message_id=message_id,
            applied_at=datetime.now(UTC),
        )
    )
    await count_use(session, reply.id)
    await record_event(
        session,
        MACRO_APPLIED,
        by_agent(user.id),
        conversation_id=conversation.id,
        reply_id=reply.id,
        changed=changed,
    )
    return Applied(message_id, changed, True)


async def _check(
    session: AsyncSession,
    user: User,
    conversation: Conversation,
    reply: CannedReply,
    macro: MacroValues,
) -> None:
    """Refuses before anything is done, so that the preview says the same."""
    if conversation.owner is not Owner.AGENT:
        raise Conflict("Assuma a conversa antes de responder.")
    if not may_hand_on(user, conversation):
        holder = await session.get(User, conversation.assignee_id or 0)
        raise ClaimedByOther(holder.name if holder else "Outra pessoa")
    for_supervisors = macro.set_priority is not None and reply.scope is Scope.PERSONAL
    if for_supervisors and not user.sees_all_queues:
        raise NotAllowed("A prioridade é mudada por quem supervisiona.")
    channel = await session.get_one(Channel, conversation.channel_id)
    if not channel.enabled:
        raise Conflict("O canal desta conversa está desligado.")
    if not await may_write_freely(session, conversation, channel):
        raise Conflict(
            "O cliente não escreve há mais de 24 horas: neste canal só um modelo pode ser enviado."
        )
    if macro.set_queue_id is not None:
        queue = await session.get_one(Queue, macro.set_queue_id)
        if not queue.active:
            raise Invalid("queue", "A fila {name} está desativada.", name=queue.name)
    if len(await _tags(session, macro.tag_ids)) < len(set(macro.tag_ids)):
        raise Invalid("tag_ids", "Uma das etiquetas desta macro foi excluída. Edite a macro.")


async def _send(
    session: AsyncSession,
    user: User,
    conversation: Conversation,
    reply: CannedReply,
    client_id: str,
    zone: ZoneInfo,
    text: str | None,
) -> int:
    if text is None:
        filled = await _filled(session, conversation, user, reply, zone)
        if filled.gaps:
            name = VARIABLES[filled.gaps[0].variable]
            raise Invalid(
                "text", "Falta {name} nesta conversa. Complete o texto antes de enviar.", name=name
            )
        text = filled.text
    message = await post_agent_message(
        session,
        conversation.id,
        user,
        text=text,
        client_id=client_id,
        files=await _stored_files(session, reply),
    )
    return message.id


async def _change(
    session: AsyncSession, user: User, conversation: Conversation, macro: MacroValues
) -> list[str]:
    """Tags first, the status last: what ends a conversation gives it away."""
    actor, changed = by_agent(user.id), []
    for tag in await _tags(session, macro.tag_ids):
        if await tag_conversation(session, conversation, tag, actor):
            changed.append("tag")
    if macro.set_priority is not None and conversation.priority != macro.set_priority:
        await set_priority(session, conversation.id, macro.set_priority, actor)
        changed.append("priority")
    if macro.set_queue_id is not None and conversation.queue_id != macro.set_queue_id:
        queue = await session.get_one(Queue, macro.set_queue_id)
        await transfer_to_queue(session, conversation, user, queue)
        changed.append("queue")
    if macro.set_status is not None and conversation.status is not macro.set_status:
        await set_status(session, conversation.id, macro.set_status, actor)
        changed.append("status")
    return changed


async def _steps(
    session: AsyncSession, conversation: Conversation, macro: MacroValues
) -> list[Step]:
    steps = []
    if macro.set_status is not None:
        before, after = conversation.status.value, macro.set_status.value
        steps.append(Step("status", STATUS_LABELS[before], STATUS_LABELS[after]))
    if macro.set_priority is not None:
        wanted = priority_label(macro.set_priority)
        steps.append(Step("priority", priority_label(conversation.priority), wanted))
    if macro.set_queue_id is not None:
        now = await session.get(Queue, conversation.queue_id or 0)
        then = await session.get(Queue, macro.set_queue_id)
        steps.append(Step("queue", now.name if now else "", then.name if then else ""))
    query = select(ConversationTag.tag_id).where(ConversationTag.conversation_id == conversation.id)
    has = set((await session.execute(query)).scalars())
    tags = await _tags(session, macro.tag_ids)
    steps += [Step("tag", "", tag.name) for tag in tags if tag.id not in has]
    return [step for step in steps if step.before != step.after]


async def _filled(
    session: AsyncSession,
    conversation: Conversation,
    user: User,
    reply: CannedReply,
    zone: ZoneInfo,
) -> Filled:
    values = await reply_values(session, conversation, user, now=datetime.now(UTC), zone=zone)
    return fill_text(reply.text, values)


async def _tags(session: AsyncSession, tag_ids: Sequence[int]) -> Sequence[Tag]:
    query = select(Tag).where(Tag.id.in_(tag_ids)).order_by(Tag.folded)
    return (await session.execute(query)).scalars().all()


async def _stored_files(session: AsyncSession, reply: CannedReply) -> list[StoredFile]:
    files = (await files_of_replies(session, [reply.id])).get(reply.id, [])
    stored = [await session.get_one(Media, file.id) for file in files]
    return [
        StoredFile(
            media.sha256,
            media.mime,
            media.name,
            media.size_bytes,
            media.width_px,
            media.height_px,
        )
        for media in stored
    ]
