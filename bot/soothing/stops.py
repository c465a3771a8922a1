"""When exercises stop and a person is offered instead. Source: the safety rules, "When to stop an exercise"."""

WORSE_BY = 2
"""A rating (0–10) that rose by so much: this was not the right thing."""

STILL_HIGH = 8
"""A rating from here on, after `ENOUGH` exercises in one sitting, calls for more than another exercise."""

ENOUGH = 2

OFTEN = 6
"""After so many runs in a day a person is offered before the next, so that the bot never is the only place to turn to."""


def made_worse(before: int | None, after: int) -> bool:
    """Whether the rating rose so much that exercises stop. Without a first rating nothing is known to have risen."""
    return before is not None and after >= before + WORSE_BY


def stays_high(after: int, runs: int) -> bool:
    """Whether the rating is still very high after two exercises or more; `runs` counts this sitting, the one just rated too."""
    return after >= STILL_HIGH and runs >= ENOUGH


def is_often(today: int, sitting: int) -> bool:
    """
    Whether the next run is the seventh of the local day, or later.

    `today` counts entries. Before consent there are none: then `sitting`, the runs of this one sitting, is all there is.
    """
    return max(today, sitting) >= OFTEN
