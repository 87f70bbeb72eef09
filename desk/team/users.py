"""Create users, sign them in and out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Invalid
from desk.passwords import draw_token, hash_token
from desk.team.presence import leave
from desk.team.tables import Queue, QueueMember, Role, User, UserLogin

MIN_PASSWORD_LENGTH = 8
# Spends the same time on an unknown address as on a known one.
UNKNOWN_USER_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$PHpHUDy5FAQvduslO6hbuQ$"
    "y9bm51KLzO6y5Y68r0wGPqLRqNAnx4e7bjEI38GWjIU"
)


async def create_user(
    session: AsyncSession,
    *,
    email: str,
    name: str,
    role: Role,
    password_hash: str,
    queues: Sequence[str] = (),
) -> User:
    """Adds a user who serves the queues with these slugs.

    Raises:
        Invalid: the address is taken, or a queue does not exist.
    """
    address = email.strip().lower()
    if (await session.execute(select(User.id).where(User.email == address))).first():
        raise Invalid("email", "Já existe uma pessoa com este e-mail.")
    user = User(
        email=address,
        name=name.strip(),
        role=role,
        password_hash=password_hash,
        created_at=datetime.now(UTC),
    )
    session.add(user)
    await session.flush()
    for slug in queues:
        queue = (
            await session.execute(select(Queue).where(Queue.slug == slug))
        ).scalar_one_or_none()
        if queue is None:
            raise Invalid("queues", "Não existe a fila {slug}.", slug=repr(slug))
        session.add(QueueMember(queue_id=queue.id, user_id=user.id))
    await session.flush()
    return user


async def find_user(session: AsyncSession, email: str) -> User | None:
    """An active user by address."""
    query = select(User).where(User.email == email.strip().lower(), User.active)
    return (await session.execute(query)).scalar_one_or_none()


async def open_login(session: AsyncSession, user_id: int, days: int) -> str:
    """Starts a login; returns the token, which is stored hashed only."""
    token = draw_token()
    now = datetime.now(UTC)
    session.add(
        UserLogin(
            token_hash=hash_token(token),
            user_id=user_id,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    await session.flush()
    return token


async def user_of_login(session: AsyncSession, token: str) -> User | None:
    """Who is signed in with this token; None when unknown, expired or no longer active."""
    query = (
        select(User)
        .join(UserLogin, UserLogin.user_id == User.id)
        .where(
            UserLogin.token_hash == hash_token(token),
            UserLogin.expires_at > datetime.now(UTC),
            User.active,
        )
    )
    return (await session.execute(query)).scalar_one_or_none()


async def close_login(session: AsyncSession, token: str) -> None:
    """Signs out; whoever is signed in nowhere else is offline at once."""
    ended = await session.execute(
        delete(UserLogin)
        .where(UserLogin.token_hash == hash_token(token))
        .returning(UserLogin.user_id)
    )
    user_id = ended.scalar_one_or_none()
    if user_id is None:
        return
    others = select(UserLogin.user_id).where(
        UserLogin.user_id == user_id, UserLogin.expires_at > datetime.now(UTC)
    )
    if (await session.execute(others.limit(1))).first() is None:
        await leave(session, user_id)


async def list_users(session: AsyncSession) -> Sequence[User]:
    """Active users by name."""
    return (
        (await session.execute(select(User).where(User.active).order_by(User.name))).scalars().all()
    )
