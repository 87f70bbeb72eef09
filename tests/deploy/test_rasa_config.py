"""What Rasa is told about an installation."""

import stat
from pathlib import Path

import pytest
import yaml

from deploy.local.rasa_config import DEFAULTS, lock_store, rasa_environment, write_endpoints
from desk.settings import load_settings
from tests.postgresql import PostgresDatabases


def test_on_sqlite_rasa_keeps_its_conversations_in_a_file_of_its_own(tmp_path: Path) -> None:
    settings = load_settings(var_dir=tmp_path, database_url="", redis_url="", actions_port=5999)
    path = write_endpoints(settings)
    endpoints = yaml.safe_load(path.read_text())
    assert endpoints["action_endpoint"]["url"].startswith("http://127.0.0.1:5999/")
    assert endpoints["tracker_store"]["db"] == str(tmp_path / "rasa" / "conversations.db")
    assert "lock_store" not in endpoints
    assert "POSTGRESQL_SCHEMA" not in rasa_environment(settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("engine", ["postgresql"])
def test_on_postgresql_rasa_has_a_schema_of_its_own(
    engine: str, tmp_path: Path, postgres_databases: PostgresDatabases
) -> None:
    url = postgres_databases.clone()
    settings = load_settings(var_dir=tmp_path, database_url=url)
    for _ in range(2):
        endpoints = yaml.safe_load(write_endpoints(settings).read_text())
    assert endpoints["tracker_store"]["dialect"] == "postgresql"
    assert rasa_environment(settings)["POSTGRESQL_SCHEMA"] == "rasa"
    assert "rasa" in postgres_databases.schemas(url)


def test_what_the_project_says_of_the_action_endpoint_is_kept(tmp_path: Path) -> None:
    project = yaml.safe_load(DEFAULTS.read_text())["action_endpoint"]
    settings = load_settings(var_dir=tmp_path, database_url="", actions_url="http://actions/hook")
    endpoints = yaml.safe_load(write_endpoints(settings).read_text())
    assert endpoints["action_endpoint"] == {**project, "url": "http://actions/hook"}


def test_the_address_of_redis_is_taken_apart() -> None:
    store = lock_store("rediss://ponte:s%40nha@redis.example:6380/3")
    assert store == {
        "type": "redis",
        "url": "redis.example",
        "port": 6380,
        "db": 3,
        "key_prefix": "ponte",
        "username": "ponte",
        "password": "s@nha",
        "use_ssl": True,
    }
