"""Which calming technique to suggest, and when to stop suggesting."""
