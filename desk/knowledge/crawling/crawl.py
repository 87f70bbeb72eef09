"""One reading of a site: from address to address until all were visited or a bound is reached."""

import asyncio
import hashlib
import time
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import Database
from desk.encoder import Encoder
from desk.knowledge.crawling.addresses import Scope, Traps, may_be_page, one_form, path_of
from desk.knowledge.crawling.client import Client, Fetched
from desk.knowledge.crawling.frontier import (
    TELLING,
    Visit,
    add_addresses,
    count_attempt,
    count_visits,
    forget_others,
    is_certain,
    known_addresses,
    known_digests,
    next_visit,
    outcome_of,
    settle,
)
from desk.knowledge.crawling.limits import Limits
from desk.knowledge.crawling.robots import Rules, read_rules, read_sitemaps
from desk.knowledge.html import HtmlPage, Unreadable, read_html, robots_words
from desk.knowledge.jobs import Job, Outcome, Taken
from desk.knowledge.storing import (
    Progress,
    SourcePage,
    encode_page,
    keep_page,
    raise_version,
)

MOST_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 300.0
_FAILURES_IN_A_ROW = 8
_TOLD_EVERY_SECONDS = 20.0
_ENCODED_AT_ONCE = 4


class Crawl:
    """What one process knows of the run that it works; everything else is in the database."""

    def __init__(
        self,
        database: Database,
        encoder: Encoder,
        client: Client,
        limits: Limits,
        taken: Taken,
        progress: Progress | None = None,
    ) -> None:
        self._database = database
        self._encoder = encoder
        self._client = client
        self._limits = limits
        self._job = Job(database, taken)
        self._source = taken.source
        self._start = taken.source.address
        self._scope = Scope.of(self._start)
        self._traps = Traps()
        self._progress = progress
        self._known: set[str] = set()
        self._digests: dict[str, str] = {}
        self._began_at = time.monotonic()
        self._told_at = self._began_at
        self._changed = False
        self._bounded = False
        self._sent_away = False

    async def run(self) -> Outcome:
        """Crawls until all is visited or a bound is reached.

        Raises:
            Lost: somebody else has the job, or the source was removed.
        """
        try:
            async with self._job.kept():
                return await self._run()
        except asyncio.CancelledError:
            self._client.break_off()
            raise
        finally:
            await self._tell(at_once=True)

    async def _run(self) -> Outcome:
        rules = await asyncio.to_thread(read_rules, self._client, self._start)
        if rules.problem:
            return Outcome("failed", rules.problem)
        if not rules.allows(self._start):
            return Outcome("failed", "robots")
        await self._begin(rules)
        delay_seconds = max(self._limits.delay_seconds, rules.delay_seconds)
        failures = 0
        while True:
            async with self._database.reading() as session:
                visit = await next_visit(session, self._source)
            if visit is None:
                return await self._end()
            if self._spent() > self._limits.seconds:
                return Outcome("partial", "time")
            failed = await self._visit(visit, rules)
            failures = failures + 1 if failed else 0
            if self._sent_away:
                return Outcome("partial", "later")
            if failures >= _FAILURES_IN_A_ROW:
                return Outcome("partial", "unreachable")
            await pause(delay_seconds)

    async def _begin(self, rules: Rules) -> None:
        """The first page and those of the sitemaps; what an earlier process found is kept."""
        source = self._source
        if not source.seeded:
            most = self._limits.pages
            listed = await asyncio.to_thread(
                read_sitemaps, self._client, self._start, rules, most + 1
            )
            self._bounded = len(listed) >= most
            async with self._job.writing(self._spent()) as session:
                await add_addresses(session, source.id, source.run, 0, [self._start])
                rest = (url for url in listed[: most - 1] if url != self._start)
                await add_addresses(session, source.id, source.run, 1, rest)
                await self._job.mark_seeded(session)
        async with self._database.reading() as session:
            self._known = set(await known_addresses(session, source.id, source.run))
            self._digests = await known_digests(session, source.id, source.run)
        self._bounded = self._bounded or len(self._known) >= self._limits.pages
        for url in self._known:
            self._traps.count(url)

    async def _visit(self, visit: Visit, rules: Rules) -> bool:
        """Visits an address; says whether the site failed to answer."""
        if not rules.allows(visit.url):
            await self._settle(visit, "robots")
            return False
        answer = await self._fetch(visit)
        if answer.problem == "redirect":
            await self._follow_redirect(visit, answer)
        elif answer.problem:
            await self._settle(visit, answer.problem, answer.status)
        elif answer.unchanged:
            await self._keep_unchanged(visit)
        else:
            await self._read(visit, answer)
        return answer.problem in {"unreachable", "later"}

    async def _fetch(self, visit: Visit) -> Fetched:
        """The answer, after some tries; while a site asks for patience nothing is asked of it."""
        answer = Fetched("unreachable")
        for attempt in range(visit.attempts, MOST_ATTEMPTS):
            async with self._job.writing(self._spent()) as session:
                await count_attempt(session, visit)
            answer = await asyncio.to_thread(
                self._client.fetch, visit.url, etag=visit.etag, last_modified=visit.last_modified
            )
            if answer.problem not in {"unreachable", "later"} or attempt + 1 == MOST_ATTEMPTS:
                break
            seconds = answer.retry_after_seconds
            if seconds is None:
                seconds = _FIRST_PAUSE_SECONDS * 2**attempt
            if seconds > _LONGEST_PAUSE_SECONDS or self._spent() + seconds > self._limits.seconds:
                self._sent_away = True
                break
            await pause(seconds)
        return answer

    async def _follow_redirect(self, visit: Visit, answer: Fetched) -> None:
        target = one_form(answer.location, visit.url)
        if target is None or not self._scope.holds(target):
            await self._settle(visit, "off_site", answer.status)
            return
        async with self._job.writing(self._spent()) as session:
            await settle(session, visit, "redirect", answer.status)
            await self._add(session, visit.depth + 1, [target])

    async def _keep_unchanged(self, visit: Visit) -> None:
        self._digests[visit.digest] = visit.url
        async with self._job.writing(self._spent()) as session:
            await settle(
                session,
                visit,
                "unchanged",
                304,
                etag=visit.etag,
                last_modified=visit.last_modified,
                links=visit.links,
                digest=visit.digest,
            )
            await self._add(session, visit.depth + 1, visit.links)
        await self._tell()

    async def _read(self, visit: Visit, answer: Fetched) -> None:
        try:
            read = await asyncio.to_thread(
                read_html, answer.body, path_of(visit.url), visit.url, answer.charset
            )
        except Unreadable:
            await self._settle(visit, "unreadable", answer.status)
            return
        told = robots_words(answer.robots)
        links = () if "nofollow" in told else self._in_scope(read.links, visit.url)
        digest = _digest(read)
        outcome = self._outcome(visit, read, digest, may_index="noindex" not in told)
        if outcome == "canonical":
            links = (*self._in_scope([read.canonical], visit.url), *links)
        elif outcome == "duplicate":
            # A trap's pages say the same under ever new addresses.
            links = ()
        page = SourcePage(read.page, visit.url)
        if outcome == "indexed":
            await encode_page(self._database, self._encoder, read.page, _ENCODED_AT_ONCE)
            self._digests[digest] = visit.url
        async with self._job.writing(self._spent()) as session:
            if outcome == "indexed":
                self._changed |= await keep_page(session, self._source.key, page)
            await settle(
                session,
                visit,
                outcome,
                answer.status,
                etag=answer.etag,
                last_modified=answer.last_modified,
                links=links,
                digest=digest,
            )
            await self._add(session, visit.depth + 1, links)
        await self._tell()

    def _outcome(self, visit: Visit, read: HtmlPage, digest: str, *, may_index: bool) -> str:
        if not (read.may_index and may_index):
            return "noindex"
        canonical = one_form(read.canonical) if read.canonical else None
        if canonical and canonical != visit.url and self._is_another_page(canonical):
            return "canonical"
        if not read.page.sections:
            return "empty"
        return "duplicate" if self._digests.get(digest, visit.url) != visit.url else "indexed"

    def _is_another_page(self, canonical: str) -> bool:
        """Sites that call their first page the canonical form of every page mean nothing by it."""
        return (
            self._scope.holds(canonical) and canonical != self._start and path_of(canonical) != "/"
        )

    def _in_scope(self, links: Iterable[str], at: str) -> tuple[str, ...]:
        forms = (one_form(link, at) for link in links)
        return tuple(
            dict.fromkeys(
                url for url in forms if url and self._scope.holds(url) and may_be_page(url)
            )
        )

    async def _add(self, session: AsyncSession, depth: int, links: Iterable[str]) -> None:
        """New addresses join the run, as far as its bounds reach."""
        wanted: list[str] = []
        for url in links:
            if url in self._known or depth > self._limits.depth or self._traps.catches(url):
                continue
            if len(self._known) >= self._limits.pages:
                self._bounded = True
                break
            self._known.add(url)
            self._traps.count(url)
            wanted.append(url)
        await add_addresses(session, self._source.id, self._source.run, depth, wanted)

    async def _settle(self, visit: Visit, outcome: str, status: int | None = None) -> None:
        async with self._job.writing(self._spent()) as session:
            await settle(session, visit, outcome, status)
        await self._tell()

    async def _end(self) -> Outcome:
        """What the site no longer has is removed, if all of it was seen."""
        source = self._source
        async with self._job.writing(self._spent()) as session:
            kept = bool(self._digests)
            certain = await is_certain(session, source.id, source.run)
            if kept and certain and not self._bounded:
                self._changed |= await forget_others(session, source) > 0
            first = await outcome_of(session, source.id, self._start)
        if not kept:
            return Outcome("failed", first if first in TELLING else "no_pages")
        if self._bounded:
            return Outcome("partial", "pages")
        return Outcome("complete") if certain else Outcome("partial", "errors")

    async def _tell(self, *, at_once: bool = False) -> None:
        """Who waits sees how far it is; who searches finds what is new, now and then."""
        now = time.monotonic()
        if self._changed and (at_once or now - self._told_at > _TOLD_EVERY_SECONDS):
            async with self._database.transaction() as session:
                await raise_version(session)
            self._changed, self._told_at = False, now
        if self._progress is not None:
            async with self._database.reading() as session:
                self._progress(*await count_visits(session, self._source.id, self._source.run))

    def _spent(self) -> float:
        """Seconds of this run, of all processes that worked it."""
        return self._source.spent_seconds + time.monotonic() - self._began_at


async def pause(seconds: float) -> None:
    """Waits; the job is kept meanwhile."""
    await asyncio.sleep(seconds)


def _digest(read: HtmlPage) -> str:
    """What a page says, wherever it stands."""
    return hashlib.sha256(repr(replace(read.page, path="")).encode()).hexdigest()
