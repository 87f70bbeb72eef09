"""Logs: one JSON object a line, without personal data or secrets.

Sanic's, SQLAlchemy's and httpx's own lines pass at WARNING and above: below, httpx logs whole
addresses, and with them tokens.
"""

import logging
import sys

import structlog

from desk.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Sets up structlog and the standard library's logging."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.WARNING)
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.env == "production"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(),
            # Its own choice shows local variables, and with them secrets and what people wrote.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info
            if settings.env == "production"
            else structlog.processors.StackInfoRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
