"""What was decided in the review, on its way into the training data; conversations as stories."""

import asyncio

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect, text

from desk.conversations.access import visible_conversation
from desk.conversations.tables import Message
from desk.errors import Conflict, Invalid, NotFound
from desk.review.decide import lessons_to_write, mark_written
from desk.review.find import conversation_of_item, latest_message
from desk.review.training_data import REVIEW_FILE
from desk.review.writing import Proposal, is_writable, propose, write
from handoff.pages import render
from handoff.problems import in_words
from handoff.review_asking import DESIGNERS, tell_story
from handoff.security import current_user, signed_in
from handoff.services import services_of

COMMANDS = ("make validate", "make train", "make test-nlu")
YAML, PATCH = "application/yaml; charset=utf-8", "text/x-diff; charset=utf-8"

blueprint = Blueprint("console_review_export")


@blueprint.get("/review/export")
@signed_in(*DESIGNERS)
async def show_export(request: Request) -> HTTPResponse:
    """What would change in the review file."""
    return await _page(request)


@blueprint.post("/review/export")
@signed_in(*DESIGNERS)
async def write_export(request: Request) -> HTTPResponse:
    """Writes the review file; a folder that is read-only is said so."""
    services = services_of(request)
    try:
        async with services.database.reading() as session:
            lessons = await lessons_to_write(session)
        proposal = await asyncio.to_thread(write, services.settings.data_dir, lessons)
        async with services.database.transaction() as session:
            await mark_written(
                session, current_user(request), proposal.settled, len(proposal.added)
            )
    except (Conflict, Invalid) as refusal:
        return await _page(request, error=in_words(refusal))
    return redirect("/console/review/export?written=1", status=303)


@blueprint.get("/review/nlu.yml")
@signed_in(*DESIGNERS)
async def download_file(request: Request) -> HTTPResponse:
    """The review file as it would be."""
    return _file((await _proposal(request)).after, "nlu.yml", YAML)


@blueprint.get("/review/nlu.patch")
@signed_in(*DESIGNERS)
async def download_patch(request: Request) -> HTTPResponse:
    """The difference, for `git apply`."""
    return _file((await _proposal(request)).patch, "nlu.patch", PATCH)


@blueprint.get("/review/messages/<review_id:int>/story")
@signed_in(*DESIGNERS)
async def download_story(request: Request, review_id: int) -> HTTPResponse:
    """The conversation up to a message of the review, as a test story."""
    services = services_of(request)
    async with services.database.reading() as session:
        public_id = await conversation_of_item(session, review_id)
        story = await tell_story(services, session, public_id, review_id, until_it=True)
    return _file(story, f"test_review_{review_id}.yml", YAML)


@blueprint.get("/conversations/<public_id:str>/story")
@signed_in("supervisor", "admin")
async def download_conversation(request: Request, public_id: str) -> HTTPResponse:
    """A conversation as a test story."""
    services = services_of(request)
    async with services.database.reading() as session:
        conversation = await visible_conversation(session, current_user(request), public_id)
        message: Message | None = await latest_message(session, conversation.id)
        if message is None:
            raise NotFound("A assistente não lembra mais desta conversa.")
        story = await tell_story(services, session, public_id, message.id, until_it=False)
    return _file(story, f"test_conversation_{public_id[:8]}.yml", YAML)


async def _page(request: Request, error: str = "") -> HTTPResponse:
    services = services_of(request)
    proposal: Proposal | None = None
    try:
        proposal = await _proposal(request)
    except Invalid as broken:
        error = error or in_words(broken)
    return render(
        request,
        "console/review_export.html",
        status=409 if error else 200,
        proposal=proposal,
        writable=is_writable(services.settings.data_dir),
        file=f"{services.settings.data_dir.name}/{REVIEW_FILE.as_posix()}",
        written="written" in request.args and not error,
        error=error,
        commands=COMMANDS,
    )


async def _proposal(request: Request) -> Proposal:
    services = services_of(request)
    async with services.database.reading() as session:
        lessons = await lessons_to_write(session)
    return await asyncio.to_thread(propose, services.settings.data_dir, lessons)


def _file(content: str, name: str, kind: str) -> HTTPResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return text(content, content_type=kind, headers=headers)
