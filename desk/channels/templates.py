"""Messages that a provider approved beforehand, for chats in which free words may not go.

Source: WhatsApp Cloud API, ``message_templates``: a header, a body and a footer with variables
``{{1}}`` or ``{{name}}``; header and body count theirs apart.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel, MessageTemplate
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid, NotFound
from desk.text import clean_text

APPROVED = "APPROVED"
DEFAULT_LANGUAGE = "pt_BR"
MAX_VALUE_CHARS = 1000
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_HEADER = "header."
# Buttons that say nothing of their own; a code to copy or a flow needs more than words.
_PLAIN_BUTTONS = frozenset({"QUICK_REPLY", "PHONE_NUMBER", "URL"})


@dataclass(frozen=True)
class TemplateMessage:
    """A template with its variables filled: what people read, and what its provider gets."""

    words: str
    content: Mapping[str, Any]


def variables_of(template: MessageTemplate) -> list[str]:
    """Its variables, each once, in order; those of the header begin with ``header.``."""
    header = [f"{_HEADER}{name}" for name in _VARIABLE.findall(_text_of(template, "HEADER"))]
    return list(dict.fromkeys([*header, *_VARIABLE.findall(_text_of(template, "BODY"))]))


def words_of(template: MessageTemplate, values: Mapping[str, str] | None = None) -> str:
    """What people read; variables without a value stand as they are."""
    known = {key: one_line(value) for key, value in (values or {}).items()}
    parts = [
        _filled(_text_of(template, "HEADER"), known, _HEADER),
        _filled(_text_of(template, "BODY"), known),
        _text_of(template, "FOOTER"),
    ]
    return "\n\n".join(filter(None, parts))


def parts_of(template: MessageTemplate) -> list[tuple[str, str]]:
    """Its words in pieces: text and no variable, or a variable's text and its name."""
    pieces: list[tuple[str, str]] = []
    for kind, prefix in (("HEADER", _HEADER), ("BODY", ""), ("FOOTER", None)):
        text, end = _text_of(template, kind), 0
        if not text:
            continue
        if pieces:
            pieces.append(("\n\n", ""))
        for found in _VARIABLE.finditer(text) if prefix is not None else ():
            pieces += [(text[end : found.start()], ""), (found[0], f"{prefix}{found[1]}")]
            end = found.end()
        pieces.append((text[end:], ""))
    return [piece for piece in pieces if piece[0]]


def fill_template(template: MessageTemplate, values: Mapping[str, str]) -> TemplateMessage:
    """The message that goes out.

    Raises:
        Invalid: a variable has no value.
    """
    known = {key: one_line(value)[:MAX_VALUE_CHARS] for key, value in values.items()}
    for name in variables_of(template):
        if not known.get(name):
            raise Invalid("values", "Preencha {variable} do modelo.", variable=_shown(name))
    components = [
        {"type": kind.lower(), "parameters": parameters}
        for kind, prefix in (("HEADER", _HEADER), ("BODY", ""))
        if (parameters := _parameters(_text_of(template, kind), known, prefix))
    ]
    content: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
    if components:
        content["components"] = components
    return TemplateMessage(words_of(template, known), content)


def is_sendable(template: MessageTemplate) -> bool:
    """Whether it is approved, and words are all that it needs."""
    if template.status != APPROVED:
        return False
    return all(_is_plain(component) for component in template.components)


async def templates_of(session: AsyncSession, channel_id: int) -> Sequence[MessageTemplate]:
    """All that the provider listed for a channel, by name."""
    query = (
        select(MessageTemplate)
        .where(MessageTemplate.channel_id == channel_id)
        .order_by(MessageTemplate.name, MessageTemplate.language)
    )
    return (await session.execute(query)).scalars().all()


