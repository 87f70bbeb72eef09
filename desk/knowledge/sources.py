"""Where the documentation comes from: folders and sites, as admins see and change them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pydantic import Field
from sqlalchemy import case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import MAX_SMALL_KEY
from desk.errors import Conflict, Invalid, NotFound
from desk.events.log import Actor, record_event
from desk.knowledge.crawling.addresses import one_form
from desk.knowledge.crawling.frontier import TROUBLES
from desk.knowledge.storing import raise_version
from desk.knowledge.tables import (
    KnowledgeAddress,
    KnowledgePage,
    KnowledgePassage,
    KnowledgeSource,
)
from desk.shapes import Line, Values

SITE, FOLDER = "site", "folder"
HELP_CENTER = "help_center"
"""The key of the shipped documentation's folder: always there."""
MAX_SOURCES = 50
MAX_KEY_CHARS = 200
_HOST = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")


class SiteValues(Values):
    """A site as somebody fills it in."""

    address: Line = Field(min_length=1, max_length=500)

    @property
    def first_page(self) -> str | None:
        """The address in its one form; None when it is none of a page.

        A name without a dot may be one of an own network, but only where the address says so.
        """
        whole = "://" in self.address
        found = one_form(self.address if whole else f"https://{self.address}")
        host = (urlsplit(found).hostname or "") if found else ""
        is_name = ":" in host or _HOST.fullmatch(host) is not None
        return found if is_name and (whole or "." in host) else None


@dataclass(frozen=True)
class SourceCounts:
    """What is indexed of a source. ``visited`` of ``known`` addresses, ``errors`` among them."""

    pages: int = 0
    passages: int = 0
    visited: int = 0
    known: int = 0
    errors: int = 0


@dataclass(frozen=True)
class AddressError:
    """An address that could not be read, and why (``frontier.TROUBLES``)."""

    id: int
    url: str
    outcome: str
    status: int | None


async def list_sources(session: AsyncSession) -> Sequence[KnowledgeSource]:
    """All sources, oldest first."""
    query = select(KnowledgeSource).order_by(KnowledgeSource.id)
    return (await session.execute(query)).scalars().all()


async def source_by_id(session: AsyncSession, source_id: int) -> KnowledgeSource:
    """One source.

    Raises:
        NotFound: there is none.
    """
    source = await session.get(KnowledgeSource, max(0, min(source_id, MAX_SMALL_KEY)))
    if source is None:
        raise NotFound("Fonte não encontrada.")
    return source


async def count_sources(
    session: AsyncSession, sources: Sequence[KnowledgeSource]
) -> dict[int, SourceCounts]:
    """What is indexed of each, in a fixed number of queries."""
    pages = await session.execute(
        select(KnowledgePage.source, func.count()).group_by(KnowledgePage.source)
    )
    page_counts = {row[0]: row[1] for row in pages}
    passages = await session.execute(
        select(KnowledgePage.source, func.count())
        .join(KnowledgePassage, KnowledgePassage.page_id == KnowledgePage.id)
        .group_by(KnowledgePage.source)
    )
    passage_counts = {row[0]: row[1] for row in passages}
    is_trouble = KnowledgeAddress.outcome.in_(TROUBLES)
    addresses = await session.execute(
        select(
            KnowledgeAddress.source_id,
            func.sum(case((KnowledgeAddress.waiting, 0), else_=1)),
            func.count(),
            func.sum(case((is_trouble, 1), else_=0)),
        )
        .join(KnowledgeSource, KnowledgeSource.id == KnowledgeAddress.source_id)
        .where(KnowledgeAddress.run == KnowledgeSource.run)
        .group_by(KnowledgeAddress.source_id)
    )
    visits = {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in addresses}
    return {
        source.id: SourceCounts(
            page_counts.get(source.key, 0),
            passage_counts.get(source.key, 0),
            *visits.get(source.id, (0, 0, 0)),
        )
        for source in sources
    }


