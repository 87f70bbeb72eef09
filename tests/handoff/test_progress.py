"""Long work says how far it is, how fast, and what is left."""

import time

import pytest

from handoff.progress import ProgressBar


@pytest.mark.parametrize("is_terminal", [True, False])
def test_done_rate_and_time_left_are_shown(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = iter([100.0, 120.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    ProgressBar("texts").show(40, 100)
    told = capsys.readouterr().err
    assert "40/100 texts, 2.0/s, 30 s left" in told
    assert ("█" * 12 + "·" * 18 in told) is is_terminal


def test_the_next_work_on_one_bar_is_timed_by_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = iter([100.0, 200.0, 220.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    bar = ProgressBar("texts")
    bar.show(10, 10)
    bar.show(40, 100)
    assert "40/100 texts, 2.0/s, 30 s left" in capsys.readouterr().err
