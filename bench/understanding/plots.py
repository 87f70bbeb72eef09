"""`python plots.py FIGURES FOLDER`: draws a report's pictures, in Rasa's environment."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt


def confusion_matrix(figures: dict[str, Any], title: str, path: Path) -> None:
    """Rows are what was meant, columns what was understood."""
    confusions = figures["0"]["confusions"]
    names = sorted(confusions)
    rows = [[confusions[meant].get(said, 0) for said in names] for meant in names]
    drawing, axes = plt.subplots(figsize=(10, 9))
    axes.imshow(rows, cmap="Blues")
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    for y, row in enumerate(rows):
        for x, count in enumerate(row):
            if count:
                axes.text(
                    *(x, y, str(count)),
                    ha="center",
                    va="center",
                    color="white" if x == y else "black",
                    fontsize=8,
                )
    axes.set_title(f"{title}: meant (rows), understood (columns)")
    save(drawing, path)


def confidence_histogram(confidences: list[list[Any]], title: str, path: Path) -> None:
    """How sure the model was when right, when wrong, and of what is out of scope."""
    kinds = {
        "right": [sure for sure, right, inside in confidences if inside and right],
        "wrong": [sure for sure, right, inside in confidences if inside and not right],
        "out of scope": [sure for sure, _, inside in confidences if not inside],
    }
    drawing, axes = plt.subplots(figsize=(8, 4.5))
    axes.hist(
        list(kinds.values()),
        bins=[step / 20 for step in range(21)],
        label=list(kinds),
        color=["tab:blue", "tab:red", "tab:grey"],
    )
    axes.set_yscale("symlog")
    axes.set_xlabel("confidence")
    axes.set_ylabel("sentences")
    axes.set_title(title)
    axes.legend()
    save(drawing, path)


def typo_curve(measured: dict[str, Any], path: Path) -> None:
    """Macro F1 by the number of slips in a sentence."""
    drawing, axes = plt.subplots(figsize=(8, 4.5))
    for name, each in measured.items():
        counts = sorted(map(int, each["by_slips"]))
        axes.plot(
            counts,
            [each["by_slips"][str(count)]["macro_f1"] for count in counts],
            marker="o",
            label=name,
        )
    axes.set_ylim(0, 1)
    axes.set_xlabel("slips a sentence")
    axes.set_ylabel("macro F1")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    save(drawing, path)


def save(drawing: Any, path: Path) -> None:
    """Writes one picture and lets go of it."""
    drawing.tight_layout()
    drawing.savefig(path, dpi=110)
    plt.close(drawing)


def main(figures: Path, folder: Path) -> None:
    """All pictures of one report."""
    measured = json.loads(figures.read_text())
    for name, each in measured.items():
        stem = name.lower().replace("'", "").replace(" ", "-")
        confusion_matrix(each["by_slips"], name, folder / f"confusion-{stem}.png")
        confidence_histogram(each["confidences"], name, folder / f"confidence-{stem}.png")
    typo_curve(measured, folder / "typos.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
