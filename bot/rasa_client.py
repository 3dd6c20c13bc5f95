"""The one caller of Rasa: short time-out, breaker. Whatever comes back is only advice; the turn's row tells what was decided."""

import base64
import json
import threading
import time
from urllib.parse import urlsplit

import numpy as np
import structlog
import urllib3
from numpy.typing import NDArray

log = structlog.get_logger(__name__)
FAILURES = 3  # in a row open the breaker
PAUSE_S = 5.0  # then one trial call is let through


class RasaClient:
    """Sends one message to Rasa's own REST channel; Rasa calls our action endpoint before it answers."""

    def __init__(self, url: str, secret: str, timeout_s: float, *, on: bool = True) -> None:
        self.on = on
        address = urlsplit(url)
        # urllib3 rather than httpx: this call is made on every turn and costs a third of the processor time.
        self._pool = urllib3.HTTPConnectionPool(
            address.hostname or "127.0.0.1", address.port, maxsize=64, timeout=urllib3.Timeout(connect=0.5, read=timeout_s), retries=False
        )
        self._base = address.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_until = 0.0

    def open_for_calls(self) -> bool:
        """False while the breaker is open or Rasa is switched off."""
        if not self.on:
            return False
        with self._lock:
            return self._failures < FAILURES or time.monotonic() >= self._closed_until

    def say(self, sender: str, text: str, turn_id: str, meaning: NDArray[np.float32] | None = None) -> bool:
        """Let Rasa take the turn; False when it is away, late or odd. `meaning`: the encoder's vector of `text`, when it was made here."""
        if not self.open_for_calls():
            return False
        try:
            said: dict[str, object] = {"sender": sender, "message": text, "metadata": {"turn_id": turn_id}}
            if meaning is not None:
                said["vector"] = base64.b64encode(meaning.astype("<f4").tobytes()).decode()
            address = f"{self._base}/webhooks/linda/webhook"
            response = self._pool.request("POST", address, body=json.dumps(said).encode(), headers=self._headers)
            well = response.status == 200
        except urllib3.exceptions.HTTPError as error:
            log.warning("rasa_away", turn=turn_id, error=type(error).__name__)
            well = False
        self._count(well)
        return well

    def _count(self, well: bool) -> None:
        with self._lock:
            self._failures = 0 if well else self._failures + 1
            if self._failures >= FAILURES:
                self._closed_until = time.monotonic() + PAUSE_S

    def answers(self) -> bool:
        """Whether Rasa answers now (for /readyz)."""
        if not self.on:
            return False
        try:
            return self._pool.request("GET", f"{self._base}/", timeout=1.0).status == 200
        except urllib3.exceptions.HTTPError:
            return False
