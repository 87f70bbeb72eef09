"""Recurring problems: which guides were run, what solved them, what did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation
from desk.guides.tables import GuideRun, GuideRunStep, Outcome
from desk.keyset import read_cursor, write_cursor
from desk.tickets.tables import Ticket

MAX_GUIDES = 200
MAX_PAGE = 100


@dataclass(frozen=True)
class StepCount:
    """How often a step was tried, and helped."""

    position: int
    step: str
    tried: int
    worked: int


@dataclass(frozen=True)
class GuideCount:
    """The runs of a guide in a period, by how they ended, and its steps in their order."""

    guide: str
    title: str
    outcomes: dict[Outcome, int]
    steps: tuple[StepCount, ...]

    @property
    def total(self) -> int:
        """All runs."""
        return sum(self.outcomes.values())


@dataclass(frozen=True)
class RunLine:
    """A run, with the ticket behind it where there is one."""

    id: int
    guide: str
    title: str
    outcome: Outcome
    solved_at: int | None
    started_at: datetime
    conversation: str
    ticket_number: str | None
    ticket_subject: str


@dataclass(frozen=True)
class RunPage:
    """Runs, newest first, and the cursor of the next page; None at the end."""

    rows: Sequence[RunLine]
    next_cursor: str | None


async def count_problems(
    session: AsyncSession, since: datetime, until: datetime
) -> list[GuideCount]:
    """Every guide that was run from ``since`` to before ``until``, the most frequent first."""
    within = _within(since, until)
    counted = await session.execute(
        select(GuideRun.guide, func.max(GuideRun.title), GuideRun.outcome, func.count())
        .where(*within)
        .group_by(GuideRun.guide, GuideRun.outcome)
    )
    titles: dict[str, str] = {}
    outcomes: dict[str, dict[Outcome, int]] = {}
    for guide, title, outcome, count in counted:
        titles[guide] = title
        outcomes.setdefault(guide, {})[outcome] = count
    steps = await _count_steps(session, within)
    found = [
        GuideCount(guide, titles[guide], outcomes[guide], tuple(steps.get(guide, ())))
        for guide in titles
    ]
    return sorted(found, key=lambda each: (-each.total, each.title))[:MAX_GUIDES]


async def _count_steps(
    session: AsyncSession, within: Sequence[ColumnElement[bool]]
) -> dict[str, list[StepCount]]:
    helped = func.sum(cast(GuideRunStep.worked, Integer))
    query = (
        select(GuideRun.guide, GuideRunStep.position, GuideRunStep.step, func.count(), helped)
        .join(GuideRun, GuideRun.id == GuideRunStep.run_id)
        .where(*within)
        .group_by(GuideRun.guide, GuideRunStep.position, GuideRunStep.step)
        .order_by(GuideRun.guide, GuideRunStep.position, func.count().desc())
    )
    steps: dict[str, list[StepCount]] = {}
    for guide, position, step, tried, worked in await session.execute(query):
        steps.setdefault(guide, []).append(StepCount(position, step, tried, int(worked)))
    return steps


async def list_runs(
    session: AsyncSession,
    since: datetime,
    until: datetime,
    *,
    guide: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> RunPage:
    """The runs of a period, newest first, at most 100 a page.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, MAX_PAGE))
    query = (
        select(GuideRun, Conversation.public_id, Ticket.number, Ticket.subject)
        .join(Conversation, Conversation.id == GuideRun.conversation_id)
        .outerjoin(Ticket, Ticket.id == GuideRun.ticket_id)
        .where(*_within(since, until))
        .order_by(GuideRun.id.desc())
        .limit(size + 1)
    )
    if guide:
        query = query.where(GuideRun.guide == guide)
    if cursor:
        query = query.where(GuideRun.id < read_cursor(cursor, (int,))[0])
    rows = (await session.execute(query)).all()
    lines = [_line(*row) for row in rows[:size]]
    more = len(rows) > size
    return RunPage(lines, write_cursor(lines[-1].id) if more else None)


def _line(run: GuideRun, public_id: str, number: str | None, subject: str | None) -> RunLine:
    return RunLine(
        id=run.id,
        guide=run.guide,
        title=run.title,
        outcome=run.outcome,
        solved_at=run.solved_at,
        started_at=run.started_at,
        conversation=public_id,
        ticket_number=number,
        ticket_subject=subject or "",
    )


def _within(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (GuideRun.started_at >= since, GuideRun.started_at < until)
