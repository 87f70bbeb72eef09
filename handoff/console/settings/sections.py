"""The menu of the settings: one table for the pages, their addresses and who sees them."""

from dataclasses import dataclass

from desk.team.tables import Role, User
from handoff.i18n import N_, _

ROOT = "/console/settings"
_ADMIN = (Role.ADMIN,)
_SUPERVISORS = (Role.SUPERVISOR, Role.ADMIN)
_TEAM = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)


@dataclass(frozen=True)
class Section:
    """One page of the settings. ``path`` is below /console/settings."""

    path: str
    label: str
    about: str
    icon: str
    roles: tuple[Role, ...] = _ADMIN


SECTIONS: tuple[tuple[str, tuple[Section, ...]], ...] = (
    (
        N_("Equipe"),
        (
            Section(
                "users",
                N_("Pessoas"),
                N_("Quem entra no console, com que papel e em quais filas."),
                "person",
                _SUPERVISORS,
            ),
            Section(
                "queues",
                N_("Filas"),
                N_("Departamentos, quem atende cada um, horário e distribuição."),
                "queue",
                _SUPERVISORS,
            ),
            Section(
                "service-levels",
                N_("Prazos"),
                N_("Em quanto tempo cada fila responde e resolve, e quando avisar."),
                "clock",
                _SUPERVISORS,
            ),
            Section(
                "calendars",
                N_("Horários"),
                N_("Expediente e feriados nacionais, estaduais, municipais e próprios."),
                "clock",
            ),
        ),
    ),
    (
        N_("Atendimento"),
        (
            Section(
                "request-types",
                N_("Tipos de solicitação"),
                N_("O que um chamado pode ser e para qual fila vai."),
                "ticket",
            ),
            Section(
                "routing",
                N_("Encaminhamento"),
                N_("Exemplos que ensinam para qual fila vai cada pedido."),
                "queue",
                _SUPERVISORS,
            ),
            Section(
                "canned-replies",
                N_("Respostas prontas"),
                N_("Textos pessoais, da equipe e de todos, com variáveis e arquivos."),
                "chat",
                _TEAM,
            ),
            Section(
                "tags",
                N_("Etiquetas"),
                N_("Palavras da equipe para marcar e achar conversas."),
                "tag",
                _SUPERVISORS,
            ),
            Section(
                "direct-support",
                N_("Suporte direto"),
                N_("O endereço em que o cliente mostra a tela a uma pessoa."),
                "eye",
            ),
            Section(
                "sources",
                N_("Fontes"),
                N_("Sites e pastas de documentação de que a assistente responde."),
                "file",
            ),
            Section(
                "automation",
                N_("Automações"),
                N_("O que muda de status e o que é avisado sozinho."),
                "bot",
            ),
            Section(
                "rules",
                N_("Regras"),
                N_("Depois de um tempo em um status ou em silêncio: lembrar, avisar, resolver."),
                "clock",
                _SUPERVISORS,
            ),
        ),
    ),
    (
        N_("Clientes"),
        (
            Section(
                "companies",
                N_("Empresas"),
                N_("Cadastro por CNPJ, filiais e bloqueio."),
                "building",
            ),
            Section(
                "contacts",
                N_("Contatos"),
                N_("As pessoas das empresas: nome, e-mail, telefone."),
                "mail",
            ),
            Section(
                "campaigns",
                N_("Campanhas"),
                N_("Uma mensagem para muitos contatos, com prévia, ritmo e resultado."),
                "chat",
                _SUPERVISORS,
            ),
            Section(
                "imports",
                N_("Importar CSV"),
                N_("Empresas e contatos de uma planilha, com prévia."),
                "upload",
            ),
        ),
    ),
    (
        N_("Canais e marca"),
        (
            Section(
                "channels",
                N_("Canais"),
                N_("Chat do site e Telegram: identidade, conexão e volume."),
                "phone",
            ),
            Section(
                "brand",
                N_("Marca"),
                N_("Nome, logotipo e cor que os clientes veem."),
                "palette",
            ),
            Section(
                "portal-note",
                N_("Aviso do portal"),
                N_("Um recado sobre o estado do portal, com início e fim."),
                "note",
                _SUPERVISORS,
            ),
        ),
    ),
    (
        N_("Controle"),
        (
            Section(
                "webhooks",
                N_("Webhooks"),
                N_("Outros sistemas ficam sabendo do que acontece, com assinatura."),
                "bolt",
            ),
            Section(
                "audit",
                N_("Auditoria"),
                N_("Quem mudou o quê e quando; exporta em CSV."),
                "checks",
            ),
        ),
    ),
)


@dataclass(frozen=True)
class MenuItem:
    """A page as its reader sees it in the menu."""

    url: str
    label: str
    about: str
    icon: str
    current: bool


def menu_for(user: User, path: str) -> list[tuple[str, list[MenuItem]]]:
    """The groups and pages that a person may open; the one that the path is in is current."""
    menu = []
    for title, sections in SECTIONS:
        items = [
            MenuItem(
                url := f"{ROOT}/{section.path}",
                _(section.label),
                _(section.about),
                section.icon,
                path == url or path.startswith(f"{url}/"),
            )
            for section in sections
            if user.role in section.roles
        ]
        if items:
            menu.append((_(title), items))
    return menu
