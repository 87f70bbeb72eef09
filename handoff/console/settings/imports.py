"""Importar CSV: send a table, see what it would do, then do it."""

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import raw, redirect

from desk.csv_tables import Plan, csv_line
from desk.errors import Invalid, TooLarge
from desk.imports.run import KINDS, Preview, import_of, keep_import, preview, run_import
from desk.imports.tables import Import
from handoff.console.settings.forms import Form, actor_of, refused, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import N_, _
from handoff.security import check_csrf, current_user, signed_in
from handoff.services import services_of
from handoff.uploads import read_form_in_part

LIST = f"{ROOT}/imports"
STEP_SECONDS = 5.0
SHOWN_ERRORS = 50
SHOWN_LINES = 20
LABELS = {"companies": N_("Empresas"), "contacts": N_("Contatos")}
ABOUT = {
    "companies": N_("Uma linha por CNPJ; quem já existe tem o nome e o bloqueio atualizados."),
    "contacts": N_("Uma linha por e-mail, com o CNPJ da empresa; vários CNPJs com | entre eles."),
}
ACTIONS = {
    "create": (N_("A criar"), N_("Criadas"), "mark--ok"),
    "change": (N_("A mudar"), N_("Mudadas"), "mark--strong"),
    "skip": (N_("Já iguais"), N_("Já iguais"), ""),
    "error": (N_("Com erro"), N_("Com erro"), "mark--bad"),
}

blueprint = Blueprint("settings_imports", url_prefix="/imports")


@blueprint.get("/")
@signed_in("admin")
async def show_imports(request: Request) -> HTTPResponse:
    """The form to send a file."""
    return _send_form(request, Form({"kind": request.args.get("kind", "companies")}))


@blueprint.post("/", stream=True, ctx_csrf_in_body=True)
@signed_in("admin")
async def send(request: Request) -> HTTPResponse:
    """Keeps the file until it is confirmed."""
    services = services_of(request)
    sent, cut = await read_form_in_part(request, services.settings)
    check_csrf(request, sent.fields.get("csrf", ""))
    name, data = sent.files[0] if sent.files else ("", b"")
    try:
        if cut:
            raise TooLarge("csv", "O arquivo é grande demais. Divida-o em partes de até 5 MB.")
        if not data:
            raise Invalid("csv", "Escolha o arquivo CSV; o que chegou está vazio.")
        async with services.database.transaction() as session:
            kept = await keep_import(
                session, sent.fields.get("kind", ""), name, data, current_user(request).id
            )
    except Invalid as refusal:
        return _send_form(request, refused(sent.fields, refusal))
    return redirect(f"{LIST}/{kept.id}", status=303)


@blueprint.get("/<import_id:int>")
@signed_in("admin")
async def show_import(request: Request, import_id: int) -> HTTPResponse:
    """What the file would do, or how far its import has come."""
    async with services_of(request).database.reading(may_be_slow=True) as session:
        kept = await import_of(session, import_id, current_user(request).id)
        if kept.position or kept.finished_at:
            return _progress(request, kept)
        found = await preview(session, kept.kind, kept.data)
    return _preview(request, kept, found)


@blueprint.post("/<import_id:int>/run")
@signed_in("admin")
async def run(request: Request, import_id: int) -> HTTPResponse:
    """Does some of it; the page it leads to goes on until all is done."""
    services = services_of(request)
    async with services.database.reading() as session:
        await import_of(session, import_id, current_user(request).id)
    await run_import(services.database, import_id, actor_of(request), STEP_SECONDS)
    return redirect(f"{LIST}/{import_id}", status=303)


@blueprint.get("/<import_id:int>/errors.csv")
@signed_in("admin")
async def download_errors(request: Request, import_id: int) -> HTTPResponse:
    """The lines that were wrong, with their reasons, for a spreadsheet."""
    async with services_of(request).database.reading(may_be_slow=True) as session:
        kept = await import_of(session, import_id, current_user(request).id)
        errors = kept.counts.get("errors", [])
        if not (kept.position or kept.finished_at):
            errors = [_error(plan) for plan in (await preview(session, kept.kind, kept.data)).plans]
    lines = [csv_line([_("Linha"), _("Quem"), _("Erro")])]
    lines += [csv_line(error) for error in errors if error[2]]
    headers = {"Content-Disposition": 'attachment; filename="erros.csv"'}
    body = ("\ufeff" + "".join(lines)).encode()
    return raw(body, content_type="text/csv; charset=utf-8", headers=headers)


def _send_form(request: Request, form: Form) -> HTTPResponse:
    if form["kind"] not in KINDS:
        form = Form({**form.values, "kind": "companies"}, form.errors)
    return show(
        request,
        "imports.html",
        status=form.status,
        form=form,
        kinds=[(key, _(words), _(ABOUT[key])) for key, words in LABELS.items()],
        examples=[
            (_(words), ";".join(names[0] for names in KINDS[key].columns.values()))
            for key, words in LABELS.items()
        ],
    )


def _preview(request: Request, kept: Import, found: Preview) -> HTTPResponse:
    counts = found.counts
    errors = [_error(plan) for plan in found.plans if plan.action == "error"]
    fields = [field for field in KINDS[kept.kind].columns if field in found.table.columns.values()]
    names = {field: name for name, field in found.table.columns.items()}
    return show(
        request,
        "import.html",
        kind=_(LABELS[kept.kind]),
        file_name=kept.file_name,
        figures=[(_(words[0]), counts[key]) for key, words in ACTIONS.items()],
        ignored=", ".join(name for name, field in found.table.columns.items() if not field),
        to_do=counts["create"] + counts["change"],
        errors=errors[:SHOWN_ERRORS],
        more_errors=max(0, len(errors) - SHOWN_ERRORS),
        columns=[names[field] for field in fields],
        sample=[_line(plan, fields) for plan in found.plans[:SHOWN_LINES]],
        more_lines=max(0, len(found.plans) - SHOWN_LINES),
        path=f"{LIST}/{kept.id}",
    )


def _progress(request: Request, kept: Import) -> HTTPResponse:
    return show(
        request,
        "import_done.html",
        finished=kept.finished_at is not None,
        position=kept.position,
        total=kept.total,
        figures=[(_(words[1]), kept.counts.get(key, 0)) for key, words in ACTIONS.items()],
        errors=bool(kept.counts.get("errors")),
        kind_key=kept.kind,
        path=f"{LIST}/{kept.id}",
    )


def _error(plan: Plan) -> list[Any]:
    return [plan.line.number, plan.label, _(plan.error)]


def _line(plan: Plan, fields: list[str]) -> dict[str, Any]:
    words, _done, mark = ACTIONS[plan.action]
    cells = [plan.line.values.get(field, "")[:80] for field in fields]
    return {"number": plan.line.number, "action": _(words), "mark": mark, "cells": cells}
