"""Is it alive, is it ready, what does it count."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json, raw, redirect
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from handoff.services import Services, services_of

blueprint = Blueprint("health")


@blueprint.get("/")
async def show_start(request: Request) -> HTTPResponse:
    """Who comes without an address is of the team: customers are given theirs."""
    del request
    return redirect("/console")


@blueprint.get("/healthz")
async def alive(request: Request) -> HTTPResponse:
    """The process answers."""
    del request
    return json({"status": "alive"})


@blueprint.get("/readyz")
async def ready(request: Request) -> HTTPResponse:
    """Database, Rasa and the action server answer; 503 names what does not."""
    services = services_of(request)
    parts = {
        "database": await _database_answers(services),
        "rasa": await services.bot.is_ready(),
        "actions": await _actions_answer(services),
    }
    return json(
        {"status": "ready" if all(parts.values()) else "not ready", "parts": parts},
        status=200 if all(parts.values()) else 503,
    )


@blueprint.get("/metrics")
async def metrics(request: Request) -> HTTPResponse:
    """Prometheus metrics of this process."""
    del request
    return raw(generate_latest(), content_type=CONTENT_TYPE_LATEST)


async def _database_answers(services: Services) -> bool:
    try:
        async with services.database.reading() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        return False
    return True


async def _actions_answer(services: Services) -> bool:
    return await services.bot.answers(services.settings.actions_url.rsplit("/", 1)[0] + "/health")
