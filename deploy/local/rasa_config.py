"""What Rasa is told about this installation: its endpoints and its environment.

The `endpoints.yml` in the root has literal defaults for `rasa shell` and friends, because an
unset `${VAR}` would stay literal. A running system gets a copy in the var folder, with its own
addresses and stores.
"""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
import yaml
from sqlalchemy.engine import URL, make_url

from deploy.local.keys import make_private_folder, write_private
from desk.settings import Settings

DEFAULTS = Path(__file__).resolve().parents[2] / "endpoints.yml"
RASA_SCHEMA = "rasa"
POOL_SIZE = 10
POOL_OVERFLOW = 20


def rasa_folder(settings: Settings) -> Path:
    """Where the endpoints and, on SQLite, the conversations of Rasa lie."""
    return settings.var_dir / "rasa"


def endpoints_path(settings: Settings) -> Path:
    """The file for `rasa run --endpoints`."""
    return rasa_folder(settings) / "endpoints.yml"


def write_endpoints(settings: Settings) -> Path:
    """Writes the endpoints and, on PostgreSQL, makes Rasa's own schema."""
    make_private_folder(rasa_folder(settings))
    endpoints: dict[str, Any] = yaml.safe_load(DEFAULTS.read_text())
    endpoints["action_endpoint"]["url"] = settings.actions_url
    endpoints["tracker_store"] = tracker_store(settings)
    if settings.redis_url:
        endpoints["lock_store"] = lock_store(settings.redis_url)
    path = endpoints_path(settings)
    write_private(path, yaml.safe_dump(endpoints, sort_keys=False))
    return path


def tracker_store(settings: Settings) -> dict[str, Any]:
    """A file beside ours on SQLite, a schema of our database on PostgreSQL."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        path = rasa_folder(settings).absolute() / "conversations.db"
        return {"type": "SQL", "dialect": "sqlite", "db": str(path)}
    asyncio.run(make_schema(url))
    return {
        "type": "SQL",
        "dialect": "postgresql",
        "url": url.host or "127.0.0.1",
        "port": url.port or 5432,
        "db": url.database or "postgres",
        "username": url.username,
        "password": url.password,
    }


async def make_schema(url: URL) -> None:
    """Makes the schema that keeps Rasa's tables apart from the desk's."""
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {RASA_SCHEMA}")
    finally:
        await connection.close()


def lock_store(redis_url: str) -> dict[str, Any]:
    """Redis for the locks, when several Rasa processes share the conversations."""
    parts = urlsplit(redis_url)
    store: dict[str, Any] = {
        "type": "redis",
        "url": parts.hostname or "127.0.0.1",
        "port": parts.port or 6379,
        "db": int(parts.path.strip("/") or 0),
        "key_prefix": "ponte",
    }
    if parts.username:
        store["username"] = unquote(parts.username)
    if parts.password:
        store["password"] = unquote(parts.password)
    if parts.scheme == "rediss":
        store["use_ssl"] = True
    return store


def rasa_environment(settings: Settings) -> dict[str, str]:
    """What Rasa reads from the environment only."""
    environment = {
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        # Spinning threads of one library starve the others on a small machine.
        "OMP_WAIT_POLICY": "passive",
    }
    if not settings.database_url.startswith("sqlite"):
        environment["POSTGRESQL_SCHEMA"] = RASA_SCHEMA
        environment["SQL_POOL_SIZE"] = str(POOL_SIZE)
        environment["SQL_MAX_OVERFLOW"] = str(POOL_OVERFLOW)
    return environment
