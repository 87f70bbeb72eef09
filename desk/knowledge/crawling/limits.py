"""How far a crawl goes."""

from dataclasses import dataclass

from desk.settings import Settings


@dataclass(frozen=True)
class Limits:
    """``seconds``: of one run, however often it is taken up again."""

    pages: int = 2000
    page_bytes: int = 2 * 1024 * 1024
    depth: int = 10
    seconds: float = 3600.0
    delay_seconds: float = 1.0
    private_addresses: bool = False


def limits_of(settings: Settings) -> Limits:
    """As they are set."""
    return Limits(
        pages=settings.crawl_max_pages,
        page_bytes=settings.crawl_max_page_bytes,
        depth=settings.crawl_max_depth,
        seconds=settings.crawl_max_seconds,
        delay_seconds=settings.crawl_delay_seconds,
        private_addresses=settings.crawl_private_addresses,
    )
