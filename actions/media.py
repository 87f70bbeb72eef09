"""What becomes of files: taken by the form that is open, or asked what they are for."""

from dataclasses import replace

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.interruptions import requested_slot
from actions.menu import Option, offer, ticket_options
from actions.phrases import phrase
from actions.served import for_served_companies
from actions.turn import heard, reading
from actions.unused_media import unused_media
from desk.tickets.directory import find_ticket, tickets_of

_MOST_TICKETS = 5


class ActionReceiveMedia(Action):
    """Takes a file in the middle of a form, or asks what to do with it."""

    def name(self) -> str:
        return "action_receive_media"

    @for_served_companies
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        files = len(unused_media(tracker))
        answered = await _ticket_of_news(tracker)
        if answered is not None:
            dispatcher.utter_message(response="utter_media_received", count=files)
            return [SlotSet("ticket_id", answered), SlotSet("next_step", "post_action")]
        if not heard(tracker).has_files:
            asked = requested_slot(tracker) in ("ticket_media", "action_media")
            dispatcher.utter_message(
                response="utter_media_waiting" if asked else "utter_files_may_come"
            )
        elif requested_slot(tracker) in ("ticket_media", "action_media"):
            dispatcher.utter_message(response="utter_media_received_more", count=files)
        elif tracker.active_loop_name:
            dispatcher.utter_message(response="utter_media_received", count=files)
        elif not tracker.get_slot("identified"):
            dispatcher.utter_message(response="utter_files_kept_identify")
            return [SlotSet("next_step", "identify")]
        else:
            dispatcher.utter_message(response="utter_files_kept")
            async with reading(tracker) as turn:
                tickets = await tickets_of(turn.session, turn.contact_id, limit=_MOST_TICKETS)
            options = [Option("1", "utter_option_new_ticket_with_file", "open_ticket")]
            for option in ticket_options(tickets, "post_action", start=2):
                options.append(
                    replace(option, title=phrase("utter_option_attach", ticket=option.title))
                )
            return [offer(dispatcher, "utter_files_menu", options), SlotSet("next_step", "nothing")]
        return [SlotSet("next_step", "nothing")]


async def _ticket_of_news(tracker: Tracker) -> int | None:
    """The ticket that a bare file answers: the one whose news were told just before."""
    said = heard(tracker)
    if not (said.news_ticket and said.has_files) or tracker.active_loop_name:
        return None
    async with reading(tracker) as turn:
        ticket = await find_ticket(turn.session, turn.contact_id, said.news_ticket)
    return ticket.id if ticket else None
