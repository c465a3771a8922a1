"""The first words the detector listens for, in English. Short on purpose and not reviewed by a clinician: /help is always in reach."""

from collections.abc import Mapping, Sequence

ENGLISH: Mapping[str, Mapping[str, Sequence[str]]] = {
    "self-harm": {
        "explicit": (
            r"\b(?:want|going|plan(?:ning)?|ready|about) to (?:die\b(?! of| for| laughing)|kill myself|end my life|hurt myself|take my (?:own )?life)",
            r"\bkill(?:ing)? myself\b(?! laughing)",
            r"\b(?:i'?m|i am|feeling|feel) suicidal\b",
            r"\bend(?:ing)? my (?:own )?life\b",
            r"\b(?:don'?t|do not) want to (?:live|be alive|wake up)(?: any ?more)?\b",
            r"\b(?:cut|cutting|hurt|hurting|harm|harming) myself\b",
            r"\bbetter off (?:dead|without me (?:alive|here))\b",
        ),
    },
    "harm by someone": {
        "explicit": (
            r"\b(?:he|she|they|my (?:partner|husband|wife|boyfriend|girlfriend)) (?:hit|hits|beat|beats|chokes?|choked|strangled|punche[sd]|kicked) me\b",
            r"\b(?:going to|will|gonna|threatened to|threatens to) kill me\b",
        ),
    },
}
