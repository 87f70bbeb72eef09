"""The access to the portal: a new provisional password, seen by this chat alone."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.menu import show_menu
from actions.turn import Turn, settings, writing
from desk.contacts.portal_access import has_portal_account, request_credentials


def portal_address() -> str:
    """Where the portal is."""
    return f"{settings().public_url.rstrip('/')}/portal"


class ActionRecoverAccess(Action):
    """Tells the login anew; the password itself is put in at delivery only."""

    def name(self) -> str:
        return "action_recover_access"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        async with writing(tracker) as turn:
            login = await turn.once(self.name(), lambda: _new_login(turn))
            if login:
                dispatcher.utter_message(
                    response="utter_access_recovered", portal=portal_address(), **login
                )
            else:
                dispatcher.utter_message(response="utter_access_none")
            if tracker.active_loop_name:
                return []
            return await show_menu(dispatcher, turn, tracker)


async def _new_login(turn: Turn) -> dict[str, Any]:
    contact_id = turn.contact_id
    if not await has_portal_account(turn.session, contact_id):
        return {}
    login = await request_credentials(turn.session, contact_id, turn.conversation.public_id)
    return {"username": login.username, "password": login.placeholder}
