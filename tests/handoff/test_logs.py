"""Nothing that people wrote and no secret stands in the log, not even in an error."""

import json
import subprocess
import sys

import pytest

from desk.channels.tables import Channel
from desk.db import Database
from tests.desk.building import a_channel

CRASH = """
import structlog
from desk.settings import load_settings
from handoff.logs import configure_logs

configure_logs(load_settings(env={env!r}, secret_key="s" * 32))

def crash(secret):
    raise RuntimeError("it broke")

try:
    crash("segredo " + "do cliente")
except RuntimeError:
    structlog.get_logger().exception("request.failed", path="/webchat/demo")
"""

LIBRARIES = """
import logging
from desk.settings import load_settings
from handoff.logs import configure_logs

configure_logs(load_settings(env={env!r}, secret_key="s" * 32))

def fails(logger, error):
    try:
        raise error
    except Exception:
        logging.getLogger(logger).exception("Error closing %s", "the connection")

logging.getLogger("httpx").info("GET /bot123:token/getMe")
fails("sqlalchemy.pool", OSError("no more sockets"))
fails("sanic.websockets", BrokenPipeError("the page was left"))
fails("sanic.websockets", ValueError("a broken frame"))
"""


@pytest.mark.parametrize("env", ["development", "production"])
def test_an_error_is_logged_with_its_place_but_without_values(env: str) -> None:
    log = _run(CRASH, env)
    assert "it broke" in log
    assert "request.failed" in log
    assert "segredo do cliente" not in log
    assert "ssssssss" not in log


def test_what_a_library_logs_is_one_json_object_a_line_too() -> None:
    lines = [json.loads(line) for line in _run(LIBRARIES, "production").splitlines()]
    assert [(line["logger"], line["level"], line["event"]) for line in lines] == [
        ("sqlalchemy.pool", "error", "Error closing the connection"),
        ("sanic.websockets", "error", "Error closing the connection"),
    ]
    assert "OSError: no more sockets" in lines[0]["exception"]
    assert "ValueError: a broken frame" in lines[1]["exception"]
    assert all(line["timestamp"] for line in lines)


def test_a_page_that_is_left_is_no_error_in_the_log() -> None:
    log = _run(LIBRARIES, "development")
    assert "a broken frame" in log
    assert "no more sockets" in log
    assert "the page was left" not in log


def _run(script: str, env: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", script.format(env=env)], capture_output=True, text=True, check=True
    )
    return run.stdout + run.stderr


async def test_an_error_of_the_database_does_not_tell_the_values(database: Database) -> None:
    with pytest.raises(Exception, match="channels") as failed:  # noqa: PT012
        async with database.transaction() as session:
            for _ in range(2):
                await a_channel(session, secrets="segredo")
    assert Channel.__tablename__ in str(failed.value)
    assert "segredo" not in str(failed.value)
