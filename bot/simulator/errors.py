"""The errors of the simulated Telegram: answers of its Bot API, and mistakes of whoever plays the people."""

from typing import Any


class ApiError(Exception):
    """An answer with ``ok: false``; the description is worded as Telegram words it."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> dict[str, Any]:
        """The JSON a bot receives."""
        answer: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


class ConnectionDroppedError(Exception):
    """The connection is to be reset without an answer."""


class MisuseError(ValueError):
    """A person did what a person cannot do (press in a chat that is not there); the text is a sentence to read."""


def bad_request(reason: str) -> ApiError:
    """400 with Telegram's prefix; like Telegram, the reason starts small unless it is a code such as QUERY_ID_INVALID."""
    return ApiError(400, f"Bad Request: {_lowered(reason)}")


def forbidden(reason: str) -> ApiError:
    """403 with Telegram's prefix."""
    return ApiError(403, f"Forbidden: {reason}")


def conflict(reason: str) -> ApiError:
    """409 with Telegram's prefix."""
    return ApiError(409, f"Conflict: {reason}")


def too_many_requests(seconds: int) -> ApiError:
    """429: the same call may be repeated after `seconds`."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def _lowered(reason: str) -> str:
    is_code = len(reason) > 1 and (reason[1] == "_" or reason[1].isupper())
    return reason if is_code or not reason else reason[0].lower() + reason[1:]
