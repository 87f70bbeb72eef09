import pytest

from desk.conversations.tables import Conversation
from desk.states import Owner, Status
from desk.team.tables import Role, User
from handoff.console.pane import actions_for

ANA = User(id=1, name="Ana", role=Role.AGENT)
BRUNO = User(id=2, name="Bruno", role=Role.AGENT)
SUELI = User(id=3, name="Sueli", role=Role.SUPERVISOR)


@pytest.mark.parametrize(
    ("owner", "status", "viewer", "offered"),
    [
        (Owner.QUEUE, Status.OPEN, ANA, ["release", "close", "claim"]),
        (Owner.BOT, Status.OPEN, ANA, ["claim"]),
        (Owner.BOT, Status.RESOLVED, ANA, ["claim"]),
        (Owner.AGENT, Status.OPEN, ANA, ["return", "release", "waiting", "close", "resolve"]),
        (Owner.AGENT, Status.WAITING, ANA, ["return", "release", "in_service", "close", "resolve"]),
        (Owner.AGENT, Status.OPEN, BRUNO, []),
        (Owner.AGENT, Status.OPEN, SUELI, ["return", "release", "waiting", "close", "resolve"]),
    ],
)
def test_the_head_offers_what_this_person_may_do_now(
    owner: Owner, status: Status, viewer: User, offered: list[str]
) -> None:
    conversation = Conversation(owner=owner, status=status, assignee_id=ANA.id)
    assert [action.key for action in actions_for(conversation, viewer)] == offered
