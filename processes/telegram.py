"""Telegram beside the page: made only when a token is set; nothing of it is imported otherwise."""

from dataclasses import dataclass

from fastapi import FastAPI

from bot.channels.linking_routes import linking_router
from bot.channels.telegram_details import DetailsDesk, details_router
from bot.channels.telegram_service import TelegramService, TelegramSettings
from bot.channels.telegram_webhook import PATH, telegram_router
from bot.limits import Limits
from config.refusal import Refused
from config.regions import regions
from config.settings import Settings
from processes.assemble import Assembly, clock
from processes.telegram_staff import ConsoleOffice, read_groups


@dataclass(frozen=True)
class Telegram:
    """The running channel; `stop` ends it cleanly."""

    service: TelegramService

    def stop(self) -> None:
        """Finish what is under way and give the lease back."""
        self.service.stop()


def build_telegram(app: FastAPI, parts: Assembly, limits: Limits) -> Telegram:
    """Make the channel and add its routes. Raises Refused for settings that cannot work together."""
    settings = parts.settings
    secret = settings.telegram_webhook_secret.get_secret_value()
    _check(settings, secret)
    groups = read_groups(settings.telegram_staff_group, regions())
    personal = settings.telegram_personal == "on"
    details = DetailsDesk(parts.database, parts.people, clock, settings.data_dir / "details.key", settings.public_url)
    service = TelegramService(
        parts.turns,
        TelegramSettings(
            token=settings.telegram_token.get_secret_value(),
            base_url=settings.telegram_base_url,
            public_url=settings.public_url,
            photos=parts.photos,
            personal=personal,
            webhook_url=f"{settings.public_url}{PATH}" if secret else "",
            webhook_secret=secret,
            details=details.link,
            office=ConsoleOffice(groups, rooms=personal) if groups else None,
        ),
    )
    app.include_router(details_router(details))
    app.include_router(linking_router(parts.database, limits, clock, service.bot_name))
    if secret:
        staff = frozenset(group.address for group in groups)
        app.include_router(telegram_router(parts.database, secret, personal=personal, clock=clock, wake=service.wake, staff=staff))
    return Telegram(service)


def start_telegram(telegram: Telegram) -> Telegram:
    """Begin to poll (or to ask for posts), to work and to send."""
    telegram.service.start()
    return telegram


def _check(settings: Settings, secret: str) -> None:
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    if secret and (len(secret) < 16 or not set(secret) <= allowed):
        raise Refused(
            "LINDA_TELEGRAM_WEBHOOK_SECRET 太短或含有不允许的字符", "用 16 到 256 个字母、数字、下划线或短横线", code="weak_secret"
        )
    if not settings.telegram_base_url.startswith(("http://", "https://")):
        raise Refused("LINDA_TELEGRAM_BASE_URL 不是网址", "写成 https://api.telegram.org 这样的地址", code="bad_url")
