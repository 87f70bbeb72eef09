"""People of the team as an admin sets them up."""

from collections.abc import Sequence

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from desk.db import MAX_SMALL_KEY
from desk.errors import Conflict, Invalid, NotFound
from desk.events.changes import Changes, apply_changes, record_changes
from desk.events.log import Actor, record_event
from desk.shapes import Email, Line, Values
from desk.team.tables import Queue, QueueMember, Role, User, UserLogin
from desk.team.users import create_user

MAX_CAPACITY = 200
_PERSONAL = ("email", "name")


class UserValues(Values):
    """A person as somebody fills it in. ``queues``: the slugs of those that they serve."""

    email: Email = Field(max_length=254)
    name: Line = Field(min_length=1, max_length=120)
    role: Role = Role.AGENT
    queues: list[str] = Field(default=[], max_length=200)
    capacity: int = Field(default=8, ge=0, le=MAX_CAPACITY)


async def user_values(session: AsyncSession, user: User) -> UserValues:
    """A person as they stand."""
    slugs = await queue_slugs_of(session, user.id)
    return UserValues.model_construct(
        email=user.email, name=user.name, role=user.role, queues=slugs, capacity=user.capacity
    )


async def queue_slugs_of(session: AsyncSession, user_id: int) -> list[str]:
    """The queues that a person serves, in menu order."""
    query = (
        select(Queue.slug)
        .join(QueueMember, QueueMember.queue_id == Queue.id)
        .where(QueueMember.user_id == user_id)
        .order_by(Queue.position, Queue.id)
    )
    return list((await session.execute(query)).scalars())


async def list_everybody(session: AsyncSession) -> Sequence[User]:
    """Everybody by name, the active first."""
    query = select(User).order_by(User.active.desc(), User.name, User.id)
    return (await session.execute(query)).scalars().all()


async def user_by_id(session: AsyncSession, user_id: int) -> User:
    """One person.

    Raises:
        NotFound: there is none.
    """
    user = await session.get(User, max(0, min(user_id, MAX_SMALL_KEY)))
    if user is None:
        raise NotFound("Pessoa não encontrada.")
    return user


async def add_user(
    session: AsyncSession, values: UserValues, password_hash: str, actor: Actor
) -> User:
    """Adds a person, who must choose an own password at the first login.

    Raises:
        Invalid: the address is taken, or a queue does not exist.
    """
    user = await create_user(
        session,
        email=values.email,
        name=values.name,
        role=values.role,
        password_hash=password_hash,
        queues=values.queues,
    )
    user.capacity, user.must_change_password = values.capacity, True
    await session.flush()
    after = {"role": values.role.value, "queues": values.queues, "capacity": values.capacity}
    await record_event(session, "user.created", actor, id=user.id, after=after)
    return user


async def change_user(
    session: AsyncSession, user: User, values: UserValues, actor: Actor
) -> Changes:
    """Changes a person.

    Raises:
        Invalid: the address is taken, a queue does not exist, an own role would change, or no
            admin would be left.
    """
    taken = select(User.id).where(User.email == values.email, User.id != user.id)
    if (await session.execute(taken)).first() is not None:
        raise Invalid("email", "Já existe uma pessoa com este e-mail.")
    if values.role is not user.role:
        if actor.id == user.id:
            raise Invalid(
                "role", "O seu próprio papel só pode ser mudado por outra pessoa administradora."
            )
        await _keep_an_admin(session, user, "role")
    before = await queue_slugs_of(session, user.id)
    changes = apply_changes(user, values.model_dump(exclude={"queues"}))
    await set_queues(session, user, values.queues)
    changes.note("queues", before, await queue_slugs_of(session, user.id))
    await session.flush()
    await record_changes(session, "user.changed", actor, user.id, changes, personal=_PERSONAL)
    return changes


async def set_queues(session: AsyncSession, user: User, slugs: Sequence[str]) -> None:
    """A person serves these queues and no others.

    Raises:
        Invalid: there is no such queue.
    """
    query = select(Queue.slug, Queue.id).where(Queue.slug.in_(slugs))
    found = dict((await session.execute(query)).all())
    if missing := [slug for slug in slugs if slug not in found]:
        raise Invalid("queues", "Não existe a fila {value}.", value=repr(missing[0]))
    wanted = set(found.values())
    mine = select(QueueMember.queue_id).where(QueueMember.user_id == user.id)
    had = set((await session.execute(mine)).scalars())
    await session.execute(
        delete(QueueMember).where(
            QueueMember.user_id == user.id, QueueMember.queue_id.in_(had - wanted)
        )
    )
    session.add_all(QueueMember(queue_id=each, user_id=user.id) for each in wanted - had)
    await session.flush()


async def switch_user_off(session: AsyncSession, user: User, actor: Actor) -> None:
    """Ends a person's access; see ``desk.conversations.staff`` for their conversations.

    Raises:
        Conflict: it is oneself.
        Invalid: no admin would be left.
    """
    if actor.id == user.id:
        raise Conflict("Ninguém desativa o próprio acesso. Peça a outra pessoa administradora.")
    await _keep_an_admin(session, user, "active")
    user.active = False
    await end_logins(session, user.id)
    await session.flush()
    await record_event(session, "user.deactivated", actor, id=user.id)


async def switch_user_on(session: AsyncSession, user: User, actor: Actor) -> None:
    """A person may sign in again, with the password they had."""
    if user.active:
        return
    user.active = True
    await session.flush()
    await record_event(session, "user.reactivated", actor, id=user.id)


async def reset_password(
    session: AsyncSession, user: User, password_hash: str, actor: Actor
) -> None:
    """Gives a person a provisional password and ends their logins."""
    user.password_hash, user.must_change_password = password_hash, True
    await end_logins(session, user.id)
    await session.flush()
    await record_event(session, "user.password_reset", actor, id=user.id)


async def end_logins(session: AsyncSession, user_id: int, but_hash: str = "") -> None:
    """Signs a person out everywhere, or everywhere but where they are."""
    await session.execute(
        delete(UserLogin).where(UserLogin.user_id == user_id, UserLogin.token_hash != but_hash)
    )


async def _keep_an_admin(session: AsyncSession, user: User, field: str) -> None:
    if user.role is not Role.ADMIN or not user.active:
        return
    # Locked, so that two admins who demote each other at once do not both succeed.
    query = select(User.id).where(User.role == Role.ADMIN, User.active).order_by(User.id)
    admins = set((await session.execute(query.with_for_update())).scalars())
    if admins <= {user.id}:
        raise Invalid(field, "É a última pessoa administradora ativa. Dê este papel a outra antes.")


async def queue_names_by_user(session: AsyncSession) -> dict[int, list[str]]:
    """The names of the queues that each person serves, in menu order."""
    return await _by_user(session, Queue.name)


async def queue_slugs_by_user(session: AsyncSession) -> dict[int, list[str]]:
    """The slugs of the queues that each person serves, in menu order."""
    return await _by_user(session, Queue.slug)


async def _by_user(
    session: AsyncSession, column: InstrumentedAttribute[str]
) -> dict[int, list[str]]:
    query = (
        select(QueueMember.user_id, column)
        .join(Queue, Queue.id == QueueMember.queue_id)
        .order_by(Queue.position, Queue.id)
    )
    found: dict[int, list[str]] = {}
    for user_id, value in (await session.execute(query)).all():
        found.setdefault(user_id, []).append(value)
    return found
