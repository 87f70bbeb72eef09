"""What the assistant understood of a message, told to the bridge beside its replies.

Rasa keeps it in the tracker only, and fetching a tracker for every turn costs more than the turn.
Whoever posts a message with a `message_id` in its metadata, as the bridge does, gets one more item:
`{"custom": {"understood": {...}}}`, with names and numbers and no word of the customer. Other
channels, `rasa shell` among them, see nothing of it.
"""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, OutputChannel
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME, REQUESTED_SLOT
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

FALLBACK = "nlu_fallback"
RANKED = 3

_original_loop = MessageProcessor._run_prediction_loop
_UNTOLD = frozenset({ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME})


def install() -> None:
    """Changes Rasa's processor; doing it again changes nothing."""
    MessageProcessor._run_prediction_loop = _run_and_tell


async def _run_and_tell(
    self: MessageProcessor, output_channel: OutputChannel, tracker: DialogueStateTracker
) -> None:
    """Runs the turn, then tells what was understood and which actions and responses answered."""
    latest = tracker.latest_message
    form = tracker.get_slot(REQUESTED_SLOT) if tracker.active_loop_name else None
    await _original_loop(self, output_channel, tracker)
    asked = latest is not None and "message_id" in (latest.metadata or {})
    if asked and isinstance(output_channel, CollectingOutputChannel):
        told = _understanding(latest.parse_data) | {"form": form} | _answered(tracker)
        await output_channel.send_custom_json(tracker.sender_id, {"understood": told})


def _understanding(parse_data: dict[str, Any]) -> dict[str, Any]:
    intent = parse_data.get("intent") or {}
    ranking = [
        [each["name"], round(float(each["confidence"]), 4)]
        for each in parse_data.get("intent_ranking") or []
        if each["name"] != FALLBACK
    ][:RANKED]
    # The fallback's own number says nothing of how near the best guess was.
    sure = ranking[0][1] if ranking else round(float(intent.get("confidence") or 0), 4)
    kinds = {each["entity"] for each in parse_data.get("entities") or []}
    return {
        "intent": intent.get("name"),
        "confidence": sure,
        "ranking": ranking,
        "entities": sorted(kinds),
    }


def _answered(tracker: DialogueStateTracker) -> dict[str, Any]:
    actions: list[str] = []
    responses: list[str] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        if isinstance(event, ActionExecuted) and event.action_name not in _UNTOLD:
            actions.insert(0, event.action_name)
        if isinstance(event, BotUttered) and (name := event.metadata.get("utter_action")):
            responses.insert(0, name)
    return {"actions": actions, "responses": responses}
