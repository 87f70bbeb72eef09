"""The company that a conversation is about."""

from typing import Any

from actions.turn import Turn
from desk.companies.tables import Company
from desk.contacts.directory import companies_of


def company_slots(company_id: int, name: str, cnpj: str) -> dict[str, Any]:
    """The slots of the company that the conversation is about."""
    return {"company_id": company_id, "company_name": name, "company_cnpj": cnpj}


async def open_companies(turn: Turn) -> list[Company]:
    """The contact's companies that are served; the admin may have blocked some."""
    companies = await companies_of(turn.session, turn.contact_id)
    return [company for company in companies if not company.blocked]


async def all_blocked(turn: Turn) -> list[Company]:
    """The contact's companies, when the admin has blocked every one; else none."""
    companies = list(await companies_of(turn.session, turn.contact_id))
    return companies if all(company.blocked for company in companies) else []
