"""What the faces of the service share; made once by ``app.py``."""

from dataclasses import dataclass

from sanic import Request

from desk.conversations.routing.router import Router
from desk.db import Database
from desk.knowledge.search import Knowledge
from desk.settings import Settings
from desk.vault import Vault
from handoff.bot import RasaClient
from handoff.bridge.loop import Bridge
from handoff.delivered import Delivered
from handoff.live import Live
from handoff.presence import Presence
from handoff.pulse import Pulse
from handoff.words import Words


@dataclass(frozen=True)
class Services:
    """The parts that a request handler may use."""

    settings: Settings
    database: Database
    vault: Vault
    words: Words
    bot: RasaClient
    pulse: Pulse
    live: Live
    delivered: Delivered
    bridge: Bridge
    presence: Presence
    knowledge: Knowledge
    router: Router


def services_of(request: Request) -> Services:
    """The running application's services."""
    services: Services = request.app.ctx.services
    return services
