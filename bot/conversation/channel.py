"""The protocol that conversation and delivery speak with whatever carries messages to people."""

from typing import Protocol

from bot.core.errors import StillhereError
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that took effect: Telegram's message id (0 if the method has none) and an uploaded picture's file id."""

    message_id: int = 0
    file_id: str = ""


class Channel(Protocol):
    """Carries one finished request. Raises only the errors below."""

    async def call(self, method: str, body: bytes) -> Sent:
        """
        Make the Bot API call `method` with the JSON `body`.

        A body may name a picture as `media:<name>`; the `document` of sendDocument may be an object with its `name` and `text`.
        """

    async def answer(self, query_id: str, text: str = "") -> None:
        """End a press's spinner. May fail silently: nothing depends on it."""

    async def send_now(self, chat_id: int, text: str) -> None:
        """Send fixed words at once, past outbox, lanes and budget. For the static crisis card only."""


class ChannelError(StillhereError):
    """A call did not succeed."""


class Blocked(ChannelError):  # noqa: N818 - reads as a sentence where it is raised
    """The person blocked the bot, or their account is gone: nothing can be delivered."""


class Throttled(ChannelError):  # noqa: N818 - reads as a sentence where it is raised
    """Telegram asks to wait `seconds`; `everywhere` if the whole bot has to, else this chat alone."""

    def __init__(self, seconds: float, *, everywhere: bool = False) -> None:
        super().__init__(f"asked to wait {seconds:g} s")
        self.seconds = seconds
        self.everywhere = everywhere


class Rejected(ChannelError):  # noqa: N818 - reads as a sentence where it is raised
    """Telegram refuses this call for ever; `reason` is Telegram's own short text. `gone`: the edited message no longer exists."""

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.gone = gone


class Unreachable(ChannelError):  # noqa: N818 - reads as a sentence where it is raised
    """The network or Telegram failed. `left`: the request may have taken effect; False if it certainly did not."""

    def __init__(self, reason: str, *, left: bool) -> None:
        super().__init__(reason)
        self.left = left
