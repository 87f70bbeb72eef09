"""Whether what the tables of states say happens by itself is switched on."""

from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.groups import Automation
from desk.configuration.values import read_configuration

_SWITCHES = {
    "agent_replied": "in_service_when_agent_replies",
    "contact_wrote": "reopen_when_contact_writes",
    "agent_acted": "ticket_in_service_when_agent_acts",
    "contact_acted": "ticket_reopens_when_contact_acts",
}


async def happens_by_itself(session: AsyncSession, happening: str) -> bool:
    """Whether a happening changes a status; what has no switch always does.

    Ask only when it would: it costs a look at one row.
    """
    switch = _SWITCHES.get(happening)
    if switch is None:
        return True
    return bool(getattr(await read_configuration(session, Automation), switch))
