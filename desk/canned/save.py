"""Write canned replies, with who may write which."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.fill import check_variables
from desk.canned.find import visible_reply
from desk.canned.tables import CannedReply, CannedReplyMedia, Scope
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid, NotAllowed
from desk.events.log import by_agent, record_event
from desk.media.store import StoredFile, add_media
from desk.team.tables import Queue, User
from desk.text import clean_text, fold

MAX_TEXT_CHARS = 4000
MAX_TITLE_CHARS = 120
MAX_FILES = 10
_SHORTCUT = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


@dataclass(frozen=True)
class ReplyDraft:
    """What a person typed about a canned reply."""

    scope: Scope
    shortcut: str
    title: str
    text: str
    queue_id: int | None = None


def may_write(viewer: User, scope: Scope) -> bool:
    """Everybody writes their own; the team's and the global ones supervisors and admins."""
    return scope is Scope.PERSONAL or viewer.sees_all_queues


async def add_reply(
    session: AsyncSession, user: User, draft: ReplyDraft, files: Sequence[StoredFile] = ()
) -> CannedReply:
    """Adds a canned reply; a personal one belongs to the user.

    Raises:
        Invalid: a field is wrong; its words say how.
        NotAllowed: the scope is for supervisors.
    """
    now = datetime.now(UTC)
    reply = CannedReply(shortcut="", title="", text="", uses=0, created_at=now, updated_at=now)
    await _apply(session, user, reply, draft, file_count=len(files))
    session.add(reply)
    await _flush(session, reply)
    await _add_files(session, reply, files)
    await _record(session, "canned_reply.created", user, reply, [])
    return reply


async def change_reply(
    session: AsyncSession,
    user: User,
    reply_id: int,
    draft: ReplyDraft,
    *,
    files: Sequence[StoredFile] = (),
    removed_media: Collection[int] = (),
) -> CannedReply:
    """Changes a canned reply: its words, whom it is for, its files.

    Raises:
        NotFound: there is none that this person sees.
        Invalid: a field is wrong; its words say how.
        NotAllowed: it is for supervisors to change.
    """
    reply = await writable_reply(session, user, reply_id)
    kept = await _keep_files(session, reply, removed_media)
    before = _values(reply)
    await _apply(session, user, reply, draft, file_count=kept + len(files))
    after = _values(reply)
    changed = [name for name, value in after.items() if value != before[name]]
    if files or removed_media:
        changed.append("files")
    if changed:
        reply.updated_at = datetime.now(UTC)
        await _flush(session, reply)
        await _add_files(session, reply, files)
        await _record(session, "canned_reply.changed", user, reply, changed)
    return reply


async def remove_reply(session: AsyncSession, user: User, reply_id: int) -> None:
    """Deletes a canned reply; what was sent with it stays as it was sent.

    Raises:
        NotFound: there is none that this person sees.
        NotAllowed: it is for supervisors to change.
    """
    reply = await writable_reply(session, user, reply_id)
    await _record(session, "canned_reply.removed", user, reply, [])
    await session.execute(delete(CannedReplyMedia).where(CannedReplyMedia.reply_id == reply.id))
    await session.execute(delete(CannedReply).where(CannedReply.id == reply.id))


async def count_use(session: AsyncSession, reply_id: int) -> None:
    """Notes that a reply was inserted."""
    await session.execute(
        update(CannedReply)
        .where(CannedReply.id == reply_id)
        .values(uses=CannedReply.uses + 1)
        .execution_options(synchronize_session=False)
    )


async def writable_reply(session: AsyncSession, user: User, reply_id: int) -> CannedReply:
    """One reply that this person may change.

    Raises:
        NotFound: there is none that this person sees.
        NotAllowed: it is for supervisors to change.
    """
    reply = await visible_reply(session, user, reply_id)
    if not may_write(user, reply.scope):
        raise NotAllowed("Respostas da equipe e globais são alteradas por quem supervisiona.")
    return reply


