"""Below these figures CI fails: the targets of the project."""

from bench.understanding.measuring import Measured

MACRO_F1 = 0.95
MISTYPED = 0.77
REFUSED_OUT_OF_SCOPE = 0.85
REFUSED_IN_SCOPE = 0.04
ENTITY_F1 = 0.98


def fallen_short(measured: Measured) -> list[str]:
    """A sentence for each figure that misses its floor."""
    plain, mistyped = measured.plain, measured.mistyped
    at_least = (
        ("macro F1", plain.macro_f1, MACRO_F1),
        ("accuracy with three slips", mistyped.accuracy, MISTYPED),
        ("macro F1 with three slips", mistyped.macro_f1, MISTYPED),
        ("out of scope refused", plain.refused_out_of_scope, REFUSED_OUT_OF_SCOPE),
        ("entity F1", plain.entity_f1, ENTITY_F1),
    )
    short = [f"{name} {is_:.3f}, floor {floor}" for name, is_, floor in at_least if is_ < floor]
    if plain.refused_in_scope > REFUSED_IN_SCOPE:
        short.append(f"in scope refused {plain.refused_in_scope:.3f}, at most {REFUSED_IN_SCOPE}")
    return short
