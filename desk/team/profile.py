"""What everybody sets for themselves."""

from typing import Literal

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Invalid
from desk.events.changes import apply_changes, record_changes
from desk.events.log import by_agent, record_event
from desk.passwords import hash_token
from desk.shapes import Line, Values
from desk.team.tables import User
from desk.team.user_settings import end_logins
from desk.team.users import MIN_PASSWORD_LENGTH

MAX_PASSWORD_LENGTH = 1024


class ProfileValues(Values):
    """One's own name and language."""

    name: Line = Field(min_length=1, max_length=120)
    locale: Literal["pt_BR", "en"] = "pt_BR"


async def change_profile(session: AsyncSession, user_id: int, values: ProfileValues) -> User:
    """Changes one's own name and language."""
    user = await session.get_one(User, user_id)
    changes = apply_changes(user, values.model_dump())
    await session.flush()
    await record_changes(
        session, "user.changed", by_agent(user_id), user_id, changes, personal=("name",)
    )
    return user


async def set_own_password(
    session: AsyncSession, user_id: int, password_hash: str, login_token: str
) -> None:
    """Sets an own password; every other login of the person ends."""
    user = await session.get_one(User, user_id)
    user.password_hash, user.must_change_password = password_hash, False
    await end_logins(session, user_id, but_hash=hash_token(login_token))
    await session.flush()
    await record_event(session, "user.password_changed", by_agent(user_id), id=user_id)


def check_new_password(new: str, again: str, email: str) -> None:
    """Whether a password may be taken.

    Raises:
        Invalid: too short, too long, the address itself, or typed in two ways.
    """
    if len(new) < MIN_PASSWORD_LENGTH:
        raise Invalid("password", "Use pelo menos {least} caracteres.", least=MIN_PASSWORD_LENGTH)
    if len(new) > MAX_PASSWORD_LENGTH:
        raise Invalid("password", "Use no máximo {limit} caracteres.", limit=MAX_PASSWORD_LENGTH)
    if new.lower() in {email, email.partition("@")[0]} or len(set(new)) < 4:
        raise Invalid("password", "Esta senha é fácil de adivinhar. Escolha outra.")
    if new != again:
        raise Invalid("again", "As duas senhas não são iguais.")
