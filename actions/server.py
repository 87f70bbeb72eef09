"""The action server: rasa_sdk's own, whose failures name no customer."""

import logging
import traceback
from typing import Any

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor, ActionExecutorRunResult
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions.phrases import use_responses
from actions.turn import guides, phraser, router, use_desk
from desk.db import Database
from desk.encoder import make_encoder
from desk.settings import Settings

logger = logging.getLogger(__name__)


class ActionFailed(Exception):
    """An action failed; the reason is in the log, without what the customer wrote."""


class PrivateExecutor(ActionExecutor):
    """Runs actions; logs where one failed, not the values, which may be personal."""

    def update_and_return_domain(
        self, payload: dict[str, Any], action_name: str
    ) -> dict[str, Any] | None:
        """The domain of a call, whose words the action may use."""
        domain: dict[str, Any] | None = super().update_and_return_domain(payload, action_name)
        use_responses(domain)
        return domain

    async def run(self, action_call: dict[str, Any]) -> ActionExecutorRunResult | None:
        """Runs the action that Rasa asks for.

        Raises:
            ActionFailed: the action raised; the server answers 500 and the bridge is told.
        """
        try:
            return await super().run(action_call)
        except (ActionExecutionRejection, ActionNotFoundException):
            raise
        except Exception as error:
            where = "".join(traceback.format_tb(error.__traceback__))
            name = action_call.get("next_action")
            logger.error("Action %s failed: %s\n%s", name, type(error).__name__, where)
            raise ActionFailed(f"{name}: {type(error).__name__}") from None


def create_executor() -> PrivateExecutor:
    """An executor that knows every action of this package."""
    executor = PrivateExecutor()
    executor.register_package("actions")
    return executor


def create_server(settings: Settings) -> Any:
    """The Sanic application of rasa_sdk with our actions and one database.

    Raises:
        SettingsError: the model that PONTE_ENCODER names cannot be had.
    """
    make_encoder(settings.encoder)  # what is wrong with it is said now, not at the first question
    app = create_app(create_executor())
    app.config.KEEP_ALIVE_TIMEOUT = 120

    @app.before_server_start
    async def open_desk(*_: object) -> None:
        use_desk(Database(settings.database_url), settings)
        app.add_task(router().prepare())

    @app.before_server_stop
    async def stop_learning(*_: object) -> None:
        router().close()

    @app.after_server_start
    async def warm_up(*_: object) -> None:
        app.add_task(guides().warm_up())

    @app.after_server_stop
    async def close_model(*_: object) -> None:
        if model := phraser():
            await model.close()

    return app
