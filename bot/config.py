"""The settings of a host: from the environment, `.env`, or a folder of secrets. Read by the command line and the app only."""

import os
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bot.core.errors import SettingError

TELEGRAM = "https://api.telegram.org"

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]+")
_LISTED = re.compile(r"[\d,\s]+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Settings(BaseSettings):
    """
    Every setting begins with `STILLHERE_`. Secrets may also lie as files in `/run/secrets` (`stillhere_bot_token`).

    Raises SettingError, through `read`, with the setting's name and what it wants.
    """

    model_config = SettingsConfigDict(
        env_prefix="STILLHERE_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    bot_token: SecretStr = Field(default=SecretStr(""), description="From @BotFather; needed by `stillhere run`.")
    api_url: str = Field(default=TELEGRAM, description="Base of the Bot API; a local Bot API server, or the simulator.")
    database_url: SecretStr = Field(
        default=SecretStr("sqlite+aiosqlite:///var/stillhere.db"),
        description="Where everything is kept; or postgresql+asyncpg://…",
    )
    key_file: Path = Field(
        default=Path("keys/stillhere.key"), description="The master key, mode 600, on a volume of its own."
    )
    webhook_url: str = Field(
        default="", description="Set: Telegram sends updates here, instead of being asked for them."
    )
    webhook_listen: str = Field(
        default="127.0.0.1:8443", description="Where the webhook listens, behind your TLS proxy."
    )
    webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="1–256 letters, digits, _ or -; needed with a webhook."
    )
    send_rate: int = Field(
        default=30, ge=0, le=1000, description="Messages a second that Telegram allows this bot; 0: no limit."
    )
    access: Literal["open", "invite", "list"] = Field(
        default="open",
        description="Who may use the bot: everybody, whoever has an invitation (`stillhere invite`), or whoever is on a list.",
    )
    access_list: str = Field(
        default="", description="With access by list: Telegram ids with commas between, or a file with one a line."
    )
    profile: Literal["full", "neutral"] = Field(
        default="full", description="What the bot's page in Telegram says: neutral has no word about couples."
    )
    bot_name: str = Field(
        default="", max_length=64, description="What the bot is called in people's chats; empty: as BotFather has it."
    )
    retention_days: int = Field(
        default=365,
        ge=1,
        le=365,
        description="After so many days without a word everything of a person goes; nothing stays longer.",
    )
    health_listen: str = Field(default="127.0.0.1:8082", description="Health and metrics; empty: none.")
    start_wait: int = Field(
        default=30, ge=0, le=86_400, description="Seconds to wait for Telegram at the start before giving up."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged.")
    dialogs: Path | None = Field(
        default=None, description="A folder of your own dialogs, on top of those carried along."
    )
    cache: Path = Field(default=Path("var/cache"), description="Where compiled dialogs are kept; may be read-only.")

    @field_validator("dialogs", mode="before")
    @classmethod
    def _a_folder(cls, value: object) -> object:
        return value or None

    @field_validator("bot_token")
    @classmethod
    def _a_token(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value().strip()
        if token and not _TOKEN.fullmatch(token):
            raise ValueError("wants the token as @BotFather gave it: a number, a colon, then letters, digits, _ and -")
        return SecretStr(token)

    @field_validator("webhook_secret")
    @classmethod
    def _a_secret(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not _SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("wants 1 to 256 letters, digits, _ or -")
        return value

    @field_validator("api_url", "webhook_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("wants an address that begins with https://")
        return value.rstrip("/")

    @field_validator("webhook_listen", "health_listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        port = value.rpartition(":")[2]
        if value and not (port.isascii() and port.isdecimal() and int(port) < 1 << 16):
            raise ValueError("wants host:port, for example 127.0.0.1:8082")
        return value

    @model_validator(mode="after")
    def _what_goes_together(self) -> Self:
        if self.webhook_url and not self.webhook_secret.get_secret_value():
            raise PydanticCustomError(
                "missing",
                "STILLHERE_WEBHOOK_SECRET: is needed with STILLHERE_WEBHOOK_URL; any long random word will do",
            )
        if self.access == "list":
            self.listed()
        return self

    def listed(self) -> frozenset[int]:
        """The Telegram ids on the host's list, read anew each time. Raises a mistake of validation that says what is wrong."""
        wish = self.access_list.strip()
        if not wish:
            raise PydanticCustomError("missing", "STILLHERE_ACCESS_LIST: is needed with STILLHERE_ACCESS=list")
        text = wish if _LISTED.fullmatch(wish) else _file(Path(wish))
        lines = (line.partition("#")[0] for line in text.splitlines())
        ids = [word for line in lines for word in line.replace(",", " ").split()]
        if not all(word.isascii() and word.isdecimal() for word in ids):
            raise PydanticCustomError(
                "unreadable", "STILLHERE_ACCESS_LIST: wants Telegram ids, which are whole numbers; names don't work"
            )
        return frozenset(map(int, ids))


def _file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise PydanticCustomError(
            "unreadable", "STILLHERE_ACCESS_LIST: is neither ids nor a file that can be read"
        ) from None


def read() -> Settings:
    """The settings. Raises SettingError with one line a mistake, without the values."""
    secrets = Path("/run/secrets")
    try:
        return Settings(_secrets_dir=secrets if secrets.is_dir() else None)
    except ValidationError as wrong:
        raise SettingError("\n".join(map(_sentence, wrong.errors()))) from None
    except SettingsError as wrong:
        raise SettingError(f"The settings cannot be read: {type(wrong.__cause__ or wrong).__name__}.") from None
    except UnicodeDecodeError:
        raise SettingError("The file .env cannot be read: it has to be UTF-8 text.") from None
    except OSError as wrong:
        raise SettingError(f"The file .env or /run/secrets cannot be read ({wrong.strerror}).") from None


def unknown() -> list[str]:
    """Names in the environment or `.env` that look like settings and are none: slips of the pen."""
    kept = Path(".env")
    lines = kept.read_text(errors="replace").splitlines() if kept.is_file() else []
    names = [*os.environ, *(line.removeprefix("export ").partition("=")[0].strip() for line in lines if "=" in line)]
    known = {f"STILLHERE_{name}".upper() for name in Settings.model_fields}
    return sorted({name for name in names if name.upper().startswith("STILLHERE_")} - known)


def address(listen: str) -> tuple[str, int]:
    """Host and port of `host:port`."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]") or "127.0.0.1", int(port)


def _sentence(error: ErrorDetails) -> str:
    words = error["msg"].removeprefix("Value error, ")
    return f"STILLHERE_{str(error['loc'][0]).upper()}: {words}" if error["loc"] else words
