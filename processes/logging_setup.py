"""Logs as one JSON object a line, masked; libraries that would print secrets are kept quiet."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from storage.personal_data import mask


def _masked(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _mask_all(value) for key, value in event.items()}


def _mask_all(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: _mask_all(inner) for key, inner in value.items()}
    return [_mask_all(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def set_up_logging(level: str) -> None:
    """Structured logs on stderr; httpx stays silent because its INFO line holds the bot token."""
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    for name in ("httpx", "httpcore", "rasa_sdk", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _masked,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
