"""Multipart bodies: read in bounds, with a clear answer to what is too large.

Sanic resets the connection on a body over its limit, so routes that take files stream the body
and count it themselves. Parsing a large body would stall other requests, hence the thread.
"""

import asyncio
import json
from dataclasses import dataclass
from email.message import Message as Headers
from typing import Any, cast

from sanic import Request
from sanic.http import Http
from sanic.request.form import parse_multipart_form

from desk.errors import TooLarge
from desk.media.store import StoredFile, store_file
from desk.settings import Settings
from handoff.problems import Problem

MAX_FILES = 10
MAX_JSON_BYTES = 1024 * 1024
_OVERHEAD_BYTES = 64 * 1024
# What is read and thrown away beyond the limit, so that the client hears the answer.
_DRAIN_FACTOR = 4


@dataclass(frozen=True)
class Form:
    """A multipart body: the fields, and files as (name, bytes)."""

    fields: dict[str, str]
    files: list[tuple[str, bytes]]


def is_multipart(request: Request) -> bool:
    """Whether the body is a form with files."""
    return (request.content_type or "").lower().startswith("multipart/form-data")


async def read_bounded(request: Request, max_bytes: int) -> bytes:
    """The whole body.

    Raises:
        Problem: 413 when it is larger than ``max_bytes``.
    """
    chunks: list[bytes] = []
    total = 0
    stream = cast(Http, request.stream)
    while True:
        chunk = await stream.read()
        if not chunk:
            break
        total += len(chunk)
        if total <= max_bytes:
            chunks.append(chunk)
        elif total > max_bytes * _DRAIN_FACTOR:
            break
    if total > max_bytes:
        megabytes = max_bytes // (1024 * 1024)
        raise Problem(413, f"O envio passa do limite de {megabytes} MB.", field="file")
    return b"".join(chunks)


async def read_json(request: Request, max_bytes: int = MAX_JSON_BYTES) -> dict[str, Any]:
    """The JSON object of a request on a streaming route.

    Raises:
        Problem: 413 when it is too large, 400 when it is none.
    """
    body = await read_bounded(request, max_bytes)
    try:
        content = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Problem(400, "O corpo não é um JSON válido.", field="body") from error
    if not isinstance(content, dict):
        raise Problem(400, "O corpo deve ser um objeto JSON.", field="body")
    return content


async def read_form(request: Request, settings: Settings) -> Form:
    """The fields and files of a multipart request on a streaming route.

    Raises:
        Problem: 413 when it is too large, 400 when it is no form or has too many files.
    """
    boundary = _boundary(request)
    body = await read_bounded(request, settings.max_upload_bytes + _OVERHEAD_BYTES)
    form = await _parse(body, boundary.encode())
    if len(form.files) > MAX_FILES:
        raise Problem(400, f"Envie no máximo {MAX_FILES} arquivos por vez.", field="file")
    return form


async def read_form_in_part(request: Request, settings: Settings) -> tuple[Form, bool]:
    """As ``read_form``, but a body over the bound is cut, not refused; says whether it was.

    A page gives people back what they typed, so its forms carry the words before the files.
    Only parts that came whole are kept.

    Raises:
        Problem: 400 when it is no form.
    """
    boundary = _boundary(request).encode()
    max_bytes = settings.max_upload_bytes + _OVERHEAD_BYTES
    body = bytearray()
    total = 0
    stream = cast(Http, request.stream)
    while total <= max_bytes * _DRAIN_FACTOR and (chunk := await stream.read()):
        total += len(chunk)
        body += chunk[: max(0, max_bytes - len(body))]
    cut = total > max_bytes
    if cut:
        del body[max(0, body.rfind(b"\r\n--" + boundary)) :]
        body += b"\r\n--" + boundary + b"--\r\n"
    return await _parse(bytes(body), boundary), cut


def too_large(settings: Settings) -> TooLarge:
    """What a page says beside its form when a body had to be cut."""
    megabytes = max(1, settings.max_upload_bytes // (1024 * 1024))
    return TooLarge(
        "file",
        "O envio passa do limite de {megabytes} MB. Escolha menos arquivos.",
        megabytes=megabytes,
    )


def chosen_files(form: Form) -> list[tuple[str, bytes]]:
    """The files that somebody chose.

    A field without one comes as a file without a name.

    Raises:
        TooLarge: there are too many.
    """
    chosen = [(name, data) for name, data in form.files if name or data]
    if len(chosen) > MAX_FILES:
        raise TooLarge("file", "Envie no máximo {limit} arquivos por vez.", limit=MAX_FILES)
    return chosen


async def keep_files(settings: Settings, files: list[tuple[str, bytes]]) -> list[StoredFile]:
    """Stores the bytes, checked one by one.

    Raises:
        Invalid: a file is empty or over the limit.
    """
    return [
        await store_file(settings.media_dir, data, name, settings.max_upload_bytes)
        for name, data in files
    ]


async def _parse(body: bytes, boundary: bytes) -> Form:
    try:
        form, files = await asyncio.to_thread(parse_multipart_form, body, boundary)
    except (ValueError, IndexError, KeyError, AttributeError) as error:
        raise Problem(400, "O formulário enviado não pôde ser lido.", field="body") from error
    named = [(file.name or "", file.body) for each in files.values() for file in each]
    return Form({name: str(values[0]) for name, values in form.items()}, named)


def _boundary(request: Request) -> str:
    headers = Headers()
    headers["content-type"] = request.headers.get("content-type", "")
    boundary = headers.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise Problem(400, "Falta o delimitador (boundary) do formulário.", field="body")
    return boundary
