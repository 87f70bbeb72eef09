"""How promises of an answer or an end stand, in words: for rows, the board, the side panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from desk.conversations.levels.standing import LevelState, Standing
from desk.conversations.levels.tables import ClockKind
from handoff.console import wording
from handoff.i18n import N_, Labels, _

LEVEL_LABELS = Labels(
    {
        ClockKind.FIRST_RESPONSE: N_("1ª resposta"),
        ClockKind.NEXT_RESPONSE: N_("Resposta"),
        ClockKind.RESOLUTION: N_("Solução"),
    }
)
_SHOWN_ENDED = 3


@dataclass(frozen=True)
class LevelMark:
    """One promise; ``state`` chooses its colour, the words say the same."""

    state: str
    words: str
    label: str
    detail: str


def level_mark(standing: Standing | None, zone: ZoneInfo, now: datetime) -> LevelMark | None:
    """A promise in words; None without one."""
    if standing is None:
        return None
    label = LEVEL_LABELS[standing.kind]
    return LevelMark(
        standing.state.value, _words(standing, label, now), label, _detail(standing, zone, now)
    )


def level_marks(standings: Sequence[Standing], zone: ZoneInfo, now: datetime) -> list[LevelMark]:
    """Those that run, then the newest few that are over."""
    running = [each for each in standings if each.ended_at is None]
    over = [each for each in standings if each.ended_at is not None][:_SHOWN_ENDED]
    marks = [level_mark(each, zone, now) for each in (*running, *over)]
    return [mark for mark in marks if mark is not None]


def _words(standing: Standing, label: str, now: datetime) -> str:
    due = standing.due_at
    if standing.state is LevelState.MET:
        return _("{what} no prazo").format(what=label)
    if standing.state is LevelState.MISSED:
        return _("{what} fora do prazo").format(what=label)
    if due is None:
        return _("{what} em pausa").format(what=label)
    if due <= now:
        return _("{what} atrasada há {time}").format(what=label, time=wording.duration(due, now))
    return _("{what} em {time}").format(what=label, time=_left(now, due))


def _left(now: datetime, due: datetime) -> str:
    under_a_minute = (due - now).total_seconds() < 60
    return _("menos de 1 min") if under_a_minute else wording.duration(now, due)


def _detail(standing: Standing, zone: ZoneInfo, now: datetime) -> str:
    if standing.ended_at is not None:
        return _("até {time}").format(time=_moment(standing.ended_at, zone, now))
    if standing.due_at is None:
        return _("aguardando")
    return _("prazo: {time}").format(time=_moment(standing.due_at, zone, now))


def _moment(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    same_day = at.astimezone(zone).date() == now.astimezone(zone).date()
    return wording.clock(at, zone) if same_day else wording.date_and_clock(at, zone)
