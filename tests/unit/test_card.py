"""The static card says what /help says, so that a person meets the same words when the database is away."""

from bot.core.card import CARD
from bot.core.effects import Phrase
from tests.carried import library


def test_the_static_card_has_the_words_of_help() -> None:
    catalog = library().catalog
    said = [catalog.render_plain(Phrase(f"help.card.{part}"), "en", "") for part in ("danger", "talk", "near")]
    assert "\n\n".join(part.strip() for part in said) == CARD
