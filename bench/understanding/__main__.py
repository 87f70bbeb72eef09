"""`python -m bench.understanding`: ours and Rasa's default pipeline, on the same sentences.

Both are trained on `data/` and asked the held-out sentences in this run; some minutes.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.understanding.floors import fallen_short
from bench.understanding.measuring import Measured, measure
from bench.understanding.report import table, write_report
from bench.understanding.server import default_config, running, train
from deploy.local.training import ROOT
from desk.settings import load_settings

CURVE = (0, 1, 2, 3, 4, 5)
OURS, DEFAULT = "ours", "Rasa's default"


def main() -> int:
    """Measures, prints the table, writes the report; 1 when ours misses a target."""
    parser = argparse.ArgumentParser(prog="python -m bench.understanding", description=__doc__)
    parser.add_argument("--ours", action="store_true", help="without Rasa's default (minutes)")
    arguments = parser.parse_args()
    measured: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(prefix="ponte-nlu-") as name:
        folder = Path(name)
        configs = {OURS: ROOT / "config.yml"}
        if not arguments.ours:
            configs[DEFAULT] = default_config(folder)
        for number, (title, config) in enumerate(configs.items()):
            print(f"Training and asking {title} …", file=sys.stderr, flush=True)
            trained = train(config, folder, f"model-{number}")
            with running(trained.model) as server:
                measured[title] = measure(server, CURVE, trained.cpu_seconds)
    report = write_report(measured, load_settings().var_dir / "understanding")
    print(table(measured))
    print(f"\nThe report with its plots: {report}")
    short = fallen_short(measured[OURS])
    print("\n".join(f"Short of a target: {each}" for each in short) or "Every target is met.")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
