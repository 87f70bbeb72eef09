"""How well the assistant does, for programs: the last test, weak examples, rates over time."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Literal

from sanic import HTTPResponse, Request
from sanic.response import json

from desk.errors import Invalid
from desk.review.quality import Alike, check_examples
from desk.review.rates import SPANS, Unit, rates_by_intent, rates_over_time
from handoff.api.endpoints import Endpoint, Shape
from handoff.review_asking import DESIGNERS, last_test, training_data
from handoff.security import api_user
from handoff.services import services_of


class FiguresJson(Shape):
    """Of one intent; ``confused``: how often it was taken for which other."""

    intent: str
    precision: float
    recall: float
    f1: float
    support: int
    confused: dict[str, int]


class TestJson(Shape):
    """The last `rasa test`; rows of the matrix are what was meant."""

    at: str
    accuracy: float
    macro_f1: float
    intents: list[FiguresJson]
    labels: list[str]
    matrix: list[list[int]]


class PairJson(Shape):
    """Two examples of different intents; likeness 1 when they say the same."""

    first: str
    first_intent: str
    second: str
    second_intent: str
    likeness: float


class QualityJson(Shape):
    """``test`` is null where none was run."""

    test: TestJson | None
    examples: dict[str, int]
    contradictions: list[PairJson]


class RateJson(Shape):
    """Counts of the days from ``start`` on; shares 0 to 1, null where nothing was counted."""

    start: str
    messages: int
    fallbacks: int
    handoffs: int
    conversations: int
    with_person: int
    containment: float | None
    fallback_rate: float | None
    handoff_rate: float | None


class IntentRateJson(Shape):
    """Of what was taken for one intent, over the whole time."""

    intent: str
    messages: int
    fallbacks: int
    handoffs: int
    handoff_rate: float


class RatesJson(Shape):
    """Oldest first; the intents that led to a person most often first."""

    unit: Literal["day", "week"]
    rates: list[RateJson]
    intents: list[IntentRateJson]


@api_user(*DESIGNERS)
async def show_quality(request: Request) -> HTTPResponse:
    """The last test and the weak examples."""
    settings = services_of(request).settings
    report = await asyncio.to_thread(last_test, settings)
    check = await asyncio.to_thread(check_examples, await training_data(settings))
    test: dict[str, Any] | None = None
    if report is not None:
        test = {
            "at": report.at.isoformat(),
            "accuracy": report.accuracy,
            "macro_f1": report.macro_f1,
            "intents": [vars(each) | {"confused": dict(each.confused)} for each in report.intents],
            "labels": report.labels,
            "matrix": report.matrix,
        }
    return json(
        {
            "test": test,
            "examples": dict(check.counts),
            "contradictions": [_pair(each) for each in [*check.same, *check.alike]],
        }
    )


@api_user(*DESIGNERS)
async def show_rates(request: Request) -> HTTPResponse:
    """Containment, fallback and handoff over time."""
    services = services_of(request)
    zone, now = services.settings.zone, datetime.now(UTC)
    given = request.args.get("unit", "day")
    if given not in SPANS:
        raise Invalid("unit", "Escolha dias ou semanas.")
    unit: Unit = "week" if given == "week" else "day"
    intent = request.args.get("intent", "")[:120]
    async with services.database.reading(may_be_slow=True) as session:
        rates = await rates_over_time(session, zone, unit, now, intent)
        intents = await rates_by_intent(session, zone, unit, now)
    return json(
        {
            "unit": unit,
            "rates": [
                vars(each)
                | {
                    "start": each.start.isoformat(),
                    "containment": each.containment,
                    "fallback_rate": each.fallback_rate,
                    "handoff_rate": each.handoff_rate,
                }
                for each in rates
            ],
            "intents": [vars(each) | {"handoff_rate": each.handoff_rate} for each in intents],
        }
    )


def _pair(pair: Alike) -> dict[str, Any]:
    return {
        "first": pair.first.text,
        "first_intent": pair.first.intent,
        "second": pair.second.text,
        "second_intent": pair.second.intent,
        "likeness": round(pair.likeness, 3),
    }


ENDPOINTS = [
    Endpoint(
        "GET",
        "/review/quality",
        show_quality,
        "The last test of understanding, and weak examples.",
        returns=QualityJson,
    ),
    Endpoint(
        "GET",
        "/review/rates",
        show_rates,
        "How often the bot managed alone, did not understand, called a person.",
        query={"unit": "day or week.", "intent": "Only what was taken for it."},
        returns=RatesJson,
    ),
]
