"""Small forms of the settings: plain POST and redirect, errors beside their fields."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from sanic import HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Conflict, Invalid
from desk.events.log import Actor, by_agent
from desk.team.tables import Role
from handoff.console.settings.sections import ROOT, menu_for
from handoff.i18n import N_, _
from handoff.pages import render
from handoff.problems import TAKEN, in_words, is_taken, words_of
from handoff.security import current_user
from handoff.services import services_of

MAX_FIELD_CHARS = 20_000
Shape = TypeVar("Shape", bound=BaseModel)
NOTICES = {
    "saved": N_("Salvo."),
    "created": N_("Criado."),
    "deleted": N_("Excluído."),
    "moved": N_("Ordem salva."),
    "off": N_("Desativado."),
    "on": N_("Reativado."),
    "connected": N_("Conectado."),
    "sent": N_("A caminho."),
    "taken": N_("Criado. A frase era exemplo de outra fila e agora é só desta."),
}


@dataclass(frozen=True)
class Form:
    """What stands in a form: values as stored or as typed, and what is wrong with them."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)

    @property
    def status(self) -> int:
        """200, or 400 when it was refused."""
        return 400 if self.errors else 200

    def has(self, name: str, value: object) -> bool:
        """Whether a value is chosen in a field of several."""
        return str(value) in {str(each) for each in self.values.get(name) or ()}


def form_of(shape: BaseModel) -> Form:
    """A form with what is stored."""
    return Form(shape.model_dump(mode="json"))


def refused(values: Mapping[str, Any], refusal: Invalid | Conflict) -> Form:
    """A form as it was sent, with what the desk refused."""
    name = refusal.field if isinstance(refusal, Invalid) else "form"
    return Form(values, {name: in_words(refusal)})


async def save(
    request: Request,
    shape: type[Shape],
    work: Callable[[AsyncSession, Shape], Awaitable[object]],
    *,
    done: str | Callable[[], str],
    again: Callable[[Form], Awaitable[HTTPResponse]],
    given: Mapping[str, Any] | None = None,
) -> HTTPResponse:
    """Checks what was sent, does the work in one transaction and leads on; else shows the form.

    Args:
        request: with the form.
        shape: what the form must give.
        work: gets the transaction's session and the checked values.
        done: where to go afterwards; asked for once the work is done.
        again: shows the form with its errors; nothing that was typed is lost.
        given: values that do not come from fields of the same name.
    """
    typed = typed_values(request, shape) | dict(given or {})
    try:
        values = shape.model_validate(typed)
    except ValidationError as error:
        return await again(Form(typed, errors_of(error)))
    try:
        async with services_of(request).database.transaction() as session:
            await work(session, values)
    except (Invalid, Conflict) as refusal:
        return await again(refused(typed, refusal))
    except IntegrityError as error:
        if not is_taken(error):
            raise
        return await again(Form(typed, {"form": _(TAKEN)}))
    services_of(request).pulse.beat("events")
    return redirect(done if isinstance(done, str) else done(), status=303)


async def act(
    request: Request,
    work: Callable[[AsyncSession], Awaitable[object]],
    *,
    done: str,
    again: Callable[[Form], Awaitable[HTTPResponse]],
) -> HTTPResponse:
    """Does what a button without fields asks for, and leads on; a refusal is said in words."""
    try:
        async with services_of(request).database.transaction() as session:
            await work(session)
    except (Invalid, Conflict) as refusal:
        return await again(Form({}, {"form": in_words(refusal)}))
    services_of(request).pulse.beat()
    return redirect(done, status=303)


def typed_values(request: Request, shape: type[BaseModel]) -> dict[str, Any]:
    """What a form sent, by the kinds of the shape's fields."""
    sent: dict[str, list[str]] = dict(request.form or {})
    values: dict[str, Any] = {}
    for name, info in shape.model_fields.items():
        kind = info.annotation
        if kind is bool:
            values[name] = name in sent
        elif get_origin(kind) is list:
            values[name] = [str(each) for each in sent.get(name, [])]
        else:
            text = str(sent.get(name, [""])[0])[:MAX_FIELD_CHARS]
            empty_is_none = type(None) in get_args(kind)
            values[name] = None if not text.strip() and empty_is_none else text
    return values


def field_of(request: Request, name: str, max_chars: int = 1000) -> str:
    """One field of a small form."""
    return str(request.form.get(name) or "")[:max_chars] if request.form else ""


def errors_of(error: ValidationError) -> dict[str, str]:
    """The first error of each field, in words."""
    errors: dict[str, str] = {}
    for each in error.errors():
        name = str(each["loc"][0]) if each["loc"] else "form"
        errors.setdefault(name, _(words_of(each)))
    return errors


def show(request: Request, template: str, *, status: int = 200, **context: Any) -> HTTPResponse:
    """A page of the settings with its menu, and the notice of what was just done."""
    user = current_user(request)
    notice = NOTICES.get(request.args.get("ok", ""), "") if status < 400 else ""
    return render(
        request,
        f"console/settings/{template}",
        status=status,
        menu=menu_for(user, request.path),
        root=ROOT,
        notice=_(notice) if notice else "",
        can_change=user.role is Role.ADMIN,
        **context,
    )


def actor_of(request: Request) -> Actor:
    """Who is changing something."""
    return by_agent(current_user(request).id)
