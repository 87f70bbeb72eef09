"""Automações: which statuses change by themselves, and what customers are told."""

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.groups import Automation
from desk.configuration.values import read_configuration, save_configuration
from handoff.console.settings.forms import Form, actor_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import N_, _
from handoff.security import signed_in
from handoff.services import services_of

PAGE = f"{ROOT}/automation"
SWITCHES = {
    "in_service_when_agent_replies": (
        N_("Em atendimento quando alguém responde"),
        N_("Uma conversa aberta passa a “Em atendimento” na primeira resposta de uma pessoa."),
    ),
    "reopen_when_contact_writes": (
        N_("Reabrir quando o cliente escreve"),
        N_("Resolvida ou fechada, a conversa volta a “Aberto” (nota e agradecimento não reabrem)."),
    ),
    "ticket_in_service_when_agent_acts": (
        N_("Chamado em atendimento quando a equipe age"),
        N_("Um chamado aberto passa a “Em atendimento” na primeira ação da equipe."),
    ),
    "ticket_reopens_when_contact_acts": (
        N_("Reabrir o chamado quando o cliente responde"),
        N_("Uma resposta do cliente em um chamado encerrado o reabre."),
    ),
    "tell_customers_of_ticket_news": (
        N_("Avisar o cliente das novidades do chamado"),
        N_("O que a equipe faz no chamado é contado na conversa do cliente."),
    ),
    "tell_place_in_queue": (
        N_("Dizer o lugar na fila"),
        N_("Quem espera por uma pessoa ouve de tempos em tempos em que lugar está."),
    ),
}

blueprint = Blueprint("settings_automation", url_prefix="/automation")


@blueprint.get("/")
@signed_in("admin")
async def show_automation(request: Request) -> HTTPResponse:
    """All switches."""
    async with services_of(request).database.reading() as session:
        form = form_of(await read_configuration(session, Automation))
    return await _page(request, form)


@blueprint.post("/")
@signed_in("admin")
async def change(request: Request) -> HTTPResponse:
    """Sets them."""

    async def work(session: AsyncSession, values: Automation) -> None:
        await save_configuration(session, values, actor_of(request))

    return await save(
        request,
        Automation,
        work,
        done=f"{PAGE}?ok=saved",
        again=lambda form: _page(request, form),
    )


async def _page(request: Request, form: Form) -> HTTPResponse:
    switches = []
    for name in Automation.model_fields:
        label, hint = SWITCHES[name]
        switches.append((name, _(label), _(hint)))
    return show(request, "automation.html", status=form.status, form=form, switches=switches)
