"""The commands of the menu: each is a button of the conversation that is always there."""

import hashlib
from collections.abc import Sequence

from bot.channels.telegram_turns import TurnTaker
from bot.channels.telegram_update import Said
from config.words import Words
from storage.models import ChannelUpdateRow, ChoiceRow, ConversationRow

COMMANDS: dict[str, dict[str, str]] = {
    "repair": {"do": "say", "intent": "report_repair"},
    "complain": {"do": "say", "intent": "report_complaint"},
    "status": {"do": "say", "intent": "ask_status"},
    "policy": {"do": "say", "intent": "ask_policy"},
    "committee": {"do": "say", "intent": "guide_committee"},
    "human": {"do": "human"},
}
HELP = {"start": {"do": "say", "intent": "greet"}, "help": {"do": "say", "intent": "ask_ability"}}


def command_menu(words: Words) -> list[tuple[str, str]]:
    """The commands of the menu with their words."""
    return [(name, words(f"tg_command_{name}")) for name in COMMANDS]


def command_token(conversation_id: str, command: str) -> str:
    """The button a command of the menu stands for, always the same in one conversation."""
    return f"cmd-{hashlib.sha256(f'{conversation_id}/{command}'.encode()).hexdigest()[:20]}"


def take_command(taker: TurnTaker, found: Sequence[ChannelUpdateRow], said: Said, conversation: ConversationRow) -> None:
    """A command as a turn; words behind it are said with it, an unknown one is taken as words."""
    name, rest = said.text, said.argument
    meaning = {**COMMANDS, **HELP}.get(name)
    if meaning is None:
        taker.begin(found, conversation, f"/{name} {rest}".strip())
    elif rest and name in COMMANDS:
        taker.begin(found, conversation, f"{Words()(f'tg_command_{name}')} {rest}")
    else:
        token = command_token(conversation.id, name)
        with taker.database.write() as session:
            if session.get(ChoiceRow, token) is None:
                title = Words()(f"tg_command_{name}") if name in COMMANDS else f"/{name}"
                made = {**meaning, "title": title}
                session.add(ChoiceRow(token=token, conversation_id=conversation.id, meaning=made, made_at=taker.clock()))
        taker.begin(found, conversation, None, token)
