"""The table, and the report with its plots."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from bench.understanding.measuring import Measured
from deploy.local.training import RASA

PLOTS = Path(__file__).with_name("plots.py")


def table(measured: Mapping[str, Measured]) -> str:
    """The figures of each model beside each other, as Markdown."""
    lines = [f"| | {' | '.join(measured)} |", "|---|" + "---|" * len(measured)]
    columns = [_column(each) for each in measured.values()]
    lines += [f"| {name} | {' | '.join(each[name] for each in columns)} |" for name in columns[0]]
    return "\n".join(lines)


def _column(each: Measured) -> dict[str, str]:
    trained = each.training_cpu_seconds
    return {
        "accuracy, in scope": f"{each.plain.accuracy:.3f}",
        "macro F1": f"{each.plain.macro_f1:.3f}",
        "accuracy, three slips": f"{each.mistyped.accuracy:.3f}",
        "macro F1, three slips": f"{each.mistyped.macro_f1:.3f}",
        "out of scope refused": f"{each.plain.refused_out_of_scope:.1%}",
        "in scope refused": f"{each.plain.refused_in_scope:.1%}",
        "entity F1": f"{each.plain.entity_f1:.3f}",
        "CPU-ms a message": f"{each.cpu_ms_a_message:.1f}",
        "RSS of `rasa run`, MB": f"{each.resident_mb:.0f}",
        "training, CPU-s": f"{trained:.0f}" if trained else "-",
    }


def write_report(measured: Mapping[str, Measured], folder: Path) -> Path:
    """Writes report.md, figures.json and the plots; no sentence is in any of them."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = folder / "figures.json"
    figures.write_text(json.dumps({name: asdict(each) for name, each in measured.items()}))
    # matplotlib comes with Rasa, and lives in its environment only.
    subprocess.run(
        [str(RASA.with_name("python")), str(PLOTS), str(figures), str(folder)], check=True
    )
    report = folder / "report.md"
    models = list(measured.values())
    by_intent = "\n".join(
        f"| {intent} | {' | '.join(f'{m.plain.f1_by_intent[intent]:.2f}' for m in models)} |"
        for intent in models[0].plain.f1_by_intent
    )
    plots = "\n".join(f"![]({path.name})" for path in sorted(folder.glob("*.png")))
    report.write_text(
        f"# Understanding\n\n{table(measured)}\n\n## F1 by intent\n\n"
        f"| | {' | '.join(measured)} |\n|---|{'---|' * len(measured)}\n{by_intent}\n\n"
        f"## Plots\n\n{plots}\n"
    )
    return report
