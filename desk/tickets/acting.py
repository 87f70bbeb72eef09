"""What a person of the team posts on a ticket, with files; the customer is told of it."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Invalid
from desk.media.store import StoredFile, add_media
from desk.team.tables import User
from desk.text import clean_text
from desk.tickets.portal import action_of_request
from desk.tickets.posting import post_ticket_action
from desk.tickets.tables import TicketAction

MAX_TEXT_CHARS = 8000


async def act_on_ticket(
    session: AsyncSession,
    ticket_id: int,
    user: User,
    *,
    text: str,
    files: Sequence[StoredFile] = (),
    request_key: str | None = None,
) -> TicketAction:
    """Posts an action as this person; the same ``request_key`` posts it once.

    Raises:
        Invalid: there is neither text nor file, or the text is too long.
    """
    cleaned = clean_text(text)
    if not cleaned and not files:
        raise Invalid("text", "Escreva a ação ou anexe um arquivo.")
    if len(cleaned) > MAX_TEXT_CHARS:
        raise Invalid("text", "O texto passa de {limit} caracteres.", limit=MAX_TEXT_CHARS)
    if request_key:
        known = await action_of_request(session, ticket_id, request_key)
        if known is not None:
            return known
    media = [await add_media(session, file) for file in files]
    return await post_ticket_action(
        session,
        ticket_id,
        author_kind="agent",
        text=cleaned,
        media_ids=[each.id for each in media],
        author_user_id=user.id,
        request_key=request_key or None,
    )
