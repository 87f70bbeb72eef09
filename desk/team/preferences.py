"""What a person sets for their own screens; kept in ``User.preferences``."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from desk.team.tables import User

Theme = Literal["system", "light", "dark"]


class Preferences(BaseModel):
    """Every preference with what holds until it is set.

    ``notify_*``: what rings and is shown on the desktop; ``notify_text``: whether a desktop
    notification shows the message's words, which others may read on that screen. ``inbox``: the
    view and filters last looked at, as the query of an address.
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
    inbox: str = Field(default="", max_length=800)


def preferences_of(user: User) -> Preferences:
    """A person's preferences; what is stored but no longer valid counts as not set."""
    try:
        return Preferences.model_validate(user.preferences or {})
    except ValidationError:
        return Preferences()


def change_preferences(user: User, changes: dict[str, Any]) -> Preferences:
    """Sets some of them on a user of an open transaction.

    They are nobody else's matter, so there is no event.
    """
    changed = Preferences.model_validate(preferences_of(user).model_dump() | changes)
    user.preferences = dict(user.preferences or {}) | changed.model_dump()
    return changed
