"""Errors as people and programs read them: one shape, in pt-BR, never a traceback.

JSON faces answer ``{"error": {"code", "message", "field"?}}``; pages show the same words.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel, ValidationError
from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import SanicException
from sanic.response import json
from sqlalchemy.exc import DBAPIError, IntegrityError

from desk.errors import Conflict, DeskError, Invalid, NotAllowed, NotFound, TooLarge
from handoff.i18n import N_, _

Body = TypeVar("Body", bound=BaseModel)
ErrorPage = Callable[[Request, int, str], HTTPResponse]

logger = structlog.get_logger(__name__)

STATUS_OF = {NotFound: 404, Conflict: 409, NotAllowed: 403, Invalid: 400, TooLarge: 413}
_MESSAGES = {
    400: N_("O pedido não está bem formado."),
    401: N_("Entre novamente para continuar."),
    403: N_("Você não tem permissão para isso."),
    404: N_("Não encontramos o que você procura."),
    405: N_("Este endereço não aceita esse tipo de pedido."),
    413: N_("O conteúdo enviado é grande demais."),
    415: N_("Este tipo de conteúdo não é aceito aqui."),
    429: N_("Muitas tentativas. Aguarde um pouco e tente de novo."),
    503: N_("O serviço está iniciando ou em manutenção. Tente de novo em instantes."),
}
_PYDANTIC_WORDS = {
    "missing": N_("Este campo é obrigatório."),
    "extra_forbidden": N_("Este campo não existe."),
    "string_too_long": N_("O texto é longo demais."),
    "uuid_parsing": N_("O valor deve ser um UUID."),
    "string_unicode": N_("O texto tem caracteres que não existem."),
    "string_pattern_mismatch": N_("O formato não é o esperado."),
    "string_type": N_("O valor deve ser um texto."),
    "int_type": N_("O valor deve ser um número inteiro."),
    "int_parsing": N_("O valor deve ser um número inteiro."),
    "enum": N_("O valor não é um dos aceitos."),
    "literal_error": N_("O valor não é um dos aceitos."),
    "string_too_short": N_("Este campo é obrigatório."),
    "bool_type": N_("O valor deve ser verdadeiro ou falso."),
    "bool_parsing": N_("O valor deve ser verdadeiro ou falso."),
    "list_type": N_("O valor deve ser uma lista."),
    "dict_type": N_("O valor deve ser um objeto."),
    "too_long": N_("São itens demais."),
    "datetime_from_date_parsing": N_("A data ou a hora não é válida."),
    "date_from_datetime_parsing": N_("A data ou a hora não é válida."),
    "date_parsing": N_("A data ou a hora não é válida."),
    "date_type": N_("A data ou a hora não é válida."),
    "datetime_parsing": N_("A data ou a hora não é válida."),
    "timezone_aware": N_("A data precisa do fuso horário, como -03:00."),
}
_BOUNDS = {
    "max_length": N_("O texto é longo demais: o limite é {}."),
    "ge": N_("O menor valor é {}."),
    "le": N_("O maior valor é {}."),
    "gt": N_("O valor precisa ser maior que {}."),
    "lt": N_("O valor precisa ser menor que {}."),
}


TAKEN = N_("Outra pessoa acabou de salvar o mesmo. Recarregue e confira.")


class Problem(SanicException):
    """An error with its HTTP status, and the field it is about."""

    def __init__(
        self, status: int, message: str = "", *, code: str = "", field: str | None = None
    ) -> None:
        super().__init__(message or _words_of(status), status_code=status)
        self.code = code or _code(status)
        self.field = field


class TooMany(Problem):
    """Somebody asks too often."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(429)
        self.headers = {"Retry-After": str(retry_after_seconds)}


def read_body(request: Request, shape: type[Body]) -> Body:
    """The JSON body in its shape.

    Raises:
        Problem: 400 with the first field that is wrong.
    """
    try:
        content = request.json if request.body else {}
    except (SanicException, RecursionError) as error:
        raise Problem(400, "O corpo não é um JSON válido.", field="body") from error
    if not isinstance(content, dict):
        raise Problem(400, "O corpo deve ser um objeto JSON.", field="body")
    return check_shape(content, shape)


