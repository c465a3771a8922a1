"""Reads words on their way to a partner, and no others, for insults, contempt and threats. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bot.safety.detector import Listener
from bot.safety.lexicon import LEVELS, Lexicon

Insulting = Callable[[str], bool]


def build(lexicons: Sequence[Lexicon], cache: Path | None = None) -> Insulting:
    """
    Whether a text insults, scorns or threatens its reader, in any of the languages of `lexicons` (see `lexicon.with_insults`).

    What is denied ("you're not an idiot"), told of the writer or somebody else, or quoted ("when you say …") does not count;
    a joke around it changes nothing. What takes long to compile is kept in the folder `cache`. Raises ScriptError if a pattern
    is misspelt.
    """
    listeners = [Listener(_alone(lexicon), cache) for lexicon in lexicons]

    def insulting(text: str) -> bool:
        own = _own_words(text)
        found = [listener.gravest(own) for listener in listeners]
        return any(finding.verdict.level == _PLAIN for finding in found if finding)

    return insulting


_PLAIN = LEVELS[0]
_KIND = "harm to someone"
"""What the gate would call it. Nobody is told: only whether something was found is asked."""

_LOWERING = dict.fromkeys(("quoting", "joking"), frozenset[str]())
"""Films and laughter make danger less likely, and contempt no milder."""

_QUOTED = re.compile(r'["“„«][^"“”„«»]*["”“»]')
_TOLD = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|call(?:s|ed|ing)?|hear(?:s|d|ing)?|tell|tells|told|words?|voices?)\b", re.IGNORECASE
)


def _alone(lexicon: Lexicon) -> Lexicon:
    """The lexicon with nothing to listen for but its insults."""
    return replace(
        lexicon,
        sets={**lexicon.sets, **_LOWERING},
        unless={_KIND: frozenset()},
        idioms=(),
        kinds={_KIND: {_PLAIN: lexicon.insults}},
    )


def _own_words(text: str) -> str:
    """The text without what stands in quotation marks, if the rest tells that somebody said it."""
    rest = _QUOTED.sub(", ", text)
    return rest if _TOLD.search(rest) else text
