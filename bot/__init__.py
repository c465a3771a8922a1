"""Stillhere: a Telegram bot for the anxious-avoidant loop; `docs/architecture.md` has the map."""