async def sendable_templates(
    session: AsyncSession, channel_ids: Collection[int] = ()
) -> list[MessageTemplate]:
    """Those that may be sent, by name; of all channels when none is given."""
    query = (
        select(MessageTemplate)
        .join(Channel, Channel.id == MessageTemplate.channel_id)
        .where(MessageTemplate.status == APPROVED, Channel.enabled)
        .order_by(MessageTemplate.name, MessageTemplate.language, MessageTemplate.channel_id)
    )
    if channel_ids:
        query = query.where(MessageTemplate.channel_id.in_(channel_ids))
    return [each for each in (await session.execute(query)).scalars() if is_sendable(each)]


async def template_by_id(
    session: AsyncSession, channel_id: int, template_id: int
) -> MessageTemplate:
    """A template of a channel that may be sent.

    Raises:
        NotFound: there is none.
    """
    found = await session.get(MessageTemplate, max(0, min(template_id, MAX_SMALL_KEY)))
    if found is None or found.channel_id != channel_id or not is_sendable(found):
        raise NotFound("Este modelo não existe, ou não está aprovado.")
    return found


async def named_templates(
    session: AsyncSession, name: str, language: str
) -> dict[int, MessageTemplate]:
    """The templates of a name and language that may be sent, by channel."""
    query = select(MessageTemplate).where(
        MessageTemplate.name == name, MessageTemplate.language == (language or DEFAULT_LANGUAGE)
    )
    found = (await session.execute(query)).scalars()
    return {each.channel_id: each for each in found if is_sendable(each)}


async def keep_templates(
    session: AsyncSession, channel: Channel, listed: Sequence[Mapping[str, Any]]
) -> int:
    """Takes the provider's list in the place of the one before; gives how many are approved."""
    now, fresh = datetime.now(UTC), {}
    for each in listed:
        name, language = str(each.get("name") or ""), str(each.get("language") or "")
        if name and language:
            fresh[name[:512], language[:20]] = each
    known = {(each.name, each.language): each for each in await templates_of(session, channel.id)}
    gone = [row.id for key, row in known.items() if key not in fresh]
    await session.execute(
        delete(MessageTemplate)
        .where(MessageTemplate.id.in_(gone))
        .execution_options(synchronize_session=False)
    )
    for key, each in fresh.items():
        row = known.get(key)
        if row is None:
            row = MessageTemplate(channel_id=channel.id, name=key[0], language=key[1])
            session.add(row)
        row.status, row.category = str(each.get("status"))[:30], str(each.get("category"))[:30]
        row.components = [part for part in each.get("components") or [] if isinstance(part, dict)]
        row.read_at = now
    await session.flush()
    return sum(str(each.get("status")) == APPROVED for each in fresh.values())


def one_line(value: str) -> str:
    """A variable's value as providers take it: no line breaks, no runs of blanks."""
    return " ".join(clean_text(value).split())


def _is_plain(component: Mapping[str, Any]) -> bool:
    kind = str(component.get("type")).upper()
    if kind == "HEADER":
        return str(component.get("format", "TEXT")).upper() == "TEXT"
    if kind == "BUTTONS":
        return all(
            str(button.get("type")).upper() in _PLAIN_BUTTONS and "{{" not in str(button.get("url"))
            for button in component.get("buttons") or []
        )
    return kind in ("BODY", "FOOTER")


def _text_of(template: MessageTemplate, kind: str) -> str:
    for component in template.components:
        if str(component.get("type")).upper() == kind:
            return str(component.get("text") or "")
    return ""


def _filled(text: str, values: Mapping[str, str], prefix: str = "") -> str:
    # In one go: what a value itself says in braces is no variable.
    return _VARIABLE.sub(lambda found: values.get(prefix + found[1]) or found[0], text)


def _parameters(text: str, values: Mapping[str, str], prefix: str) -> list[dict[str, str]]:
    names = list(dict.fromkeys(_VARIABLE.findall(text)))
    if all(name.isdigit() for name in names):
        names.sort(key=int)
        return [{"type": "text", "text": values[prefix + name]} for name in names]
    return [
        {"type": "text", "parameter_name": name, "text": values[prefix + name]} for name in names
    ]


def _shown(name: str) -> str:
    return "{{" + name.removeprefix(_HEADER) + "}}"
