"""Work a conversation's messages in order, under its lease."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.stopping import answered_campaign, stop_by_answer
from desk.channels.directory import PULL_KINDS
from desk.contacts.portal_access import draw_credentials
from desk.conversations.append import append_message
from desk.conversations.handoff_tickets import end_handoff_tickets
from desk.conversations.leases import Lease, LeaseLost, abandon_lease, renew_lease, take_lease
from desk.conversations.ownership import release_to_bot
from desk.conversations.requests import queue_outlook
from desk.conversations.status import status_after
from desk.conversations.tables import Conversation
from desk.conversations.team_messages import state_when_sent
from desk.conversations.turns import (
    Reply,
    Turn,
    TurnEnd,
    end_turn,
    hold_turn,
    more_or_done,
    next_turn,
    offered_payloads,
)
from desk.db import Database
from desk.events.log import SYSTEM, by_contact
from desk.settings import Settings
from desk.states import Owner, Status
from desk.text import UNREADABLE
from desk.vault import Vault
from handoff.bot import BotError, RasaClient, replies_of, understood_of
from handoff.bridge.ask import ask_bot
from handoff.bridge.queue_notices import queue_notice
from handoff.bridge.turn_text import queue_command, says_stop, text_for_bot
from handoff.pulse import Pulse
from handoff.words import Words

_RETRY_SECONDS = 2.0

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """A conversation under a lease, and the message to begin with."""

    lease: Lease
    turn: Turn | None


class Worker:
    """Takes a conversation's lease and works until nothing waits."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        bot: RasaClient,
        pulse: Pulse,
        words: Words,
        vault: Vault,
    ) -> None:
        self._settings = settings
        self._database = database
        self._bot = bot
        self._pulse = pulse
        self._words = words
        self._vault = vault

    async def take(self, session: AsyncSession, conversation_id: int) -> Job | None:
        """The right to work a conversation and its first message, in the caller's transaction."""
        lease = await take_lease(session, conversation_id, self._settings.lease_seconds)
        return Job(lease, await next_turn(session, conversation_id)) if lease else None

    async def work(self, job: Job) -> None:
        """Works a conversation until nothing waits."""
        lease = job.lease
        renewing = asyncio.create_task(self._renew(lease))
        try:
            await self._work_all(lease, job.turn)
        except LeaseLost:
            logger.warning("bridge.lease_lost", conversation_id=lease.conversation_id)
        except asyncio.CancelledError:
            await self._abandon(lease, 0)
            raise
        except Exception:
            # The message stays unworked and is tried again: nothing is lost, it only waits.
            logger.exception("bridge.work_failed", conversation_id=lease.conversation_id)
            await self._abandon(lease, _RETRY_SECONDS)
        finally:
            renewing.cancel()

    async def _work_all(self, lease: Lease, turn: Turn | None) -> None:
        uncertain = lease.inherited
        while True:
            if turn is None:
                more = await self._finish_idle(lease)
            elif says_stop(turn) and (campaign_id := await self._answered(turn)) is not None:
                more = await self._stop_turn(lease, turn, campaign_id)
            elif turn.owner is Owner.BOT and turn.text == UNREADABLE:
                more = await self._unreadable_turn(lease, turn)
            elif turn.owner is Owner.BOT:
                more = await self._bot_turn(lease, turn, uncertain=uncertain)
            else:
                more = await self._human_turn(lease, turn)
            fetches = turn is not None and turn.channel_kind in PULL_KINDS
            self._pulse.beat("events" if fetches else "outbound")
            if not more:
                return
            uncertain = False
            async with self._database.reading() as session:
                turn = await next_turn(session, lease.conversation_id)

    async def _answered(self, turn: Turn) -> int | None:
        async with self._database.reading() as session:
            return await answered_campaign(session, turn.conversation_id, turn.seq)

    async def _stop_turn(self, lease: Lease, turn: Turn, campaign_id: int) -> bool:
        """Whoever wants no more campaigns is told so at once, whoever has the conversation."""
        said = self._words.say("bridge_opted_out")
        async with self._database.transaction() as session:
            return await stop_by_answer(session, lease, turn, campaign_id, said)

    async def _unreadable_turn(self, lease: Lease, turn: Turn) -> bool:
        """The bot could only guess at what nobody can read; the customer is told so."""
        end = TurnEnd([Reply(self._words.say("bridge_unreadable"))])
        async with self._database.transaction() as session:
            return await end_turn(session, lease, turn, end, self._settings.review_below)

    async def _bot_turn(self, lease: Lease, turn: Turn, *, uncertain: bool) -> bool:
        offered: set[str] = set()
        if turn.payload is not None:
            async with self._database.reading() as session:
                offered = await offered_payloads(session, turn.conversation_id)
        try:
            items = await ask_bot(
                self._bot,
                turn,
                text_for_bot(turn, offered),
                uncertain=uncertain,
                patience_seconds=self._settings.bot_patience_seconds,
            )
        except BotError as error:
            end = self._apology(turn, str(error))
        except Exception as error:
            # Whatever it is, trying for ever would leave the customer without a word.
            logger.exception("bridge.ask_failed", message_id=turn.message_id)
            end = self._apology(turn, type(error).__name__)
        else:
            replies = replies_of(items)
            drawn = await draw_credentials(self._vault, [reply.text for reply in replies])
            end = TurnEnd(replies, drawn, understood=understood_of(items))
        async with self._database.transaction() as session:
            return await end_turn(session, lease, turn, end, self._settings.review_below)

    def _apology(self, turn: Turn, failure: str) -> TurnEnd:
        """What a customer hears when the bot cannot answer; nobody waits for internal news."""
        logger.error("bot.gave_up", message_id=turn.message_id, reason=failure)
        replies = [] if turn.kind == "internal" else [Reply(self._words.say("bridge_apology"))]
        subject = self._words.say("bridge_failed_subject")
        return TurnEnd(replies, failed=True, failure=failure, subject=subject)

    async def _human_turn(self, lease: Lease, turn: Turn) -> bool:
        async with self._database.transaction() as session:
            conversation = await hold_turn(session, lease, turn)
            if conversation.owner is Owner.QUEUE and turn.kind == "message":
                await self._while_queued(session, conversation, turn)
            return await more_or_done(session, conversation)

    async def _while_queued(
        self, session: AsyncSession, conversation: Conversation, turn: Turn
    ) -> None:
        """Understands leaving, else tells the place in the queue at bounded intervals."""
        contact = by_contact(conversation.contact_id)
        match queue_command(turn.text):
            case "leave":
                await end_handoff_tickets(session, conversation, Status.CLOSED, contact)
                await status_after(session, conversation, "contact_left", contact)
                await release_to_bot(session, conversation, contact, outcome="left_by_customer")
                return
            case "cancel":
                await end_handoff_tickets(session, conversation, Status.CLOSED, contact)
                await release_to_bot(
                    session, conversation, contact, outcome="cancelled_by_customer"
                )
                return
        now = datetime.now(UTC)
        told = conversation.queue_notice_at
        if told and now - told < timedelta(seconds=self._settings.queue_notice_seconds):
            return
        outlook = await queue_outlook(session, conversation, conversation.queue_id)
        conversation.queue_notice_at = now
        await append_message(
            session,
            conversation,
            SYSTEM,
            direction="out",
            state=await state_when_sent(session, conversation),
            author_kind="system",
            text=queue_notice(self._words, outlook, now),
            epoch=conversation.epoch,
        )

    async def _abandon(self, lease: Lease, retry_after_seconds: float) -> None:
        async with self._database.transaction() as session:
            await abandon_lease(session, lease, retry_after_seconds)

    async def _finish_idle(self, lease: Lease) -> bool:
        async with self._database.transaction() as session:
            return await more_or_done(session, await hold_turn(session, lease, None))

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 3)
            try:
                async with self._database.transaction() as session:
                    await renew_lease(session, lease, self._settings.lease_seconds)
            except LeaseLost:
                return  # the next write notices it
            except Exception:
                # The database may be restarting; there is time for another try or two.
                logger.exception("bridge.renew_failed", conversation_id=lease.conversation_id)
