"""The figures of the evaluation, counted by hand."""

from dataclasses import replace

import pytest

from bench.understanding.figures import Figures, figures_of
from bench.understanding.floors import fallen_short
from bench.understanding.measuring import Measured
from bench.understanding.server import Parsed

CNPJ = ("cnpj", 0, 14)


def parsed(intent: str, *, refused: bool = False, entities: tuple[object, ...] = ()) -> Parsed:
    return Parsed(intent, 0.9, refused, frozenset(entities))  # type: ignore[arg-type]


def test_the_figures_are_what_they_say() -> None:
    figures = figures_of(
        ["greet", "greet", "deny", "out_of_scope", "out_of_scope"],
        [frozenset(), frozenset(), frozenset({CNPJ}), frozenset(), frozenset()],
        [
            parsed("greet"),
            parsed("deny", refused=True),
            parsed("deny", entities=(CNPJ, ("email", 3, 9))),
            parsed("out_of_scope", refused=True),
            parsed("greet"),
        ],
    )
    assert figures.accuracy == pytest.approx(2 / 3)
    assert figures.f1_by_intent == pytest.approx(
        {"greet": 2 / 4, "deny": 2 / 3, "out_of_scope": 2 / 3}
    )
    assert figures.macro_f1 == pytest.approx((2 / 4 + 2 / 3 + 2 / 3) / 3)
    assert figures.refused_out_of_scope == pytest.approx(1 / 2)
    assert figures.refused_in_scope == pytest.approx(1 / 3)
    assert figures.entity_f1 == pytest.approx(2 / 3)


GOOD = Figures(0.97, 0.96, 0.9, 0.02, 1.0)
MISTYPED = Figures(0.85, 0.84, 0.9, 0.1, 1.0)


@pytest.mark.parametrize(
    ("plain", "mistyped", "short_of"),
    [
        (GOOD, MISTYPED, 0),
        (replace(GOOD, macro_f1=0.94), MISTYPED, 1),
        (replace(GOOD, refused_out_of_scope=0.8), MISTYPED, 1),
        (replace(GOOD, refused_in_scope=0.05), MISTYPED, 1),
        (replace(GOOD, entity_f1=0.97), MISTYPED, 1),
        (GOOD, replace(MISTYPED, accuracy=0.7, macro_f1=0.7), 2),
    ],
)
def test_a_figure_under_its_floor_is_named(
    plain: Figures, mistyped: Figures, short_of: int
) -> None:
    measured = Measured({0: plain, 3: mistyped}, [], 5.0, 600.0, 0.0)
    assert len(fallen_short(measured)) == short_of