async def list_errors(
    session: AsyncSession, source: KnowledgeSource, after_id: int = 0, limit: int = 50
) -> Sequence[AddressError]:
    """Addresses of the newest reading that could not be read, by number, at most ``limit``."""
    query = (
        select(
            KnowledgeAddress.id,
            KnowledgeAddress.url,
            KnowledgeAddress.outcome,
            KnowledgeAddress.status,
        )
        .where(
            KnowledgeAddress.source_id == source.id,
            KnowledgeAddress.run == source.run,
            KnowledgeAddress.outcome.in_(TROUBLES),
            KnowledgeAddress.id > after_id,
        )
        .order_by(KnowledgeAddress.id)
        .limit(limit)
    )
    return [AddressError(*row) for row in await session.execute(query)]


async def add_site(session: AsyncSession, values: SiteValues, actor: Actor) -> KnowledgeSource:
    """Adds a site; it will be read at once.

    Raises:
        Invalid: the address is none of a page, or is there already.
        Conflict: there are too many sources.
    """
    address = values.first_page
    if address is None:
        raise Invalid(
            "address", "Isto não é o endereço de um site. Exemplo: https://ajuda.empresa.com.br/"
        )
    return await _add(session, SITE, f"{SITE}:{address}", address, "", actor)


async def add_folder(
    session: AsyncSession, path: str, public_url: str, actor: Actor, key: str = ""
) -> KnowledgeSource:
    """Adds a folder of this machine; one that is there already is only told its public address.

    Raises:
        Invalid: its path is too long.
        Conflict: there are too many sources.
    """
    key = key or f"{FOLDER}:{path}"
    query = select(KnowledgeSource).where(KnowledgeSource.key == key)
    known = (await session.execute(query)).scalar_one_or_none()
    if known is not None:
        known.address, known.public_url = path, public_url
        await session.flush()
        return known
    return await _add(session, FOLDER, key, path, public_url, actor)


async def _add(
    session: AsyncSession, kind: str, key: str, address: str, public_url: str, actor: Actor
) -> KnowledgeSource:
    if len(key) > MAX_KEY_CHARS:
        raise Invalid("address", "O endereço é longo demais.")
    taken = select(KnowledgeSource.id).where(KnowledgeSource.key == key)
    if (await session.execute(taken)).scalar_one_or_none() is not None:
        raise Invalid("address", "Este endereço já é uma fonte.")
    total = (await session.execute(select(func.count(KnowledgeSource.id)))).scalar_one()
    if total >= MAX_SOURCES:
        raise Conflict("Já são {most} fontes. Remova uma antes.", most=MAX_SOURCES)
    now = datetime.now(UTC)
    source = KnowledgeSource(
        key=key, kind=kind, address=address, public_url=public_url, created_at=now, due_at=now
    )
    session.add(source)
    await session.flush()
    await record_event(
        session,
        "knowledge_source.created",
        actor,
        id=source.id,
        after={"kind": kind, "address": address},
    )
    return source


async def read_again(session: AsyncSession, source: KnowledgeSource, actor: Actor) -> None:
    """The source is to be read now; one that is being read goes on."""
    now = datetime.now(UTC)
    due = await session.execute(
        update(KnowledgeSource)
        .where(KnowledgeSource.id == source.id, KnowledgeSource.due_at.is_(None))
        .values(due_at=now)
        .returning(KnowledgeSource.id)
        .execution_options(synchronize_session=False)
    )
    if due.scalar_one_or_none() is not None:
        source.due_at = now
        await record_event(session, "knowledge_source.reread", actor, id=source.id)


async def remove_source(session: AsyncSession, source: KnowledgeSource, actor: Actor) -> None:
    """Removes a source with its pages; a reading that runs ends by itself.

    Raises:
        Conflict: it is the shipped documentation.
    """
    if source.key == HELP_CENTER:
        raise Conflict("A documentação desta instalação fica: mude os arquivos da pasta.")
    await session.execute(delete(KnowledgeSource).where(KnowledgeSource.id == source.id))
    await session.execute(delete(KnowledgePage).where(KnowledgePage.source == source.key))
    await raise_version(session)
    await record_event(
        session,
        "knowledge_source.removed",
        actor,
        id=source.id,
        before={"kind": source.kind, "address": source.address},
    )
