"""What of the portal's note only the clock can tell."""

from datetime import UTC, datetime

from desk.configuration.groups import PortalNote
from desk.errors import Invalid


def check_portal_note(note: PortalNote) -> None:
    """Refuses a note that nobody would ever see.

    Raises:
        Invalid: its end is over.
    """
    if note.text.strip() and note.ends_at is not None and note.ends_at <= datetime.now(UTC):
        raise Invalid("ends_at", "O fim já passou. Escolha um momento que ainda vem, ou nenhum.")
