"""Tests of the second Telegram."""
