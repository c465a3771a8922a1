"""Reading grade, sentences and banned words: simple rules, checked against texts whose answer is known."""

import pytest

from bot.dialog.plain_words import banned, grade, kept_out, sentences, word_count


def words_kept_out(style: dict[str, str], text: str) -> list[tuple[str, str]]:
    return list(kept_out(banned(style), style, text))


def test_the_grade_follows_the_formula() -> None:
    """Six words of six syllables in one sentence: 0.39 · 6 + 11.8 · 1 - 15.59."""
    assert grade("The cat sat on the mat.") == pytest.approx(-1.45)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("tea", 1),
        ("makes", 1),
        ("walked", 1),
        ("wanted", 2),
        ("little", 2),
        ("partner", 2),
        ("together", 3),
        ("the", 1),
    ],
)
def test_syllables_are_groups_of_vowels_without_silent_endings(word: str, syllables: int) -> None:
    assert grade(word) == pytest.approx(0.39 + 11.8 * syllables - 15.59)


def test_addresses_and_commands_make_nothing_harder_to_read() -> None:
    assert grade("Look at findahelpline.com or /help.") == grade("Look at it or it.")


def test_sentences_end_with_a_stop_a_line_or_a_quotation() -> None:
    assert len(sentences('One. Two? "Three!" Four … Five\nSix: seven')) == 7
    assert sentences("At 20.30 or 8:15") == ["At 20.30 or 8:15"]
    assert word_count("It's 20:30, isn't it?") == 5


def test_banned_words_are_whole_words_in_any_case_and_with_any_spaces() -> None:
    style = {"you must": "offer it", "toxic": "the act", "don't worry": "the feeling"}
    assert words_kept_out(style, "You  must see.") == [("You  must", "offer it")]
    assert words_kept_out(style, "Don’t worry.") == [("Don’t worry", "the feeling")]
    assert words_kept_out(style, "Do you mustache? Nontoxic.") == []


def test_a_star_stands_for_any_letters() -> None:
    assert words_kept_out({"regulat*": "settle"}, "Regulating, regulated.") == [
        ("Regulating", "settle"),
        ("regulated", "settle"),
    ]


def test_words_in_quotation_marks_are_somebody_elses() -> None:
    assert words_kept_out({"they never": "name it"}, 'Swap "They never" for “today they never…”.') == []


def test_a_language_without_a_list_bans_nothing() -> None:
    assert words_kept_out({}, "You must.") == []
