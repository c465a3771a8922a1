"""Getting committed messages to Telegram: in order, in pace, and once."""
