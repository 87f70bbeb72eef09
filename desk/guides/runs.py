"""What becomes of a guide in a conversation, kept as it happens."""

from datetime import UTC, datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import upsert
from desk.guides.guide import Guide
from desk.guides.tables import GuideRun, GuideRunStep, Outcome

_STEP_CHARS = 200


async def start_run(
    session: AsyncSession,
    conversation_id: int,
    guide: Guide,
    *,
    account_state: str,
    portal_noted: bool,
) -> GuideRun:
    """Notes that a guide begins, and what was found before its first step."""
    run = GuideRun(
        conversation_id=conversation_id,
        guide=guide.slug,
        title=guide.title,
        account_state=account_state,
        portal_noted=portal_noted,
        started_at=datetime.now(UTC),
    )
    session.add(run)
    await session.flush()
    return run


async def run_of(session: AsyncSession, conversation_id: int, run_id: int) -> GuideRun | None:
    """A run of this conversation; another's is none."""
    run = await session.get(GuideRun, run_id)
    return run if run is not None and run.conversation_id == conversation_id else None


async def note_step(
    session: AsyncSession, run_id: int, position: int, step: str, *, worked: bool
) -> None:
    """Notes what became of a step; the newest answer counts."""
    first = " ".join(step.split())
    short = first if len(first) <= _STEP_CHARS else first[: _STEP_CHARS - 1] + "…"
    row = upsert(session)(GuideRunStep).values(
        run_id=run_id, position=position, step=short, worked=worked
    )
    values = {"step": short, "worked": worked}
    await session.execute(
        row.on_conflict_do_update(index_elements=["run_id", "position"], set_=values)
    )


async def forget_steps_from(session: AsyncSession, run_id: int, position: int) -> None:
    """Takes back what was answered from this step on: the customer goes one step back."""
    await session.execute(
        delete(GuideRunStep).where(GuideRunStep.run_id == run_id, GuideRunStep.position >= position)
    )


async def end_run(
    session: AsyncSession,
    run: GuideRun,
    outcome: Outcome,
    *,
    ticket_id: int | None = None,
    solved_at: int | None = None,
) -> None:
    """Ends a run; after its ticket was opened a person may still be asked for."""
    run.outcome = outcome
    run.solved_at = solved_at
    run.ticket_id = ticket_id or run.ticket_id
    run.ended_at = datetime.now(UTC)
    await session.flush()
