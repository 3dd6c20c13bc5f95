"""Every setting of a deployment, read from `LINDA_*` environment variables by the entry points in `processes/`."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """One deployment's settings; a missing variable means the embedded default (SQLite, loopback, no broker)."""

    model_config = SettingsConfigDict(env_prefix="LINDA_", env_file=None, extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8080
    data_dir: Path = PROJECT / "var"
    database_url: str = ""
    limits: Literal["on", "off"] = "on"
    default_region: str = "donghe"
    public_url: str = ""

    rasa: Literal["on", "off"] = "on"
    rasa_url: str = "http://127.0.0.1:5105"
    rasa_timeout_s: float = Field(default=3.0, gt=0)
    action_token: SecretStr = SecretStr("")
    encoder_dir: Path = PROJECT / "var" / "encoder"

    broker_url: str = ""
    telegram_token: SecretStr = SecretStr("")
    telegram_base_url: str = "https://api.telegram.org"
    telegram_webhook_secret: SecretStr = SecretStr("")
    telegram_personal: Literal["on", "off"] = "off"  # on: phones and rooms said in Telegram are kept (contract 3)
    telegram_staff_group: str = ""  # -100…=street/donghe;-100…=company/donghe/和平小区 (processes/telegram_staff.py)

    log_level: str = "INFO"

    @model_validator(mode="after")
    def _safe(self) -> "Settings":
        """Refuse to start unsafe: no measuring mode off loopback (contract 1)."""
        if self.limits == "off" and self.host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("LINDA_LIMITS=off 只能在回环地址上使用；把 LINDA_HOST 设为 127.0.0.1，或去掉 LINDA_LIMITS")
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data_dir / 'linda.db'}"
        if not self.public_url:
            self.public_url = f"http://{self.host}:{self.port}"
        return self
