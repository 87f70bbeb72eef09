"""The last test's figures, and examples that are few or contradict each other."""

import json
import os
from pathlib import Path

from desk.review.quality import check_examples, find_report
from desk.review.training_data import Example, TrainingData

REPORT = {
    "greet": {
        **{"precision": 0.5, "recall": 0.75, "f1-score": 0.6, "support": 4},
        "confused_with": {"thanks": 1},
    },
    "thanks": {
        **{"precision": 1.0, "recall": 0.5, "f1-score": 0.667, "support": 4},
        "confused_with": {"greet": 1, "nlu_fallback": 1},
    },
    "accuracy": 0.625,
    "macro avg": {"precision": 0.7, "recall": 0.6, "f1-score": 0.633, "support": 8},
}


def test_the_newest_report_is_read_with_its_matrix(tmp_path: Path) -> None:
    for name, accuracy, at in (("old", 0.1, 1_000_000), ("new", 0.625, 2_000_000)):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "intent_report.json"
        path.write_text(json.dumps(REPORT | {"accuracy": accuracy}))
        os.utime(path, (at, at))
    report = find_report(tmp_path / "old", tmp_path / "new", tmp_path / "none")
    assert report is not None
    assert (report.accuracy, report.macro_f1) == (0.625, 0.633)
    assert report.labels == ["greet", "nlu_fallback", "thanks"]
    assert report.matrix == [[3, 0, 1], [0, 0, 0], [1, 1, 2]]
    assert report.intents[1].confused == [("greet", 1), ("nlu_fallback", 1)]


def test_no_report_a_half_written_one_and_one_of_another_kind_are_none(tmp_path: Path) -> None:
    assert find_report(tmp_path) is None
    for content in ("{", "[]", "{}", json.dumps({"greet": 3, "macro avg": {"f1-score": 1}})):
        (tmp_path / "intent_report.json").write_text(content)
        assert find_report(tmp_path) is None


def test_few_and_contradicting_examples_are_named() -> None:
    examples = [
        Example("greet", "oi", "a.yml"),
        Example("thanks", "Muito obrigado!", "a.yml"),
        Example("goodbye", "muito OBRIGADO", "b.yml"),
        Example("open_ticket", "minha impressora parou de imprimir", "a.yml"),
        Example("complaint", "minha impresora parou de imprimir", "b.yml"),
        Example("open_ticket", "minha impressora  parou de imprimir!", "a.yml"),
        Example("ask_docs", "como faço para emitir uma nota?", "a.yml"),
        Example("ask_docs", "como faço pra emitir uma nota?", "a.yml"),
    ]
    check = check_examples(TrainingData(examples, ["rate", "greet"], []))
    assert check.counts[0] == ("rate", 0)
    assert dict(check.counts)["open_ticket"] == 2
    (same,) = check.same
    assert {same.first.intent, same.second.intent} == {"thanks", "goodbye"}
    (alike,) = check.alike
    assert {alike.first.intent, alike.second.intent} == {"open_ticket", "complaint"}
    assert 0.85 <= alike.likeness < 1
