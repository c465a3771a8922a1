"""What scripts may ask and do about the promise to come back."""

from bot.dialog.registry import Registry

registry = Registry()
