"""Shared words: what can happen, what may be done, who a person is, what time it is."""