def read_number(request: Request, name: str, default: int) -> int:
    """A whole number of the query, at most nine digits.

    Raises:
        Problem: 400, it is none.
    """
    value = str(request.args.get(name, default))
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise Problem(400, "O valor deve ser um número inteiro.", field=name)
    return int(value)


def check_shape(content: dict[str, Any], shape: type[Body]) -> Body:
    """A mapping in its shape.

    Raises:
        Problem: 400 with the first field that is wrong.
    """
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise Problem(400, words_of(first), field=field) from error


def words_of(error: Mapping[str, Any]) -> str:
    """What pydantic finds wrong, in words."""
    context = error.get("ctx") or {}
    for bound, words in _BOUNDS.items():
        if bound in context and error["type"] != "too_long":
            return words.format(context[bound])
    return _PYDANTIC_WORDS.get(error["type"], str(error["msg"]).removeprefix("Value error, "))


def install_problem_handlers(app: Sanic[Any, Any], error_page: ErrorPage) -> None:
    """Maps every exception to an answer, once; browsers asking for a page get ``error_page``."""
    app.ctx.error_page = error_page
    app.error_handler.add(DeskError, _desk_error)
    app.error_handler.add(SanicException, _sanic_error)
    app.error_handler.add(Exception, _unexpected)


def _desk_error(request: Request, error: DeskError) -> HTTPResponse:
    status = next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), 400)
    code = "claimed_by_other" if hasattr(error, "agent_name") else _code(status)
    return _answer(request, status, in_words(error), code, getattr(error, "field", None))


def in_words(error: DeskError) -> str:
    """What the desk refused, in the reader's language."""
    words = _(error.words)
    return words.format(**error.values) if error.values else words


def _sanic_error(request: Request, error: SanicException) -> HTTPResponse:
    status = error.status_code
    if isinstance(error, Problem):
        return _answer(request, status, _(str(error)), error.code, error.field, error.headers)
    return _answer(request, status, _words_of(status), _code(status), headers=dict(error.headers))


def _unexpected(request: Request, error: Exception) -> HTTPResponse:
    if _is_unstorable(error):
        return _answer(request, 400, _words_of(400), _code(400))
    if is_taken(error):
        return _answer(request, 409, _(TAKEN), _code(409))
    reference = uuid.uuid4().hex[:8]
    logger.error(
        "request.failed", path=request.path, method=request.method, ref=reference, exc_info=error
    )
    words = _("Algo deu errado do nosso lado. Tente de novo; se continuar, cite {reference}.")
    return _answer(request, 500, words.format(reference=reference), "internal")


def is_taken(error: Exception) -> bool:
    """Whether somebody else wrote the same name or number a moment before."""
    if not isinstance(error, IntegrityError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state == "23505" or "UNIQUE constraint failed" in str(error.orig)


def _is_unstorable(error: Exception) -> bool:
    """Whether a value was looked for that no database can hold: NUL, half a character."""
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", None) or "").startswith("22")
    return isinstance(error, UnicodeEncodeError)


def _answer(
    request: Request,
    status: int,
    message: str,
    code: str,
    field: str | None = None,
    headers: dict[str, str] | None = None,
) -> HTTPResponse:
    if _wants_page(request):
        page: HTTPResponse = request.app.ctx.error_page(request, status, message)
        return page
    error = {"code": code, "message": message} | ({"field": field} if field else {})
    return json({"error": error}, status=status, headers=headers)


def _wants_page(request: Request) -> bool:
    """A browser that navigates, by a link or by a form; htmx and scripts read JSON."""
    if "text/html" not in request.headers.get("accept", ""):
        return False
    return request.method == "GET" or "hx-request" not in request.headers


def _words_of(status: int) -> str:
    return _(_MESSAGES.get(status, N_("Algo deu errado.")))


def _code(status: int) -> str:
    return {
        400: "invalid",
        401: "unauthorized",
        403: "forbidden",
        404: "not_found",
        409: "conflict",
        413: "too_large",
        429: "too_many",
    }.get(status, "error")
