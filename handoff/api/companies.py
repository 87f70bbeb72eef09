"""Companies: the customers' companies by CNPJ."""

from typing import Any

from sanic import HTTPResponse, Request
from sanic.response import json

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
from desk.events.log import by_agent
from handoff.api.changes import changes_of, read_changes
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body, read_number
from handoff.security import api_user, current_user
from handoff.services import services_of


class CompanyJson(Shape):
    """A company as programs read it; the CNPJ without punctuation."""

    id: int
    cnpj: str
    name: str
    blocked: bool


class CompanyList(Shape):
    """A page of companies by name."""

    companies: list[CompanyJson]
    next_cursor: str | None


class CompanyWithOthers(CompanyJson):
    """With the other establishments of the same CNPJ root."""

    establishments: list[CompanyJson]


def company_json(company: Company) -> dict[str, Any]:
    """A company as programs read it."""
    return {name: getattr(company, name) for name in CompanyJson.model_fields}


@api_user("agent", "supervisor", "admin")
async def show_companies(request: Request) -> HTTPResponse:
    """A page of companies by name, searched when asked for."""
    q, cursor = request.args.get("q", ""), request.args.get("cursor")
    limit = read_number(request, "limit", 50)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        page = await list_companies(session, q, cursor, limit)
    rows = [company_json(each) for each in page.rows]
    return json({"companies": rows, "next_cursor": page.next_cursor})


@api_user("agent", "supervisor", "admin")
async def show_company(request: Request, company_id: int) -> HTTPResponse:
    """One company, and the others of its root."""
    async with services_of(request).database.reading() as session:
        company = await company_by_id(session, company_id)
        others = [company_json(each) for each in await establishments_of(session, company)]
    return json(company_json(company) | {"establishments": others})


@api_user("admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds a company."""
    values, actor = read_body(request, CompanyValues), by_agent(current_user(request).id)
    async with services_of(request).database.transaction() as session:
        company = await create_company(session, values, actor)
    return json(company_json(company), status=201)


@api_user("admin")
async def change_one(request: Request, company_id: int) -> HTTPResponse:
    """Changes a company; blocking counts at once."""
    async with services_of(request).database.transaction() as session:
        company = await company_by_id(session, company_id)
        values = read_changes(request, CompanyValues, company_values(company))
        await change_company(session, company, values, by_agent(current_user(request).id))
    return json(company_json(company))


_ONE = "/companies/<company_id:int>"

ENDPOINTS = [
    Endpoint(
        "GET",
        "/companies",
        show_companies,
        "Companies.",
        query={
            "q": "Part of a name, or digits of a CNPJ.",
            "limit": "How many, at most 100.",
            "cursor": "Where the previous page ended.",
        },
        returns=CompanyList,
    ),
    Endpoint("GET", _ONE, show_company, "One company.", returns=CompanyWithOthers),
    Endpoint(
        "POST",
        "/companies",
        add_one,
        "Add a company.",
        CompanyValues,
        answers={201: "Added."},
        returns=CompanyJson,
    ),
    Endpoint(
        "PATCH",
        _ONE,
        change_one,
        "Change or block a company.",
        changes_of(CompanyValues),
        returns=CompanyJson,
    ),
]
