"""Nothing that people wrote and no secret stands in the log, not even in an error."""

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


@pytest.mark.parametrize("env", ["development", "production"])
def test_an_error_is_logged_with_its_place_but_without_values(env: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", CRASH.format(env=env)], capture_output=True, text=True, check=True
    )
    log = run.stdout + run.stderr
    assert "it broke" in log
    assert "request.failed" in log
    assert "segredo do cliente" not in log
    assert "ssssssss" not in log


async def test_an_error_of_the_database_does_not_tell_the_values(database: Database) -> None:
    with pytest.raises(Exception, match="channels") as failed:  # noqa: PT012
        async with database.transaction() as session:
            for _ in range(2):
                await a_channel(session, secrets="segredo")
    assert Channel.__tablename__ in str(failed.value)
    assert "segredo" not in str(failed.value)
