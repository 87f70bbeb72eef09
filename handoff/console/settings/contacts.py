"""Contatos: the customers' people."""

from typing import Any
from urllib.parse import urlencode

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.cnpj import format_cnpj
from desk.companies.settings import company_by_id
from desk.contacts.settings import (
    ContactValues,
    change_contact,
    companies_by_contact,
    contact_by_id,
    contact_values,
    create_contact,
    list_contacts,
)
from handoff.console.settings.forms import Form, actor_of, field_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import _
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/contacts"
_MAX_DIGITS = 9

blueprint = Blueprint("settings_contacts", url_prefix="/contacts")


@blueprint.get("/")
@signed_in("admin")
async def show_contacts(request: Request) -> HTTPResponse:
    """A page of the contacts, searched or of one company when asked for."""
    q, cursor = request.args.get("q", ""), request.args.get("cursor")
    asked = request.args.get("company", "")
    company_id = int(asked) if asked.isdecimal() and len(asked) <= _MAX_DIGITS else None
    async with services_of(request).database.reading(may_be_slow=True) as session:
        company = await company_by_id(session, company_id) if company_id is not None else None
        page = await list_contacts(session, q, company_id, cursor)
    contacts = [
        {
            "id": contact.id,
            "name": contact.name,
            "email": contact.email,
            "phone": contact.phone,
            "companies": [each.name for each in page.companies.get(contact.id, [])],
        }
        for contact in page.rows
    ]
    more = {"q": q, "company": company_id or "", "cursor": page.next_cursor}
    return show(
        request,
        "contacts.html",
        contacts=contacts,
        company=company,
        q=q,
        more_url=f"{LIST}?{urlencode(more)}" if page.next_cursor else "",
    )


@blueprint.get("/new")
@signed_in("admin")
async def show_new(request: Request) -> HTTPResponse:
    """The form of a new contact."""
    return await _form(request, Form())


@blueprint.post("/new")
@signed_in("admin")
async def create(request: Request) -> HTTPResponse:
    """Adds a contact."""

    async def work(session: AsyncSession, values: ContactValues) -> None:
        await create_contact(session, values, actor_of(request))

    return await save(
        request,
        ContactValues,
        work,
        done=f"{LIST}?ok=created",
        again=lambda form: _form(request, _with_lines(request, form)),
        given={"companies": _lines(request)},
    )


@blueprint.get("/<contact_id:int>")
@signed_in("admin")
async def show_contact(request: Request, contact_id: int) -> HTTPResponse:
    """One contact."""
    async with services_of(request).database.reading() as session:
        values = await contact_values(session, await contact_by_id(session, contact_id))
    cnpjs = "\n".join(format_cnpj(cnpj) for cnpj in values.companies)
    return await _form(request, Form({**form_of(values).values, "cnpjs": cnpjs}), contact_id)


@blueprint.post("/<contact_id:int>")
@signed_in("admin")
async def change(request: Request, contact_id: int) -> HTTPResponse:
    """Corrects a contact."""

    async def work(session: AsyncSession, values: ContactValues) -> None:
        contact = await contact_by_id(session, contact_id)
        await change_contact(session, contact, values, actor_of(request))

    return await save(
        request,
        ContactValues,
        work,
        done=f"{LIST}?ok=saved",
        again=lambda form: _form(request, _with_lines(request, form), contact_id),
        given={"companies": _lines(request)},
    )


def _lines(request: Request) -> list[str]:
    return [line.strip() for line in field_of(request, "cnpjs", 5000).splitlines() if line.strip()]


def _with_lines(request: Request, form: Form) -> Form:
    errors = dict(form.errors)
    if "companies" in errors:
        errors["cnpjs"] = errors.pop("companies")
    return Form({**form.values, "cnpjs": field_of(request, "cnpjs", 5000)}, errors)


async def _form(request: Request, form: Form, contact_id: int | None = None) -> HTTPResponse:
    title, companies = _("Novo contato"), list[Any]()
    if contact_id is not None:
        async with services_of(request).database.reading() as session:
            contact = await contact_by_id(session, contact_id)
            found = (await companies_by_contact(session, [contact_id])).get(contact_id, [])
        title = contact.name or contact.email or _("Contato")
        companies = [f"{format_cnpj(each.cnpj)}: {each.name}" for each in found]
    return show(
        request,
        "contact.html",
        status=form.status,
        form=form,
        title=title,
        contact_id=contact_id,
        companies=companies,
        path=f"{LIST}/{contact_id if contact_id is not None else 'new'}",
    )