async def _apply(
    session: AsyncSession, user: User, reply: CannedReply, draft: ReplyDraft, *, file_count: int
) -> None:
    if not may_write(user, draft.scope):
        raise NotAllowed("Respostas da equipe e globais são criadas por quem supervisiona.")
    if file_count > MAX_FILES:
        raise Invalid("file", "Uma resposta leva no máximo {limit} arquivos.", limit=MAX_FILES)
    shortcut = _checked_shortcut(draft.shortcut)
    title, text = clean_text(draft.title), clean_text(draft.text)
    if not title:
        raise Invalid("title", "Informe o título.")
    if len(title) > MAX_TITLE_CHARS:
        raise Invalid("title", "O título passa de {limit} caracteres.", limit=MAX_TITLE_CHARS)
    if not text and not file_count:
        raise Invalid("text", "Escreva o texto ou anexe um arquivo.")
    if len(text) > MAX_TEXT_CHARS:
        raise Invalid("text", "O texto passa de {limit} caracteres.", limit=MAX_TEXT_CHARS)
    check_variables(text)
    queue = await _team_queue(session, draft)
    keeps_owner = reply.scope is Scope.PERSONAL and reply.owner_id is not None
    owner_id = reply.owner_id if keeps_owner else user.id
    reply.scope = draft.scope
    reply.owner_id = owner_id if draft.scope is Scope.PERSONAL else None
    reply.queue_id = queue.id if queue else None
    await _check_free(session, reply, shortcut, queue)
    reply.shortcut, reply.title, reply.text = shortcut, title, text


def _checked_shortcut(typed: str) -> str:
    shortcut = fold(clean_text(typed).removeprefix("/"))
    if not _SHORTCUT.fullmatch(shortcut):
        raise Invalid(
            "shortcut",
            "Use de 1 a 40 letras, números, ponto, hífen ou sublinhado, sem espaços.",
        )
    return shortcut


async def _team_queue(session: AsyncSession, draft: ReplyDraft) -> Queue | None:
    if draft.scope is not Scope.TEAM:
        return None
    queue = await session.get(Queue, min(draft.queue_id, MAX_SMALL_KEY)) if draft.queue_id else None
    if queue is None:
        raise Invalid("queue", "Escolha a fila da equipe.")
    return queue


async def _check_free(
    session: AsyncSession, reply: CannedReply, shortcut: str, queue: Queue | None
) -> None:
    """Within one scope a shortcut is one reply; across scopes the closest wins."""
    same_place = {
        Scope.PERSONAL: CannedReply.owner_id == reply.owner_id,
        Scope.TEAM: CannedReply.queue_id == reply.queue_id,
        Scope.GLOBAL: CannedReply.scope == Scope.GLOBAL,
    }[reply.scope]
    with session.no_autoflush:
        query = select(func.count(CannedReply.id)).where(
            CannedReply.scope == reply.scope, same_place, CannedReply.shortcut == shortcut
        )
        if reply.id is not None:
            query = query.where(CannedReply.id != reply.id)
        taken = (await session.execute(query)).scalar_one()
    if taken:
        where = f"na equipe {queue.name}" if queue else "aqui"
        raise Invalid(
            "shortcut", "O atalho /{shortcut} já existe {where}.", shortcut=shortcut, where=where
        )


async def _flush(session: AsyncSession, reply: CannedReply) -> None:
    """Writes the reply; somebody may have taken its shortcut a moment ago."""
    shortcut = reply.shortcut
    try:
        await session.flush()
    except IntegrityError as error:
        raise Invalid(
            "shortcut", "O atalho /{shortcut} acabou de ser criado.", shortcut=shortcut
        ) from error


async def _keep_files(
    session: AsyncSession, reply: CannedReply, removed_media: Collection[int]
) -> int:
    """Takes files away; gives how many stay."""
    await session.execute(
        delete(CannedReplyMedia).where(
            CannedReplyMedia.reply_id == reply.id,
            CannedReplyMedia.media_id.in_(list(removed_media)),
        )
    )
    query = select(func.count(CannedReplyMedia.media_id)).where(
        CannedReplyMedia.reply_id == reply.id
    )
    return (await session.execute(query)).scalar_one()


async def _add_files(
    session: AsyncSession, reply: CannedReply, files: Sequence[StoredFile]
) -> None:
    last = select(func.coalesce(func.max(CannedReplyMedia.position), -1)).where(
        CannedReplyMedia.reply_id == reply.id
    )
    start = (await session.execute(last)).scalar_one() + 1
    for position, file in enumerate(files, start):
        media = await add_media(session, file)
        session.add(CannedReplyMedia(reply_id=reply.id, position=position, media_id=media.id))
    await session.flush()


def _values(reply: CannedReply) -> dict[str, object]:
    names = ("scope", "owner_id", "queue_id", "shortcut", "title", "text")
    return {name: getattr(reply, name) for name in names}


async def _record(
    session: AsyncSession, kind: str, user: User, reply: CannedReply, fields: Sequence[str]
) -> None:
    await record_event(
        session,
        kind,
        by_agent(user.id),
        id=reply.id,
        scope=reply.scope.value,
        queue_id=reply.queue_id,
        fields=list(fields),
    )
