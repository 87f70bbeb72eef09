"""Empresas: the customers' companies by CNPJ."""

from typing import Any
from urllib.parse import urlencode

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.cnpj import format_cnpj
from desk.companies.settings import (
    CompanyValues,
    change_company,
    company_by_id,
    company_values,
    create_company,
    establishments_of,
    list_companies,
)
from desk.companies.tables import Company
from handoff.console.settings.forms import Form, actor_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/companies"
_HEAD_OFFICE = "0001"

blueprint = Blueprint("settings_companies", url_prefix="/companies")


@blueprint.get("/")
@signed_in("admin")
async def show_companies(request: Request) -> HTTPResponse:
    """A page of the companies, searched when asked for."""
    q, cursor = request.args.get("q", ""), request.args.get("cursor")
    async with services_of(request).database.reading(may_be_slow=True) as session:
        page = await list_companies(session, q, cursor)
    more = urlencode({"q": q, "cursor": page.next_cursor}) if page.next_cursor else ""
    return show(
        request,
        "companies.html",
        companies=[_shown(company) for company in page.rows],
        q=q,
        more_url=f"{LIST}?{more}" if more else "",
    )


@blueprint.get("/new")
@signed_in("admin")
async def show_new(request: Request) -> HTTPResponse:
    """The form of a new company."""
    return await _form(request, Form())


@blueprint.post("/new")
@signed_in("admin")
async def create(request: Request) -> HTTPResponse:
    """Adds a company."""

    async def work(session: AsyncSession, values: CompanyValues) -> None:
        await create_company(session, values, actor_of(request))

    return await save(
        request,
        CompanyValues,
        work,
        done=f"{LIST}?ok=created",
        again=lambda form: _form(request, form),
    )


@blueprint.get("/<company_id:int>")
@signed_in("admin")
async def show_company(request: Request, company_id: int) -> HTTPResponse:
    """One company, and the others of its root."""
    async with services_of(request).database.reading() as session:
        values = company_values(await company_by_id(session, company_id))
    form = form_of(values)
    return await _form(request, Form({**form.values, "cnpj": format_cnpj(values.cnpj)}), company_id)


@blueprint.post("/<company_id:int>")
@signed_in("admin")
async def change(request: Request, company_id: int) -> HTTPResponse:
    """Changes a company; blocking counts at once."""

    async def work(session: AsyncSession, values: CompanyValues) -> None:
        company = await company_by_id(session, company_id)
        await change_company(session, company, values, actor_of(request))

    return await save(
        request,
        CompanyValues,
        work,
        done=f"{LIST}?ok=saved",
        again=lambda form: _form(request, form, company_id),
    )


async def _form(request: Request, form: Form, company_id: int | None = None) -> HTTPResponse:
    company: Company | None = None
    establishments: list[dict[str, Any]] = []
    if company_id is not None:
        async with services_of(request).database.reading() as session:
            company = await company_by_id(session, company_id)
            establishments = [_shown(each) for each in await establishments_of(session, company)]
    return show(
        request,
        "company.html",
        status=form.status,
        form=form,
        company=company,
        establishments=establishments,
        path=f"{LIST}/{company_id if company_id is not None else 'new'}",
    )


def _shown(company: Company) -> dict[str, Any]:
    return {
        "id": company.id,
        "name": company.name,
        "cnpj": format_cnpj(company.cnpj),
        "blocked": company.blocked,
        "is_branch": company.branch != _HEAD_OFFICE,
    }
