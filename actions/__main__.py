"""`python -m actions`: the action server, on loopback, on PONTE_ACTIONS_PORT."""

import logging

from actions.server import create_server
from desk.settings import load_settings


def main() -> None:
    """Serves until it is told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("rasa_sdk").setLevel(logging.WARNING)
    settings = load_settings()
    server = create_server(settings)
    server.run(
        host="127.0.0.1",
        port=settings.actions_port,
        single_process=True,
        access_log=False,
        motd=False,
    )


if __name__ == "__main__":
    main()
