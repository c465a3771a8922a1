"""What telegram's errors mean to us, said in one place: nobody above this floor sees one of them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.conversation.channel import Blocked, ChannelError, Rejected, Throttled, Unreachable
from bot.core.errors import SettingError, StillhereError
from bot.telegram.transport import NeverLeft


class TokenRefused(SettingError):  # noqa: N818 - reads as a sentence where it is raised
    """Telegram does not know this token."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram refuses the bot token. Check STILLHERE_BOT_TOKEN (and STILLHERE_API_URL, if it is set)."
        )


class Contested(ChannelError):  # noqa: N818 - reads as a sentence where it is raised
    """Somebody else takes this bot's updates: another poller, or a webhook (`webhook`)."""

    def __init__(self, *, webhook: bool) -> None:
        super().__init__("a webhook is set" if webhook else "another program polls with the same token")
        self.webhook = webhook


@contextmanager
def translated() -> Iterator[None]:
    """Let our own errors out instead of telegram's."""
    try:
        yield
    except TelegramError as error:
        raise meaning(error) from None


def meaning(error: TelegramError) -> StillhereError:
    """Our word for telegram's error: a ChannelError, or TokenRefused. `BadRequest` is a NetworkError, so it is asked first."""
    match error:
        case InvalidToken() | EndPointNotFound():
            return TokenRefused()
        case Conflict():
            return Contested(webhook="webhook" in error.message.lower())
        case Forbidden():
            return Blocked(public(error.message))
        case RetryAfter():
            return Throttled(_seconds(error.retry_after))
        case ChatMigrated():
            return Rejected("group moved")
        case BadRequest():
            return _refusal(error.message)
        case NeverLeft():
            return Unreachable(error.message, left=False)
    if error.message.lower().startswith("too many requests"):
        return Throttled(1.0)
    return Unreachable(public(error.message), left=True)


def unchanged(error: TelegramError) -> bool:
    """Whether an edit was refused because the message already reads so: a success."""
    return isinstance(error, BadRequest) and "message is not modified" in error.message.lower()


def refused_file(error: TelegramError) -> bool:
    """Whether a remembered file id is no longer accepted, so that the picture has to be uploaded again."""
    message = error.message.lower()
    return (
        isinstance(error, BadRequest)
        and "file" in message
        and any(word in message for word in ("wrong", "invalid", "expired", "mismatch", "not found"))
    )


def public(message: str) -> str:
    """Telegram's reason without anything it may quote from a message or an answer, short enough for a log line."""
    return re.split(r"""["“«]|\s['`]|:\s|\n|\. Parsing|\. The server""", message, maxsplit=1)[0].strip()[:100]


_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message to delete not found",
    "message can't be deleted",
)
_ABSENT = ("chat not found", "peer_id_invalid", "user not found", "user_is_deactivated", "input_user_deactivated")


def _refusal(message: str) -> ChannelError:
    reason = message.lower()
    if any(part in reason for part in _ABSENT):
        return Blocked(public(message))
    return Rejected(public(message), gone=any(part in reason for part in _GONE))


def _seconds(wait: int | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
