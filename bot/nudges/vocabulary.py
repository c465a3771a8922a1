"""What scripts may ask and do about the daily line."""

from bot.dialog.registry import Registry

registry = Registry()
