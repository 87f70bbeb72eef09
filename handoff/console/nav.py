"""The frame of every console page: where one may go, who is signed in, language and theme."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from desk.team.preferences import preferences_of
from desk.team.tables import Role, User
from handoff.i18n import LOCALES, N_, SOURCE_LOCALE, _, current_locale, script_words

_DESIGNERS = (Role.DESIGNER, Role.ADMIN)
_ALL = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)


@dataclass(frozen=True)
class Place:
    """One entry of the navigation; ``prefixes`` are the addresses that belong to it."""

    label: str
    url: str
    icon: str
    roles: tuple[Role, ...]
    prefixes: tuple[str, ...]


PLACES = (
    Place(
        N_("Atendimento"), "/console", "chat", _ALL, ("/console/conversations", "/console/inbox")
    ),
    Place(N_("Tickets"), "/console/tickets", "ticket", _ALL, ("/console/tickets",)),
    Place(
        N_("Painel"), "/console/board", "board", (Role.SUPERVISOR, Role.ADMIN), ("/console/board",)
    ),
    Place(N_("Relatórios"), "/console/reports", "chart", _ALL, ("/console/reports",)),
    Place(
        N_("Problemas"),
        "/console/problems",
        "alert",
        (Role.SUPERVISOR, Role.ADMIN),
        ("/console/problems",),
    ),
    Place(
        N_("Revisão"), "/console/review", "eye", _DESIGNERS, ("/console/review", "/console/quality")
    ),
    Place(N_("Ajustes"), "/console/settings", "settings", _ALL, ("/console/settings",)),
)

THEMES = {"system": N_("Como o sistema"), "light": N_("Claro"), "dark": N_("Escuro")}

ROLE_LABELS = {
    Role.AGENT: N_("Atendente"),
    Role.SUPERVISOR: N_("Supervisão"),
    Role.DESIGNER: N_("Designer"),
    Role.ADMIN: N_("Administração"),
}


@dataclass(frozen=True)
class NavItem:
    """A place as the reader sees it."""

    label: str
    url: str
    icon: str
    current: bool


def places_for(user: User, path: str) -> list[NavItem]:
    """Where this user may go, in order; the one that the path belongs to is current."""
    return [
        NavItem(_(place.label), place.url, place.icon, _is_current(place, path))
        for place in PLACES
        if user.role in place.roles
    ]


@dataclass(frozen=True)
class Frame:
    """What `console/shell.html` shows around a page."""

    name: str
    role: str
    places: list[NavItem]
    locale: str
    locales: Mapping[str, str]
    theme: str
    themes: Mapping[str, str]
    data: Markup
    words: Markup


def frame_of(user: User, path: str) -> Frame:
    """The frame for this user at this address."""
    preferences = preferences_of(user)
    return Frame(
        name=user.name,
        role=_(ROLE_LABELS[user.role]),
        places=places_for(user, path),
        locale=current_locale(),
        locales=LOCALES,
        theme=preferences.theme,
        themes={key: _(label) for key, label in THEMES.items()},
        data=_for_script(
            {"me": user.id, "role": user.role.value, "preferences": preferences.model_dump()}
        ),
        words=_for_script({} if current_locale() == SOURCE_LOCALE else script_words()),
    )


def _for_script(value: Mapping[str, Any]) -> Markup:
    """JSON that cannot end the script element in which it stands."""
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704 - nothing in it can be markup any more


def _is_current(place: Place, path: str) -> bool:
    bare = path.rstrip("/")
    return bare == place.url or any(
        bare == prefix or bare.startswith(f"{prefix}/") for prefix in place.prefixes
    )
