"""One process of the application: `python -m processes.serve`."""

import uvicorn

from config.settings import Settings
from processes.application import build_application
from processes.assemble import assemble
from processes.logging_setup import set_up_logging


def main() -> None:
    """Serve until told to stop."""
    settings = Settings()
    set_up_logging(settings.log_level)
    application = build_application(assemble(settings))
    uvicorn.run(
        application, host=settings.host, port=settings.port, log_level="warning", access_log=False,
        timeout_graceful_shutdown=8, server_header=False, backlog=1024, h11_max_incomplete_event_size=64 * 1024,
    )  # fmt: skip


if __name__ == "__main__":
    main()
