import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.events.tables import Event
from desk.states import Owner
from handoff.console import wording
from handoff.console.wording import TextPart
from handoff.i18n import SOURCE_LOCALE, set_locale

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("veja https://acme.example/a?b=1.", ["https://acme.example/a?b=1"]),
        ("(https://acme.example/a_(b)) fim", ["https://acme.example/a_(b)"]),
        ("www.acme.example, certo?", ["https://www.acme.example"]),
        ("javascript:alert(1) data:text/html,x", []),
        ("https://[ http:// www.", []),
        ("sem nada", []),
    ],
)
def test_addresses_become_links_without_the_sentence_around_them(
    text: str, links: list[str]
) -> None:
    parts = wording.split_text(text)
    assert [part.href for part in parts if part.href] == links
    assert "".join(part.text for part in parts) == text


@pytest.mark.parametrize(
    ("text", "strong"),
    [
        ("escreva *sair* ou *voltar ao bot*.", ["sair", "voltar ao bot"]),
        ("2*3*4 e * não * isso", []),
        ("uma *linha\noutra*", []),
    ],
)
def test_words_in_asterisks_are_strong_as_in_whatsapp(text: str, strong: list[str]) -> None:
    assert [part.text for part in wording.split_text(text) if part.strong] == strong


def test_an_address_of_ten_thousand_brackets_costs_no_more_than_its_length() -> None:
    def seconds(signs: int) -> float:
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            wording.split_text("https://a" + ")" * signs)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(32_000) < 40 * seconds(2_000) + 0.005  # Squared it would be 256 times.
    (address, rest) = wording.split_text("https://a.example/(b))),")
    assert (address.href, rest.text) == ("https://a.example/(b)", ")),")


def test_markup_stays_text() -> None:
    assert wording.split_text("<b>oi</b>") == [TextPart("<b>oi</b>")]


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Maria Souza", "MS"), ("Ana", "A"), ("João Pedro de Lima", "JL"), ("  ", "?")],
)
def test_initials_are_of_the_first_and_last_name(name: str, letters: str) -> None:
    assert wording.initials(name) == letters


@pytest.mark.parametrize(
    ("waited", "words"),
    [
        (timedelta(seconds=40), "agora"),
        (timedelta(minutes=5, seconds=50), "5 min"),
        (timedelta(hours=1, minutes=7), "1 h 07 min"),
        (timedelta(days=2, hours=3), "2 d 3 h"),
        (timedelta(seconds=-3), "agora"),
    ],
)
def test_a_wait_is_told_in_the_units_that_matter(waited: timedelta, words: str) -> None:
    assert wording.duration(NOW - waited, NOW) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW, "Hoje"),
        (NOW - timedelta(hours=13), "Ontem"),  # 23:00 of the day before, in São Paulo
        (NOW - timedelta(days=9), "1 de março"),
        (NOW - timedelta(days=90), "10 de dezembro de 2025"),
    ],
)
def test_days_are_those_of_the_readers_zone(at: datetime, words: str) -> None:
    assert wording.day_name(at, NOW, SAO_PAULO) == words


@pytest.mark.parametrize(
    ("size_bytes", "words"), [(10, "10 B"), (40_000, "39 KB"), (26_214_400, "25,0 MB")]
)
def test_sizes_are_written_with_a_comma(size_bytes: int, words: str) -> None:
    assert wording.size_name(size_bytes) == words


@pytest.mark.parametrize(
    ("owner", "mine", "words"),
    [
        (Owner.AGENT, True, "Com você"),
        (Owner.AGENT, False, "Com Ana"),
        (Owner.QUEUE, False, "Na fila Suporte"),
        (Owner.BOT, False, "Com a assistente virtual"),
    ],
)
def test_the_head_says_who_answers(owner: Owner, mine: bool, words: str) -> None:
    assert wording.owner_text(owner, "Ana", "Suporte", mine=mine) == words


@pytest.mark.parametrize(
    ("kind", "actor", "data", "words"),
    [
        ("status", "agent", {"after": "waiting"}, "Ana mudou o status para Aguardando"),
        ("status", "contact", {"after": "open"}, "Status: Aberto"),
        ("owner", "agent", {"after": "agent", "assignee_id": 1}, "Ana assumiu a conversa"),
        (
            "owner",
            "agent",
            {"after": "agent", "reason": "assign", "assignee_id": 2},
            "Ana passou a conversa para Bruno",
        ),
        (
            "owner",
            "agent",
            {"after": "agent", "reason": "take_over", "assignee_id": 1, "former_assignee_id": 2},
            "Ana assumiu a conversa de Bruno",
        ),
        (
            "owner",
            "rule",
            {"after": "agent", "reason": "auto_assigned", "assignee_id": 2},
            "Bruno recebeu a conversa da fila",
        ),
        (
            "owner",
            "rule",
            {"after": "queue", "reason": "idle", "former_assignee_id": 2, "agent_gone": False},
            "Bruno demorou a responder: a conversa voltou à fila",
        ),
        (
            "owner",
            "rule",
            {"after": "queue", "reason": "idle", "former_assignee_id": 2, "agent_gone": True},
            "Bruno saiu: a conversa voltou à fila",
        ),
        ("owner", "bot", {"after": "queue"}, "Entrou na fila"),
        ("owner", "agent", {"after": "queue"}, "Ana pôs a conversa na fila"),
        ("owner", "agent", {"after": "bot"}, "De volta à assistente virtual"),
    ],
)
def test_events_are_told_in_a_sentence(
    kind: str, actor: str, data: dict[str, object], words: str
) -> None:
    event = Event(
        seq=1,
        at=NOW,
        kind=f"conversation.{kind}_changed",
        actor_kind=actor,
        actor_id=1 if actor == "agent" else None,
        data=data,
    )
    assert wording.event_text(event, {1: "Ana", 2: "Bruno"}) == words


def test_times_and_sizes_are_said_in_the_reader_s_language() -> None:
    at = datetime(2025, 3, 9, 15, 0, tzinfo=UTC)
    set_locale("en")
    try:
        assert wording.full_time(at, SAO_PAULO) == "March 9, 2025, 12:00"
        assert wording.day_name(at, NOW, SAO_PAULO) == "March 9, 2025"
        assert wording.day_name(NOW, NOW, SAO_PAULO) == "Today"
        assert wording.date_words(at.date()) == "Mar 9, 2025"
        assert wording.size_name(1_500_000) == "1.4 MB"
        assert wording.STATUS_LABELS["in_service"] == "In service"
        assert wording.duration(at, at) == "now"
    finally:
        set_locale(SOURCE_LOCALE)
    assert wording.full_time(at, SAO_PAULO) == "9 de março de 2025, 12:00"
    assert wording.date_and_clock(at, SAO_PAULO) == "09/03/2025 12:00"
