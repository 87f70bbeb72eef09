"""Problemas recorrentes: which guides were run, what solved them, and the tickets behind them."""

from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request

from desk.guides.report import GuideCount, RunLine, count_problems, list_runs
from desk.guides.tables import Outcome
from desk.text import clean_text
from handoff.console import wording
from handoff.i18n import N_, _
from handoff.pages import render
from handoff.security import signed_in
from handoff.services import services_of
from handoff.spans import span_of

PAGE = "/console/problems"
OUTCOME_LABELS = {
    Outcome.SOLVED: N_("Resolvido"),
    Outcome.UNSOLVED: N_("Não resolvido"),
    Outcome.HANDED_OFF: N_("Com uma pessoa"),
    Outcome.TICKET: N_("Preferiu um chamado"),
    Outcome.PORTAL_DOWN: N_("Aviso do portal"),
    Outcome.RUNNING: N_("Interrompido"),
}

blueprint = Blueprint("console_problems", url_prefix="/problems")


@blueprint.get("/")
@signed_in("supervisor", "admin")
async def show_problems(request: Request) -> HTTPResponse:
    """The table of a period, and the runs behind it."""
    services = services_of(request)
    span, _wrong = span_of(
        request.args.get("since"), request.args.get("until"), services.settings.zone
    )
    guide = clean_text(request.args.get("guide", ""))[:120]
    async with services.database.reading(may_be_slow=True) as session:
        counts = await count_problems(session, span.since, span.until)
        runs = await list_runs(
            session, span.since, span.until, guide=guide, cursor=request.args.get("cursor")
        )
    asked = {"since": span.first.isoformat(), "until": span.last.isoformat()}
    more = {**asked, "guide": guide, "cursor": runs.next_cursor or ""}
    now = datetime.now(UTC)
    return render(
        request,
        "console/problems.html",
        asked=asked,
        guide=guide,
        problems=[_row(each, asked) for each in counts],
        split_text=wording.split_text,
        outcomes=[_(label) for label in OUTCOME_LABELS.values()],
        runs=[_run(run, services.settings.zone, now) for run in runs.rows],
        more_url=f"{PAGE}?{urlencode(more)}" if runs.next_cursor else "",
    )


def _row(count: GuideCount, asked: dict[str, str]) -> dict[str, object]:
    return {
        "title": count.title,
        "guide": count.guide,
        "total": count.total,
        "counts": [count.outcomes.get(outcome, 0) for outcome in OUTCOME_LABELS],
        "steps": count.steps,
        "url": f"{PAGE}?{urlencode({**asked, 'guide': count.guide})}#runs",
    }


def _run(run: RunLine, zone: ZoneInfo, now: datetime) -> dict[str, object]:
    return {
        "when": wording.short_time(run.started_at, now, zone),
        "iso": run.started_at.isoformat(),
        "title": run.title,
        "outcome": _(OUTCOME_LABELS[run.outcome]),
        "solved_at": run.solved_at,
        "conversation": run.conversation,
        "ticket": run.ticket_number,
        "subject": run.ticket_subject,
    }
