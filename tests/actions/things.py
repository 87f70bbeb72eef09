"""Things that customers send."""

from datetime import UTC, datetime

from desk.media.tables import Media
from tests.actions.talking import Talk


async def some_files(talk: Talk, how_many: int) -> list[int]:
    """Files of the customer in the desk's media."""
    async with talk.database.transaction() as session:
        rows = [
            Media(
                sha256=f"{number:064x}",
                name="foto.png",
                mime="image/png",
                size_bytes=3,
                created_at=datetime.now(UTC),
            )
            for number in range(how_many)
        ]
        session.add_all(rows)
        await session.flush()
        return [row.id for row in rows]
