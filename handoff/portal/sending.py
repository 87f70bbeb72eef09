"""What a form with words and files brought; nothing of it is lost when it must be shown again.

Browsers forget the files of a form that comes back. So files that arrived whole are kept, and
the form carries their numbers, signed for this contact.
"""

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sanic import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Invalid
from desk.media.store import StoredFile, add_media
from desk.media.tables import Media
from desk.text import clean_text
from desk.tickets.portal import files_of_ticket
from handoff.portal.access import who
from handoff.portal.wording import size_name
from handoff.security import check_csrf
from handoff.services import Services, services_of
from handoff.uploads import MAX_FILES, keep_files, read_form_in_part

MAX_KEY_CHARS = 64
_KEPT_PREFIX = "kept-"
_MAX_KEPT = 50


@dataclass(frozen=True)
class Sent:
    """A form as it arrived: words cleaned, good files stored, what is wrong with the others."""

    fields: dict[str, str]
    key: str
    files: list[StoredFile]
    kept_ids: list[int]
    problems: list[str]

    def words(self, name: str) -> str:
        """A field; empty when it is missing."""
        return self.fields.get(name, "")

    @property
    def has_files(self) -> bool:
        """Whether anything would be attached."""
        return bool(self.files or self.kept_ids)


@dataclass(frozen=True)
class KeptFile:
    """A file that the form need not bring again."""

    field: str
    token: str
    name: str
    size: str


def new_key() -> str:
    """Names one sending of a form, however often it arrives."""
    return uuid.uuid4().hex


async def read_sent(request: Request) -> Sent:
    """Reads a multipart form of a signed-in contact.

    Raises:
        Problem: 400 it is no form, 403 it is not from a page of this session.
    """
    services = services_of(request)
    form, cut = await read_form_in_part(request, services.settings)
    check_csrf(request, form.fields.get("csrf", ""))
    fields = {name: clean_text(value) for name, value in form.fields.items()}
    # A field without a chosen file comes as a file without a name.
    chosen = [(name, data) for name, data in form.files if name or data]
    files, problems = await _store(services, chosen[:MAX_FILES])
    if len(chosen) > MAX_FILES:
        problems.append(f"Envie no máximo {MAX_FILES} arquivos por vez; os demais não vieram.")
    if cut:
        megabytes = services.settings.max_upload_bytes // (1024 * 1024)
        problems.append(
            f"Os arquivos passam do limite de {megabytes} MB por envio e não vieram todos. "
            "Envie um arquivo menor, ou os outros depois, em outra mensagem."
        )
    key = fields.get("key", "")
    key = key if 0 < len(key) <= MAX_KEY_CHARS else new_key()
    return Sent(fields, key, files, _kept_ids(services, who(request).contact.id, fields), problems)


async def media_of(session: AsyncSession, sent: Sent) -> list[Media]:
    """The files that came earlier and now, known to the database."""
    query = select(Media).where(Media.id.in_(sent.kept_ids)).order_by(Media.id)
    earlier = (await session.execute(query)).scalars().all()
    return [*earlier, *[await add_media(session, stored) for stored in sent.files]]


async def brings_what_is_there(
    session: AsyncSession, sent: Sent, ticket_id: int, action_id: int | None
) -> bool:
    """Whether the form's files are those that the ticket, or this action of it, has already."""
    query = select(Media.sha256).where(Media.id.in_(sent.kept_ids))
    brought = [*(await session.execute(query)).scalars(), *(each.sha256 for each in sent.files)]
    there = await files_of_ticket(session, ticket_id)
    return sorted(brought) == sorted(each.sha256 for each in there if each.action_id == action_id)


def kept_files(request: Request, media: Sequence[Media]) -> list[KeptFile]:
    """Files as the form carries them on."""
    services, contact_id = services_of(request), who(request).contact.id
    return [
        KeptFile(
            field=f"{_KEPT_PREFIX}{each.id}",
            token=_sign(services, contact_id, each.id),
            name=each.name,
            size=size_name(each.size_bytes),
        )
        for each in media
    ]


async def _store(
    services: Services, chosen: Sequence[tuple[str, bytes]]
) -> tuple[list[StoredFile], list[str]]:
    files: list[StoredFile] = []
    problems: list[str] = []
    for each in chosen:
        try:
            files += await keep_files(services.settings, [each])
        except Invalid as refusal:
            problems.append(refusal.message)
    return files, problems


def _kept_ids(services: Services, contact_id: int, fields: dict[str, str]) -> list[int]:
    ids = []
    for name, token in fields.items():
        number = name.removeprefix(_KEPT_PREFIX)
        if number == name or not (number.isascii() and number.isdigit() and len(number) < 18):
            continue
        expected = _sign(services, contact_id, int(number))
        if hmac.compare_digest(expected.encode(), token.encode()):
            ids.append(int(number))
    return ids[:_MAX_KEPT]


def _sign(services: Services, contact_id: int, media_id: int) -> str:
    key = services.settings.secret_key.get_secret_value().encode()
    value = f"portal-file:{contact_id}.{media_id}".encode()
    return hmac.new(key, value, hashlib.sha256).hexdigest()
