"""What comes in on any channel."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Incoming:
    """One message of a resident. `message_id` is the channel's idempotency key; `choice` an opaque token of ours."""

    message_id: str
    text: str | None = None
    choice: str | None = None
    attachments: tuple[str, ...] = ()

    def payload(self) -> dict[str, Any]:
        """What is kept in the inbox."""
        return {"text": self.text, "choice": self.choice, "attachments": list(self.attachments)}

    def digest(self) -> str:
        """Fingerprint of the body: the same message_id with another digest is refused."""
        return hashlib.sha256(json.dumps(self.payload(), sort_keys=True, ensure_ascii=False).encode()).hexdigest()
