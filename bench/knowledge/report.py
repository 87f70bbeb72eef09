"""Figures as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.knowledge.metrics import Figures


@dataclass(frozen=True)
class Row:
    """One way of searching, and what it found of each kind of question."""

    name: str
    figures: Mapping[str, Figures]


@dataclass(frozen=True)
class Target:
    """A figure and what it is to be; without a ``bound`` it is only told.

    ``aim``: what was hoped for beyond. ``decides``: missing it is a failure.
    """

    name: str
    measured: float
    bound: float | None
    aim: float | None = None
    at_most: bool = False
    decides: bool = True

    @property
    def met(self) -> bool:
        """Whether it is where it is to be."""
        if self.bound is None:
            return True
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound

    @property
    def line(self) -> str:
        """A row of the table."""
        if self.bound is None:
            return f"| {self.name} | {_number(self.measured)} | | |"
        aim = f", hoped for {_number(self.aim)}" if self.aim else ""
        bound = f"{'at most' if self.at_most else 'at least'} {_number(self.bound)}{aim}"
        verdict = "met" if self.met else "**missed**"
        return f"| {self.name} | {_number(self.measured)} | {bound} | {verdict} |"


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 2 else f"{value:.1f}"


def as_markdown(title: str, rows: Sequence[Row]) -> str:
    """Each way of searching with the share of questions found, first place and first five."""
    kinds = list(rows[0].figures)
    heads = [f"{kind} {what}" for kind in kinds for what in ("R@1", "R@5", "MRR@10")]
    lines = [f"### {title}", "", f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for row in rows:
        cells = [
            f"{value:.3f}"
            for kind in kinds
            for each in (row.figures[kind],)
            for value in (each.first, each.first_five, each.mrr)
        ]
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])
