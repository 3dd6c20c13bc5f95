"""The console's way to operators' own Telegram chats: the console and the bot do not know each other."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.operator_linking import end_chats_of, has_chat, offer_operator_code
from config.settings import Settings

CHANNEL = "telegram"


class TelegramChats:
    """`console.desk.OperatorChats` over the bot's rows."""

    def linked(self, session: Session, operator_id: int) -> bool:
        """Whether this operator has a chat."""
        return has_chat(session, CHANNEL, operator_id)

    def offer(self, session: Session, login: str, actor: str, now: datetime) -> str:
        """A code, told this once."""
        return offer_operator_code(session, CHANNEL, login, actor, now)

    def end(self, session: Session, login: str, actor: str, now: datetime) -> bool:
        """Take the chat and an open code away; False when there was none."""
        return end_chats_of(session, CHANNEL, login, actor, now)


def chats_of_staff(settings: Settings) -> TelegramChats | None:
    """None without staff groups: nothing could be done with a code then."""
    on = settings.telegram_token.get_secret_value() and settings.telegram_staff_group
    return TelegramChats() if on else None
