"""The shape of a date_time entity: how each reader's phone shows a moment in the reader's own zone."""

import re


def date_format(stated: str, *, shorter: bool = False) -> str | None:
    """A date_time_format in Telegram's order (r, or w, then d or D, then t or T); None if it is not one.

    If both a short and a long form are stated, the last one wins, or the short one where `shorter` is set (in markup).
    """
    if stated in {"", "r"}:
        return stated
    if not re.fullmatch(r"[wdDtT]+", stated):
        return None
    shape = "w" if "w" in stated else ""
    for small, big in (("d", "D"), ("t", "T")):
        said = [letter for letter in stated if letter in {small, big}]
        if said:
            shape += small if shorter and small in said else said[-1]
    return shape
