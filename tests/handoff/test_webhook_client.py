"""One try of a delivery over TLS: the name is checked although the connection goes to a number."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from desk.webhooks.sending import Outgoing
from desk.webhooks.settings import Reach
from desk.webhooks.signing import draw_secret
from handoff.webhook_client import WebhookClient

HERE = Reach(private=False, loopback=True)


def a_certificate(folder: Path, name: str) -> Path:
    """A key and a certificate that vouches for itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem)
    )
    return path


@asynccontextmanager
async def a_server(certificate: Path, heads: list[str]) -> AsyncIterator[int]:
    """Answers 204 to each request over TLS; gives its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 204 X\r\n\r\n")
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def to(url: str) -> Outgoing:
    return Outgoing(1, 1, url, "evt_1", "{}", 1, (draw_secret(),))


@pytest.mark.parametrize(
    ("name", "outcome"), [("localhost", (204, "")), ("outro.example", (None, "tls"))]
)
async def test_the_certificate_must_be_of_the_name(
    tmp_path: Path, name: str, outcome: tuple[int | None, str]
) -> None:
    heads: list[str] = []
    certificate = a_certificate(tmp_path, name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with a_server(certificate, heads) as port, WebhookClient(HERE, trusting) as client:
        answer = await client.send(to(f"https://localhost:{port}/ponte"))
    assert (answer.status, answer.error) == outcome
    assert [f"host: localhost:{port}" in head.lower() for head in heads] == (
        [True] if name == "localhost" else []
    )


async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path: Path) -> None:
    heads: list[str] = []
    certificate = a_certificate(tmp_path, "localhost")
    plain = ssl.create_default_context()
    async with a_server(certificate, heads) as port, WebhookClient(HERE, plain) as client:
        answer = await client.send(to(f"https://localhost:{port}/"))
    assert (answer.status, answer.error) == (None, "tls")
    assert heads == []


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://10.0.0.1/", "forbidden_address"),
        ("https://169.254.169.254/", "forbidden_address"),
        ("https://[fd00::1]/", "forbidden_address"),
        # As curl and libc read them: this machine.
        ("https://0/", "forbidden_address"),
        ("http://8.8.8.8/", "forbidden_address"),
        ("https://nao-existe.invalid/", "unknown_host"),
        ("http://127.0.0.1:1/", "unreachable"),
    ],
)
async def test_where_no_delivery_goes(url: str, error: str) -> None:
    async with WebhookClient(HERE, ssl.create_default_context()) as client:
        answer = await client.send(to(url))
    assert (answer.status, answer.error) == (None, error)


@pytest.mark.parametrize("url", ["http://2130706433:1/", "http://127.1:1/", "http://localhost:1/"])
async def test_this_machine_is_closed_in_production_however_it_is_written(url: str) -> None:
    outside = Reach(private=False, loopback=False)
    async with WebhookClient(outside, ssl.create_default_context()) as client:
        answer = await client.send(to(url))
    assert answer.error == "forbidden_address"
