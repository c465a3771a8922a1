"""The settings of a host: from the environment, `.env`, or a folder of secrets. Read by the command line and the app only."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.errors import SettingError

TELEGRAM = "https://api.telegram.org"


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
    access: Literal["open", "invite", "list"] = Field(default="open", description="Who may use the bot.")
    health_listen: str = Field(default="127.0.0.1:8082", description="Health and metrics; empty: none.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged.")
    dialogs: Path | None = Field(
        default=None, description="A folder of your own dialogs, on top of those carried along."
    )
    cache: Path = Field(default=Path("var/cache"), description="Where compiled dialogs are kept; may be read-only.")

    @field_validator("api_url", "webhook_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("wants an address that begins with https://")
        return value.rstrip("/")

    @field_validator("webhook_listen", "health_listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        if value and not value.rpartition(":")[2].isdecimal():
            raise ValueError("wants host:port, for example 127.0.0.1:8082")
        return value


def read() -> Settings:
    """The settings. Raises SettingError with one line a mistake, without the values."""
    secrets = Path("/run/secrets")
    try:
        return Settings(_secrets_dir=secrets if secrets.is_dir() else None)
    except ValidationError as wrong:
        lines = (
            f"STILLHERE_{str(error['loc'][0]).upper()}: {error['msg'].removeprefix('Value error, ')}"
            for error in wrong.errors()
        )
        raise SettingError("\n".join(lines)) from None


def address(listen: str) -> tuple[str, int]:
    """Host and port of `host:port`."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]") or "127.0.0.1", int(port)
