"""Logs: one JSON object a line, without personal data or secrets.

Sanic's, SQLAlchemy's and httpx's own lines pass at WARNING and above, in the same form: below,
httpx logs whole addresses, and with them tokens.
"""

import logging
import sys

import structlog

from desk.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Sets up structlog and the standard library's logging."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.env == "production"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(),
            # Its own choice shows local variables, and with them secrets and what people wrote.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    stamps: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[structlog.types.Processor] = [
        structlog.processors.format_exc_info
        if settings.env == "production"
        else structlog.processors.StackInfoRenderer(),
        renderer,
    ]
    structlog.configure(
        processors=[*stamps, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    libraries = logging.StreamHandler(sys.stdout)
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *stamps],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    logging.basicConfig(handlers=[libraries], level=logging.WARNING)
    logging.getLogger("sanic.websockets").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line about a stream is worth reading: Sanic calls each page left an error."""
    return not (record.exc_info and isinstance(record.exc_info[1], OSError))
