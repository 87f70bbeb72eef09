"""A running system with a proxy before Rasa and another before the action server."""

from collections.abc import Iterator

import pytest

from tests.faults.proxied import ProxiedSystem


@pytest.fixture(scope="session")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedSystem]:
    """The one system of the fault tests."""
    running = ProxiedSystem(tmp_path_factory.mktemp("faults"))
    try:
        running.start()
        yield running
    finally:
        running.stop()
        running.stop_proxies()


@pytest.fixture
def system(proxied: ProxiedSystem) -> ProxiedSystem:
    """The same, all of it up again."""
    proxied.ensure_running()
    return proxied
