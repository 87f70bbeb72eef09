"""The JSON of webhooks: what the API tells of them, and what their endpoints get."""

from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, model_validator

from desk.webhooks.deliveries import KEPT_DAYS
from desk.webhooks.settings import WebhookValues
from handoff.api.endpoints import Shape


class WebhookShown(BaseModel):
    """An endpoint. ``paused_at``: given up after long failure, until it is activated again."""

    id: int
    active: bool
    paused_at: str | None
    failing_since: str | None
    values: WebhookValues


class WebhookList(BaseModel):
    """Endpoints by name."""

    webhooks: list[WebhookShown]


class WebhookMade(WebhookShown):
    """An endpoint with its secret, which is told in this answer and nowhere again."""

    secret: str


class SecretShown(BaseModel):
    """The new secret, told once; the old one signs beside it for a day."""

    secret: str


class KindShown(BaseModel):
    """A kind of event, and the names of the facts that its deliveries may hold."""

    kind: str
    facts: list[str]


class KindList(BaseModel):
    """What an endpoint may hear of."""

    kinds: list[KindShown]


class DeliveryShown(BaseModel):
    """One event for one endpoint. ``error`` is the class of the last try's failure."""

    id: int
    message_id: str
    kind: str
    at: str
    state: Literal["pending", "sent", "failed"]
    tries: int
    due_at: str | None
    tried_at: str | None
    status: int | None
    duration_ms: int | None
    error: str


class DeliveryPageShown(BaseModel):
    """A page, newest first; ``next_cursor`` leads to the next, null at the end."""

    deliveries: list[DeliveryShown]
    next_cursor: str | None


class Period(Shape):
    """From ``since`` to before ``until``: at most thirty days."""

    since: AwareDatetime
    until: AwareDatetime

    @model_validator(mode="after")
    def _is_short(self) -> Self:
        if not timedelta(0) < self.until - self.since <= timedelta(days=KEPT_DAYS):
            raise ValueError("Escolha um período de até 30 dias.")
        return self


class Replayed(BaseModel):
    """How many events are sent once more."""

    count: int


class EventActor(BaseModel):
    """Who did it: contact, bot, agent, rule or system; ``id`` is a contact's or a user's."""

    kind: str
    id: int | None


class WebhookEvent(BaseModel):
    """What an endpoint gets, version 1: ids and small facts, no words of anybody.

    Signed as the Standard Webhooks say: ``webhook-signature`` is ``v1,`` and the base64 of the
    HMAC-SHA256 of ``webhook-id.webhook-timestamp.body`` under the secret (the base64 after
    ``whsec_``), for more than one secret separated by a space. ``id`` is the ``webhook-id``, the
    same at every try and replay: what was seen is left aside. Later versions may add fields.
    """

    version: Literal[1]
    id: str
    kind: str
    at: datetime
    actor: EventActor
    conversation: str | None
    ticket_id: int | None
    facts: dict[str, Any]
