"""The only room that knows python-telegram-bot."""
