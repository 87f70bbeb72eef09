import pytest

from desk.conversations.tables import Conversation
from desk.states import Owner, Status
from desk.team.tables import Role, User
from handoff.console.pane import actions_for

ANA = User(id=1, name="Ana", role=Role.AGENT)
BRUNO = User(id=2, name="Bruno", role=Role.AGENT)
SUELI = User(id=3, name="Sueli", role=Role.SUPERVISOR)
MINE = ("return", "release", "transfer")


@pytest.mark.parametrize(
    ("owner", "status", "viewer", "offered"),
    [
        (Owner.QUEUE, Status.OPEN, ANA, ["release", "transfer", "finish", "close", "claim"]),
        (Owner.BOT, Status.OPEN, ANA, ["finish", "claim"]),
        (Owner.BOT, Status.RESOLVED, ANA, ["claim"]),
        (Owner.BOT, Status.RESOLVED, SUELI, ["transfer", "claim"]),
        (Owner.AGENT, Status.OPEN, ANA, [*MINE, "waiting", "finish", "close", "resolve"]),
        (Owner.AGENT, Status.WAITING, ANA, [*MINE, "in_service", "finish", "close", "resolve"]),
        (Owner.AGENT, Status.OPEN, BRUNO, []),
        (
            Owner.AGENT,
            Status.OPEN,
            SUELI,
            [*MINE, "waiting", "finish", "close", "resolve", "take-over"],
        ),
    ],
)
def test_the_head_offers_what_this_person_may_do_now(
    owner: Owner, status: Status, viewer: User, offered: list[str]
) -> None:
    conversation = Conversation(owner=owner, status=status, assignee_id=ANA.id)
    assert [action.key for action in actions_for(conversation, viewer)] == offered


def test_one_action_is_the_likeliest() -> None:
    for owner, viewer, likeliest in [
        (Owner.QUEUE, ANA, "claim"),
        (Owner.AGENT, ANA, "resolve"),
        (Owner.AGENT, SUELI, "take-over"),
    ]:
        conversation = Conversation(owner=owner, status=Status.OPEN, assignee_id=ANA.id)
        offered = actions_for(conversation, viewer)
        assert [action.key for action in offered if action.primary] == [likeliest]
