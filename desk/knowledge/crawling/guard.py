"""Keeps a crawl out of private networks: an address that an admin, or a page, names may lead there.

What a name resolves to is looked at before the connection, and who answered once more after it: a
name may change its mind between the two.
"""

import functools
import ipaddress
import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(Exception):
    """The host is in a private network, or is this machine."""


class Guard:
    """Knows the open connections of a crawl, so that it can be broken off."""

    def __init__(self, *, private_addresses: bool) -> None:
        self._private_addresses = private_addresses
        self._open: set[socket.socket] = set()

    def check(self, host: str, port: int) -> None:
        """Refuses a name of which any address is private.

        Raises:
            ForbiddenAddress: it has one.
            OSError: it has none at all.
        """
        if self._private_addresses:
            return
        for *_, place in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM):
            self._check_number(str(place[0]))

    def keep(self, connected: socket.socket) -> None:
        """Looks at who answered.

        Raises:
            ForbiddenAddress: somebody private did.
        """
        if not self._private_addresses:
            self._check_number(str(connected.getpeername()[0]))
        self._open = {each for each in self._open if each.fileno() >= 0} | {connected}

    def break_off(self) -> None:
        """Ends what is being read, from whichever thread."""
        for each in self._open:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    @staticmethod
    def _check_number(number: str) -> None:
        if not is_public(number):
            raise ForbiddenAddress(number)


def is_public(number: str) -> bool:
    """Whether an IP address is one of the open internet, whatever it is wrapped in."""
    address = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast


class GuardedAdapter(HTTPAdapter):
    """requests' own adapter over connections that a guard has looked at."""

    def __init__(self, guard: Guard) -> None:
        self._connections = {
            "http": functools.partial(_PlainConnection, guard=guard),
            "https": functools.partial(_SecureConnection, guard=guard),
        }
        super().__init__(pool_connections=2, pool_maxsize=2)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        """The pool of a host."""
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        assert isinstance(pool, HTTPConnectionPool)  # noqa: S101 - there is no other
        pool.ConnectionCls = self._connections[pool.scheme]  # type: ignore[assignment]
        return pool


class _PlainConnection(HTTPConnection):
    def __init__(self, *args: Any, guard: Guard, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._guard = guard

    def connect(self) -> None:
        self._guard.check(self.host, self.port)
        super().connect()
        self._guard.keep(self.sock)


class _SecureConnection(HTTPSConnection):
    def __init__(self, *args: Any, guard: Guard, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._guard = guard

    def connect(self) -> None:
        self._guard.check(self.host, self.port)
        super().connect()
        self._guard.keep(self.sock)
