"""The reports and their figures; their names and definitions are the faces' words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from desk.reports.measures import (
    CLOSED,
    CONTAINED,
    DISSATISFIED,
    FIRST_RESPONSE,
    HANDOFFS,
    MOODS,
    NEUTRAL,
    OPENED,
    RATINGS,
    REOPENED,
    RESOLVED,
    SATISFIED,
    TIME_IN_SERVICE,
    TIME_OPEN,
    TIME_WAITING,
    TRANSFERRED,
    TRANSFERS,
    UNFELT,
)


@dataclass(frozen=True)
class Sum:
    """What a measure comes to: how many, and their times together."""

    number: int = 0
    ms: int = 0
    business_ms: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(
            self.number + other.number, self.ms + other.ms, self.business_ms + other.business_ms
        )


Sums = Mapping[str, Sum]
Unit = Literal["count", "seconds", "percent", "score", "ratio"]


@dataclass(frozen=True)
class Figure:
    """A figure made of measures. ``behind``: the measures whose conversations it counts."""

    key: str
    unit: Unit
    behind: tuple[str, ...]
    needs: tuple[str, ...]
    value: Callable[[Sums], float | None]


@dataclass(frozen=True)
class Report:
    """A page: its figures in order; ``charted`` are drawn, side by side or stacked."""

    name: str
    figures: tuple[Figure, ...]
    charted: tuple[str, ...]
    stacked: bool = False
    cumulative: bool = field(default=False)

    @property
    def measures(self) -> tuple[str, ...]:
        """Every measure that its figures need, each once."""
        return tuple(dict.fromkeys(name for each in self.figures for name in each.needs))

    def figure(self, key: str) -> Figure | None:
        """A figure by its name; None when there is none."""
        return next((each for each in self.figures if each.key == key), None)


ENDED = (RESOLVED, CLOSED)
ACTIVE = "active"
"""Opened and not ended yet: no measure of its own, the reader adds it up."""
_NONE = Sum()


def _number(sums: Sums, measures: tuple[str, ...]) -> int:
    return sum(sums.get(name, _NONE).number for name in measures)


def _count(key: str, *measures: str) -> Figure:
    return Figure(key, "count", measures, measures, lambda sums: _number(sums, measures))


def _mean(
    key: str, timed: tuple[str, ...], of: tuple[str, ...] = (), *, business: bool = False
) -> Figure:
    """The mean time in seconds over the services counted by ``of`` (else by ``timed``)."""
    counted = of or timed

    def value(sums: Sums) -> float | None:
        number = _number(sums, counted)
        times = [sums.get(name, _NONE) for name in timed]
        total = sum(each.business_ms if business else each.ms for each in times)
        return total / number / 1000 if number else None

    return Figure(key, "seconds", timed, tuple(dict.fromkeys((*timed, *counted))), value)


def _rate(
    key: str, part: tuple[str, ...], whole: tuple[str, ...], unit: Unit = "percent"
) -> Figure:
    factor = 100 if unit == "percent" else 1

    def value(sums: Sums) -> float | None:
        number = _number(sums, whole)
        return factor * _number(sums, part) / number if number else None

    return Figure(key, unit, part, (*part, *whole), value)


def _mean_score(sums: Sums) -> float | None:
    given = {score: sums.get(name, _NONE).number for score, name in RATINGS.items()}
    number = sum(given.values())
    return sum(score * count for score, count in given.items()) / number if number else None


def _active(sums: Sums) -> int | None:
    return sums[ACTIVE].number if ACTIVE in sums else None


_RATED = tuple(RATINGS.values())
_HANDED_OFF = tuple(HANDOFFS.values())
_FELT = tuple(MOODS.values())
_TIMES = {"open": TIME_OPEN, "in_service": TIME_IN_SERVICE, "waiting": TIME_WAITING}

REPORTS: dict[str, Report] = {
    report.name: report
    for report in (
        Report(
            "services",
            (
                _count("opened", OPENED),
                _count("reopened", REOPENED),
                _count("resolved", RESOLVED),
                _count("closed", CLOSED),
            ),
            ("opened", "resolved", "closed"),
        ),
        Report(
            "status_time",
            (
                _count("ended", *ENDED),
                *(_mean(f"{name}_time", (each,), ENDED) for name, each in _TIMES.items()),
                *(
                    _mean(f"{name}_business", (each,), ENDED, business=True)
                    for name, each in _TIMES.items()
                ),
            ),
            ("open_time", "in_service_time", "waiting_time"),
            stacked=True,
        ),
        Report(
            "first_response",
            (
                _count("answered", FIRST_RESPONSE),
                _mean("response_time", (FIRST_RESPONSE,)),
                _mean("response_business", (FIRST_RESPONSE,), business=True),
            ),
            ("response_time", "response_business"),
        ),
        Report(
            "resolution",
            (
                _count("resolved", RESOLVED),
                _count("closed", CLOSED),
                _mean("resolution_time", ENDED),
                _mean("resolution_business", ENDED, business=True),
            ),
            ("resolution_time", "resolution_business"),
        ),
        Report(
            "backlog",
            (
                _count("opened", OPENED),
                _count("ended", *ENDED),
                Figure(ACTIVE, "count", (ACTIVE,), (ACTIVE,), _active),
            ),
            (ACTIVE,),
            cumulative=True,
        ),
        Report(
            "reopening",
            (
                _count("opened", OPENED),
                _count("reopened", REOPENED),
                _rate("reopened_share", (REOPENED,), (OPENED,)),
            ),
            ("opened", "reopened"),
        ),
        Report(
            "transfers",
            (
                _count("ended", *ENDED),
                _count("transferred", TRANSFERRED),
                _rate("transferred_share", (TRANSFERRED,), ENDED),
                Figure(
                    "transfers",
                    "count",
                    (TRANSFERRED,),
                    (TRANSFERS,),
                    lambda sums: _number(sums, (TRANSFERS,)),
                ),
                _rate("transfers_each", (TRANSFERS,), ENDED, "ratio"),
            ),
            ("transferred", "transfers"),
        ),
        Report(
            "containment",
            (
                _count("ended", *ENDED),
                _count("contained", CONTAINED),
                _rate("contained_share", (CONTAINED,), ENDED),
            ),
            ("ended", "contained"),
        ),
        Report(
            "handoffs",
            (
                _count("handed_off", *_HANDED_OFF),
                *(_count(measure, measure) for measure in _HANDED_OFF),
            ),
            _HANDED_OFF,
            stacked=True,
        ),
        Report(
            "ratings",
            (
                _count("rated", *_RATED),
                Figure("score", "score", _RATED, _RATED, _mean_score),
                *(_count(measure, measure) for measure in reversed(_RATED)),
            ),
            tuple(reversed(_RATED)),
            stacked=True,
        ),
        Report(
            "sentiment",
            (
                _count("ended", *_FELT),
                *(_count(each, each) for each in (DISSATISFIED, NEUTRAL, SATISFIED, UNFELT)),
                _rate("dissatisfied_share", (DISSATISFIED,), (DISSATISFIED, NEUTRAL, SATISFIED)),
            ),
            (DISSATISFIED, NEUTRAL, SATISFIED, UNFELT),
            stacked=True,
        ),
    )
}
"""In the order of the menu."""

OVERVIEW: tuple[tuple[str, str], ...] = (
    ("services", "opened"),
    ("backlog", ACTIVE),
    ("first_response", "response_business"),
    ("resolution", "resolution_business"),
    ("containment", "contained_share"),
    ("reopening", "reopened_share"),
    ("transfers", "transferred_share"),
    ("ratings", "score"),
    ("sentiment", "dissatisfied_share"),
    ("handoffs", "handed_off"),
)
"""The first page: of each report the figure that says most."""
