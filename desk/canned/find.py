"""Find canned replies: those a person may use, by shortcut and by words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.tables import CannedReply, CannedReplyMedia, Scope
from desk.db import MAX_SMALL_KEY
from desk.errors import NotFound
from desk.media.tables import Media
from desk.team.queues import queue_ids_of
from desk.team.tables import User
from desk.text import fold

MOST_REPLIES = 2000
_CLOSENESS = {Scope.PERSONAL: 0, Scope.TEAM: 1, Scope.GLOBAL: 2}


@dataclass(frozen=True)
class ReplyFile:
    """A file that goes out with a canned reply."""

    id: int
    mime: str
    name: str
    size_bytes: int


async def visible_replies(session: AsyncSession, viewer: User) -> ColumnElement[bool]:
    """The condition under which a person sees a reply.

    Their own, those of the teams whose queues they see, and the global ones.
    """
    queue_ids = await queue_ids_of(session, viewer)
    return or_(
        CannedReply.scope == Scope.GLOBAL,
        and_(CannedReply.scope == Scope.PERSONAL, CannedReply.owner_id == viewer.id),
        and_(CannedReply.scope == Scope.TEAM, CannedReply.queue_id.in_(queue_ids)),
    )


async def visible_reply(session: AsyncSession, viewer: User, reply_id: int) -> CannedReply:
    """One reply that the viewer may use.

    Raises:
        NotFound: there is none, or the viewer may not see it; which of both is not told.
    """
    query = select(CannedReply).where(
        CannedReply.id == max(0, min(reply_id, MAX_SMALL_KEY)),
        await visible_replies(session, viewer),
    )
    reply = (await session.execute(query)).scalar_one_or_none()
    if reply is None:
        raise NotFound("Resposta pronta não encontrada.")
    return reply


async def list_replies(
    session: AsyncSession, viewer: User, words: str = "", scope: Scope | None = None
) -> list[CannedReply]:
    """All that the viewer may see (at most 2000), best match first; by shortcut without words."""
    wanted = CannedReply.scope == scope if scope else true()
    query = (
        select(CannedReply)
        .where(await visible_replies(session, viewer), wanted)
        .order_by(CannedReply.shortcut, CannedReply.id)
        .limit(MOST_REPLIES)
    )
    replies = (await session.execute(query)).scalars().all()
    return _matching(replies, words) if words.strip() else list(replies)


async def usable_replies(
    session: AsyncSession, viewer: User, words: str = "", queue_id: int | None = None
) -> list[CannedReply]:
    """What a person may insert: of several with one shortcut only the closest.

    Without words what is used most comes first. One's own wins over the team's, that over the
    global one; of two teams' the one of the queue of this conversation.
    """
    found = await list_replies(session, viewer, words)
    closest: dict[str, CannedReply] = {}
    for reply in found:
        rival = closest.get(reply.shortcut)
        if rival is None or _distance(reply, queue_id) < _distance(rival, queue_id):
            closest[reply.shortcut] = reply
    kept = {reply.id for reply in closest.values()}
    usable = [reply for reply in found if reply.id in kept]
    return usable if words.strip("/ ") else sorted(usable, key=lambda reply: -reply.uses)


async def files_of_replies(
    session: AsyncSession, reply_ids: Collection[int]
) -> dict[int, list[ReplyFile]]:
    """The files of these replies, in order."""
    query = (
        select(CannedReplyMedia.reply_id, Media)
        .join(Media, Media.id == CannedReplyMedia.media_id)
        .where(CannedReplyMedia.reply_id.in_(reply_ids))
        .order_by(CannedReplyMedia.reply_id, CannedReplyMedia.position)
    )
    files: dict[int, list[ReplyFile]] = {}
    for reply_id, media in await session.execute(query):
        file = ReplyFile(media.id, media.mime, media.name, media.size_bytes)
        files.setdefault(reply_id, []).append(file)
    return files


def _distance(reply: CannedReply, queue_id: int | None) -> tuple[int, bool, int]:
    return (_CLOSENESS[reply.scope], reply.queue_id != queue_id, reply.id)


def _matching(replies: Sequence[CannedReply], words: str) -> list[CannedReply]:
    wanted = fold(words.strip().removeprefix("/"))
    ranked = [(rank, reply) for reply in replies if (rank := _rank(reply, wanted)) is not None]
    ranked.sort(key=lambda pair: (pair[0], -pair[1].uses, pair[1].shortcut, pair[1].id))
    return [reply for _, reply in ranked]


def _rank(reply: CannedReply, wanted: str) -> int | None:
    """How well a reply fits, 0 best; None when it does not."""
    shortcut, title = fold(reply.shortcut), fold(reply.title)
    if shortcut.startswith(wanted):
        return 0 if shortcut == wanted else 1
    if title.startswith(wanted) or f" {wanted}" in title:
        return 2
    everything = f"{shortcut} {title} {fold(reply.text)}"
    return 3 if all(word in everything for word in wanted.split()) else None
