"""What a person sets for their own screens; kept in ``User.preferences``."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from desk.team.tables import User
from handoff.i18n import N_

Theme = Literal["system", "light", "dark"]
THEMES: dict[str, str] = {
    "system": N_("Como o sistema"),
    "light": N_("Claro"),
    "dark": N_("Escuro"),
}


class Preferences(BaseModel):
    """Every preference with what holds until it is set; unknown ones are left out.

    ``notify_*``: what rings and is shown by the desktop; ``notify_text``: whether a desktop
    notification shows the message's text, which others may read on the screen.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    theme: Theme = "system"
    shortcuts: bool = True
    sounds: bool = True
    desktop: bool = False
    notify_queue: bool = True
    notify_message: bool = True
    notify_mention: bool = True
    notify_assigned: bool = True
    notify_text: bool = False


def preferences_of(user: User) -> Preferences:
    """A person's preferences; what is stored but no longer valid counts as not set."""
    try:
        return Preferences.model_validate(user.preferences or {})
    except ValidationError:
        return Preferences()


def change_preferences(user: User, **values: object) -> Preferences:
    """Sets some of them on a user of an open transaction.

    Raises:
        ValidationError: a value that is none.
    """
    changed = Preferences.model_validate(preferences_of(user).model_dump() | values)
    user.preferences = dict(user.preferences or {}) | changed.model_dump()
    return changed
