"""`python -m actions`: the action server, on loopback, on PONTE_ACTIONS_PORT."""

import logging
import sys

from actions.server import create_server
from desk.settings import SettingsError, load_settings


def main() -> int:
    """Serves until it is told to stop; 2 and one line when a setting makes no sense."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("rasa_sdk").setLevel(logging.WARNING)
    try:
        settings = load_settings()
        server = create_server(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    server.run(
        host="127.0.0.1",
        port=settings.actions_port,
        single_process=True,
        access_log=False,
        motd=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
