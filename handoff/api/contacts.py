"""Contacts: the customers' people."""

from collections.abc import Sequence
from typing import Any

from sanic import HTTPResponse, Request
from sanic.response import json

from desk.companies.tables import Company
from desk.contacts.settings import (
    ContactValues,
    change_contact,
    companies_by_contact,
    contact_by_id,
    contact_values,
    create_contact,
    list_contacts,
)
from desk.contacts.tables import Contact
from desk.db import MAX_SMALL_KEY
from desk.events.log import by_agent
from handoff.api.changes import changes_of, read_changes
from handoff.api.companies import CompanyJson, company_json
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body, read_number
from handoff.security import api_user, current_user
from handoff.services import services_of


class ContactJson(Shape):
    """A contact as programs read it."""

    id: int
    name: str | None
    email: str | None
    phone: str | None
    companies: list[CompanyJson]


class ContactList(Shape):
    """A page of contacts, newest first."""

    contacts: list[ContactJson]
    next_cursor: str | None


def contact_json(contact: Contact, companies: Sequence[Company]) -> dict[str, Any]:
    """A contact as programs read it."""
    return {
        "id": contact.id,
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "companies": [company_json(each) for each in companies],
    }


@api_user("supervisor", "admin")
async def show_contacts(request: Request) -> HTTPResponse:
    """A page of contacts, newest first; searched or of one company when asked for."""
    company = read_number(request, "company", 0)
    limit = read_number(request, "limit", 50)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        page = await list_contacts(
            session,
            request.args.get("q", ""),
            max(0, min(company, MAX_SMALL_KEY)) or None,
            request.args.get("cursor"),
            limit,
        )
    rows = [contact_json(each, page.companies.get(each.id, [])) for each in page.rows]
    return json({"contacts": rows, "next_cursor": page.next_cursor})


@api_user("supervisor", "admin")
async def show_contact(request: Request, contact_id: int) -> HTTPResponse:
    """One contact."""
    async with services_of(request).database.reading() as session:
        contact = await contact_by_id(session, contact_id)
        companies = (await companies_by_contact(session, [contact.id])).get(contact.id, [])
    return json(contact_json(contact, companies))


@api_user("admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds a contact."""
    values, actor = read_body(request, ContactValues), by_agent(current_user(request).id)
    async with services_of(request).database.transaction() as session:
        contact = await create_contact(session, values, actor)
        companies = (await companies_by_contact(session, [contact.id])).get(contact.id, [])
    return json(contact_json(contact, companies), status=201)


@api_user("admin")
async def change_one(request: Request, contact_id: int) -> HTTPResponse:
    """Corrects a contact."""
    async with services_of(request).database.transaction() as session:
        contact = await contact_by_id(session, contact_id)
        values = read_changes(request, ContactValues, await contact_values(session, contact))
        await change_contact(session, contact, values, by_agent(current_user(request).id))
        companies = (await companies_by_contact(session, [contact.id])).get(contact.id, [])
    return json(contact_json(contact, companies))


_ONE = "/contacts/<contact_id:int>"

ENDPOINTS = [
    Endpoint(
        "GET",
        "/contacts",
        show_contacts,
        "Contacts.",
        query={
            "q": "Part of a name, an address or a phone.",
            "company": "Only those of a company, by its id.",
            "limit": "How many, at most 100.",
            "cursor": "Where the previous page ended.",
        },
        returns=ContactList,
    ),
    Endpoint("GET", _ONE, show_contact, "One contact.", returns=ContactJson),
    Endpoint(
        "POST",
        "/contacts",
        add_one,
        "Add a contact.",
        ContactValues,
        answers={201: "Added."},
        returns=ContactJson,
    ),
    Endpoint(
        "PATCH",
        _ONE,
        change_one,
        "Correct a contact.",
        changes_of(ContactValues),
        returns=ContactJson,
    ),
]
