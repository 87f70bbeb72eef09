"""Conversations of `rasa shell` and `rasa interactive`, in a file under var/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain


class LocalTrackerStore(SQLTrackerStore):
    """Rasa's SQL store on a file whose folder need not exist yet, as on a fresh clone."""

    def __init__(self, domain: Domain | None = None, db: str = "", **options: Any) -> None:
        Path(db).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(domain=domain, db=db, **options)
