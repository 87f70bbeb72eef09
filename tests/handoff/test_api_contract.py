"""The API keeps what its OpenAPI document promises, whatever is sent: schemathesis tries."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desk.team.tables import Role
from tests.desk.building import a_user
from tests.handoff.serving import Served, Visitor, copy_of

MAX_EXAMPLES = os.environ.get("PONTE_API_EXAMPLES", "12")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
# Signing in is counted, signing out ends the run's own login.
LEFT_OUT = ("post_session", "delete_session")


@pytest.mark.timeout(900)
def test_every_answer_is_one_that_the_document_promises(
    sqlite_template: Path, tmp_path: Path
) -> None:
    with Served(copy_of(sqlite_template, tmp_path), tmp_path) as served:
        config = tmp_path / "schemathesis.toml"
        config.write_text(_real_ids(served))
        token = _token(served)
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                *("--config-file", str(config), "run", f"{served.base_url}/api/openapi.json"),
                *("--header", f"Authorization: Bearer {token}"),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", MAX_EXAMPLES),
                *("--checks", ",".join(CHECKS), "--seed", "4", "--generation-database", "none"),
                *("--request-timeout", "20", "--continue-on-failure", "--warnings", "off"),
                *("--suppress-health-check", "filter_too_much,too_slow"),
                *(part for name in LEFT_OUT for part in ("--exclude-operation-id", name)),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]


def _token(served: Served) -> str:
    """An admin of the run's own: what is tried on the demo's people does not sign it out."""

    async def add() -> None:
        async with served.database.transaction() as session:
            await a_user(session, "contrato@demo.ponte", Role.ADMIN)

    served.call(add())
    with served.team("contrato@demo.ponte") as api:
        return api.headers["Authorization"].removeprefix("Bearer ")


def _real_ids(served: Served) -> str:
    """Things that exist, beside those that are made up: else all that is answered is a 404."""
    with Visitor(served) as maria:
        maria.post("oi")
        served.queue_up(maria.conversation, "suporte")
        served.until(lambda: maria.messages(), "the message")
    return f'[parameters]\n"path.public_id" = "{maria.conversation}"\n"path.message_id" = 1\n'
