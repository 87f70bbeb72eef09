"""Addresses of webhooks, their secrets, and when what failed is tried again."""

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import ValidationError

from desk.errors import Invalid
from desk.events.audit import KINDS
from desk.webhooks.kinds import EVENT_KINDS
from desk.webhooks.sending import LONGEST_PAUSE_SECONDS, MAX_TRIES, PAUSES_SECONDS, pause_seconds
from desk.webhooks.settings import Reach, WebhookValues, check_url
from desk.webhooks.signing import draw_secret, signed_headers
from handoff.console.settings.webhook_words import EVENT_LABELS
from handoff.webhook_client import read_retry_after

OUTSIDE = Reach(private=False, loopback=False)
DEVELOPER = Reach(private=False, loopback=True)
INTRANET = Reach(private=True, loopback=True)


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("https://sistema.empresa.com.br/ponte?chave=1", OUTSIDE),
        ("https://8.8.8.8:8443/", OUTSIDE),
        ("http://127.0.0.1:9000/", DEVELOPER),
        ("http://localhost:9000/", DEVELOPER),
        ("http://[::1]/", DEVELOPER),
        ("http://10.0.0.7/", INTRANET),
    ],
)
def test_an_address_that_may_hear(url: str, reach: Reach) -> None:
    check_url(url, reach)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://sistema.empresa.com.br/", "https"),
        ("https://localhost/", "rede interna"),
        ("https://127.0.0.1/", "rede interna"),
        ("https://[::ffff:127.0.0.1]/", "rede interna"),
        ("https://10.1.2.3/", "rede interna"),
        ("https://169.254.169.254/latest/meta-data", "rede interna"),
        ("https://100.64.0.1/", "rede interna"),
        ("https://[fd00::1]/", "rede interna"),
        ("https://ana:senha@empresa.com.br/", "senha"),
        ("https://empresa.com.br/#parte", "senha"),
        ("ftp://empresa.com.br/", "não é válido"),
        ("javascript:alert(1)", "não é válido"),
        ("https://", "não é válido"),
        ("https://[::1", "não é válido"),
        ("https://empresa.com.br:99999/", "não é válido"),
        ("https://empresa .com.br/", "não é válido"),
        ("https://empresa.com.br\\@10.0.0.1/", "não é válido"),
        ("https://empresa.com.br/\x00", "não é válido"),
    ],
)
def test_an_address_that_may_not(url: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        check_url(url, OUTSIDE)


@pytest.mark.parametrize("kinds", [[], ["user.created"], ["ping"], [""]])
def test_only_kinds_of_the_list_are_heard(kinds: list[str]) -> None:
    with pytest.raises(ValidationError):
        WebhookValues(name="CRM", url="https://empresa.com.br", kinds=kinds)


def test_every_kind_has_its_words_and_none_is_about_settings() -> None:
    assert set(EVENT_LABELS) == {*EVENT_KINDS, "ping"}
    assert not {kind for kind in EVENT_KINDS if kind.split(".")[0] in ("user", "webhook")}
    assert {"webhook.created", "webhook.paused", "webhook.replayed"} <= KINDS


def test_the_signature_is_the_standards_own_example() -> None:
    # Source: standard-webhooks, the reference libraries' test of signing.
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_has_256_bits_of_its_own() -> None:
    one, other = draw_secret(), draw_secret()
    assert one != other
    assert len(base64.b64decode(one.removeprefix("whsec_"))) == 32


def test_pauses_grow_differ_and_end_within_a_day() -> None:
    assert MAX_TRIES == 8
    assert list(PAUSES_SECONDS) == sorted(PAUSES_SECONDS)
    assert sum(PAUSES_SECONDS) * 1.2 < 86_400
    for tries, pause in enumerate(PAUSES_SECONDS, start=1):
        drawn = {pause_seconds(tries) for _ in range(20)}
        assert len(drawn) > 1
        assert all(0.8 * pause <= each <= 1.2 * pause for each in drawn)


def test_a_receiver_may_ask_for_patience_but_not_for_ever() -> None:
    assert pause_seconds(1, 3600.0) == 3600.0
    assert pause_seconds(1, 0.0) >= 8.0
    assert pause_seconds(1, 1e9) == LONGEST_PAUSE_SECONDS


def test_retry_after_is_a_number_or_a_date() -> None:
    assert read_retry_after("120") == 120.0
    assert read_retry_after("9" * 40) == 999_999_999.0
    in_an_hour = read_retry_after(format_datetime(datetime.now(UTC) + timedelta(hours=1)))
    assert in_an_hour is not None
    assert 3500 < in_an_hour <= 3600
    assert read_retry_after(format_datetime(datetime.now(UTC) - timedelta(hours=1))) == 0.0
    for nonsense in ("", "-1", "soon", "²", "1.5"):
        assert read_retry_after(nonsense) is None
