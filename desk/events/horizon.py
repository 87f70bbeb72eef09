"""How far the log can be read, so that no reader ever skips an event.

On PostgreSQL numbers are drawn before commit: a lower one may appear after a higher one. Whoever
records holds, until its transaction ends, a shared advisory lock that names the newest number
before its own; readers stop at the lowest of these. Such locks exclude nobody, are this database's
alone, and end with their transaction, whatever becomes of its process
(https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS).

SQLite has one writer at a time: numbers appear in order.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# A lock's 64 bits: whose it is, then 40 bits of the number.
_OF_THE_LOG = 0x504F
_NUMBER_BITS = 40

_ANNOUNCE = text(f"""
    SELECT pg_advisory_xact_lock_shared(
        {_OF_THE_LOG}::bigint << {_NUMBER_BITS} | coalesce(pg_sequence_last_value(
            pg_get_serial_sequence('desk_events', 'seq')::regclass
        ), 0)
    )
""")

# The newest number is of the statement's snapshot, which is older than the look at the locks:
# whoever has drawn a lower one and has not ended is seen there.
_UP_TO = text(f"""
    SELECT coalesce(least(
        (SELECT max(seq) FROM desk_events),
        (SELECT min((classid::bigint << 32 | objid::bigint) & {(1 << _NUMBER_BITS) - 1})
           FROM pg_locks
          WHERE locktype = 'advisory' AND objsubid = 1
            AND classid::bigint >> {_NUMBER_BITS - 32} = {_OF_THE_LOG}
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    ), 0)
""")  # noqa: S608 - made of the numbers above


async def announce(session: AsyncSession) -> None:
    """Tells readers that this transaction is about to draw numbers of the log."""
    if session.get_bind().dialect.name != "postgresql":
        return
    transaction = session.sync_session.get_transaction()
    if transaction is not None and session.info.get("announced") is transaction:
        return
    await session.execute(_ANNOUNCE)
    # What is taken inside a savepoint is lost with it.
    if not session.in_nested_transaction():
        session.info["announced"] = transaction


async def readable_up_to(session: AsyncSession) -> int | None:
    """The highest number below which nothing will appear any more; None where all can be read.

    It holds for statements after this one: each sees what was committed before it began.
    """
    if session.get_bind().dialect.name != "postgresql":
        return None
    number: int = (await session.execute(_UP_TO)).scalar_one()
    return number
