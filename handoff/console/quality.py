"""How well the assistant does: the last test, weak examples, and what happened day by day."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from sanic import Blueprint, HTTPResponse, Request

from desk.errors import Invalid
from desk.review.quality import ENOUGH, check_examples
from desk.review.rates import SPANS, IntentRate, Rate, Unit, rates_by_intent, rates_over_time
from handoff.charts.inline import Chart, bar_chart, line_chart
from handoff.console.wording import full_time
from handoff.i18n import _
from handoff.pages import render
from handoff.problems import in_words
from handoff.review_asking import DESIGNERS, last_test, training_data
from handoff.security import signed_in
from handoff.services import services_of

MOST_BARS = 10
TEST_COMMAND = "make test-nlu"

blueprint = Blueprint("console_quality", url_prefix="/quality")


@blueprint.get("/")
@signed_in(*DESIGNERS)
async def show_quality(request: Request) -> HTTPResponse:
    """Figures of the last test, weak examples, rates over time."""
    services = services_of(request)
    zone, now = services.settings.zone, datetime.now(UTC)
    unit, intent = _unit(request.args.get("unit", "day")), request.args.get("intent", "")[:120]
    async with services.database.reading(may_be_slow=True) as session:
        rates = await rates_over_time(session, zone, unit, now, intent)
        by_intent = await rates_by_intent(session, zone, unit, now)
    report = await asyncio.to_thread(last_test, services.settings)
    check, broken = None, ""
    try:
        data = await training_data(services.settings)
        check = await asyncio.to_thread(check_examples, data)
    except Invalid as refusal:
        broken = in_words(refusal)
    return render(
        request,
        "console/quality.html",
        unit=unit,
        units={"day": _("Dias"), "week": _("Semanas")},
        intent=intent,
        by_intent=by_intent,
        charts=_charts(rates, by_intent),
        report=report,
        tested=full_time(report.at, zone) if report else "",
        check=check,
        broken=broken,
        enough=ENOUGH,
        test_command=TEST_COMMAND,
    )


def _charts(rates: Sequence[Rate], by_intent: Sequence[IntentRate]) -> list[Chart]:
    days = [f"{each.start:%d/%m}" for each in rates]
    shown = [each for each in by_intent if each.handoffs][:MOST_BARS]
    return [
        line_chart(
            _("Contenção: conversas resolvidas sem uma pessoa"),
            days,
            {_("Contenção"): [each.containment for each in rates]},
            shares=True,
        ),
        line_chart(
            _("Mensagens não entendidas e passadas a uma pessoa"),
            days,
            {
                _("Não entendidas"): [each.fallback_rate for each in rates],
                _("Passadas a uma pessoa"): [each.handoff_rate for each in rates],
            },
            shares=True,
        ),
        bar_chart(
            _("Passadas a uma pessoa, por intenção"),
            [each.intent for each in shown],
            {_("Passadas a uma pessoa"): [each.handoff_rate for each in shown]},
            shares=True,
        ),
    ]


def _unit(value: str) -> Unit:
    if value not in SPANS:
        raise Invalid("unit", "Escolha dias ou semanas.")
    return "week" if value == "week" else "day"
