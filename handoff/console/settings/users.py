"""Pessoas: who signs in to the console, in which role, serving which queues."""

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.staff import change_team_member, deactivate_user
from desk.passwords import draw_password, hash_password
from desk.team.queues import list_queues
from desk.team.tables import Role, User
from desk.team.user_settings import (
    UserValues,
    add_user,
    list_everybody,
    queue_names_by_user,
    reset_password,
    switch_user_on,
    user_by_id,
    user_values,
)
from handoff.console.nav import ROLE_LABELS
from handoff.console.settings.forms import Form, act, actor_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import N_, _
from handoff.security import signed_in
from handoff.services import services_of

ABOUT_ROLES = {
    Role.AGENT: N_("Atende as conversas das suas filas."),
    Role.SUPERVISOR: N_("Vê todas as filas, distribui, muda prioridades e etiquetas."),
    Role.DESIGNER: N_("Ensina a assistente: revisão e qualidade; não vê conversas."),
    Role.ADMIN: N_("Tudo, inclusive estes ajustes."),
}
LIST = f"{ROOT}/users"

blueprint = Blueprint("settings_users", url_prefix="/users")


@blueprint.get("/")
@signed_in("supervisor", "admin")
async def show_users(request: Request) -> HTTPResponse:
    """Everybody, the active first."""
    async with services_of(request).database.reading() as session:
        users = await list_everybody(session)
        queues = await queue_names_by_user(session)
    people = [
        {
            "id": user.id,
            "name": user.name,
            "email": user.email,
            "role": _(ROLE_LABELS[user.role]),
            "queues": queues.get(user.id, []),
            "active": user.active,
            "must_change": user.must_change_password,
        }
        for user in users
    ]
    return show(request, "users.html", people=people)


@blueprint.get("/new")
@signed_in("admin")
async def show_new(request: Request) -> HTTPResponse:
    """The form of a new person."""
    return await _form(request, Form({"role": Role.AGENT, "capacity": 8}))


@blueprint.post("/new")
@signed_in("admin")
async def create(request: Request) -> HTTPResponse:
    """Adds a person; the provisional password is shown in the answer and nowhere again."""
    password = draw_password()
    password_hash = await hash_password(password)
    made: list[User] = []

    async def add(session: AsyncSession, values: UserValues) -> None:
        made.append(await add_user(session, values, password_hash, actor_of(request)))

    refusal = await save(
        request, UserValues, add, done=LIST, again=lambda form: _form(request, form)
    )
    if not made or refusal.status == 400:
        return refusal
    return show(request, "password.html", email=made[0].email, password=password)


@blueprint.get("/<user_id:int>")
@signed_in("admin")
async def show_user(request: Request, user_id: int) -> HTTPResponse:
    """One person."""
    async with services_of(request).database.reading() as session:
        user = await user_by_id(session, user_id)
        form = form_of(await user_values(session, user))
    return await _form(request, form, user_id)


@blueprint.post("/<user_id:int>")
@signed_in("admin")
async def change(request: Request, user_id: int) -> HTTPResponse:
    """Changes a person."""

    async def work(session: AsyncSession, values: UserValues) -> None:
        user = await user_by_id(session, user_id)
        await change_team_member(session, user, values, actor_of(request))

    return await save(
        request,
        UserValues,
        work,
        done=f"{LIST}?ok=saved",
        again=lambda form: _form(request, form, user_id),
    )


@blueprint.post("/<user_id:int>/password")
@signed_in("admin")
async def give_password(request: Request, user_id: int) -> HTTPResponse:
    """A provisional password, shown in the answer and nowhere again."""
    password = draw_password()
    password_hash = await hash_password(password)
    async with services_of(request).database.transaction() as session:
        user = await user_by_id(session, user_id)
        await reset_password(session, user, password_hash, actor_of(request))
    return show(request, "password.html", email=user.email, password=password)


@blueprint.post("/<user_id:int>/deactivate")
@signed_in("admin")
async def deactivate(request: Request, user_id: int) -> HTTPResponse:
    """Ends a person's access."""

    async def work(session: AsyncSession) -> None:
        await deactivate_user(session, await user_by_id(session, user_id), actor_of(request))

    return await act(
        request, work, done=f"{LIST}?ok=off", again=lambda form: _refused(request, form, user_id)
    )


@blueprint.post("/<user_id:int>/reactivate")
@signed_in("admin")
async def reactivate(request: Request, user_id: int) -> HTTPResponse:
    """A person may sign in again."""

    async def work(session: AsyncSession) -> None:
        await switch_user_on(session, await user_by_id(session, user_id), actor_of(request))

    return await act(
        request, work, done=f"{LIST}?ok=on", again=lambda form: _refused(request, form, user_id)
    )


async def _refused(request: Request, form: Form, user_id: int) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        stored = form_of(await user_values(session, await user_by_id(session, user_id)))
    return await _form(request, Form(stored.values, form.errors), user_id)


async def _form(request: Request, form: Form, user_id: int | None = None) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        person: Any = await user_by_id(session, user_id) if user_id is not None else None
        queues = [(each.slug, each.name) for each in await list_queues(session)]
    roles = [(role.value, _(ROLE_LABELS[role]), _(ABOUT_ROLES[role])) for role in Role]
    path = f"{LIST}/{user_id}" if user_id is not None else f"{LIST}/new"
    return show(
        request,
        "user.html",
        status=form.status,
        form=form,
        person=person,
        roles=roles,
        queues=queues,
        path=path,
    )
