"""What the linter may find: each kind with its code, what it means, and what to do about it."""

from dataclasses import dataclass
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of finding. `stops` ones keep a bot from starting; the others are advice on style."""

    meaning: str
    suggestion: str
    stops: bool = True


KINDS = {
    "D001": Kind("cannot be read", "mend the file at this place"),
    "D101": Kind("goes to a state that does not exist", "write the name of a state below, or `end`"),
    "D102": Kind("no way leads here", "go to it from somewhere, or take it out"),
    "D103": Kind("the person would be stuck here", "add a button, a text line, or `go`"),
    "D104": Kind("every choice here has a guard, and none may hold", "end with a line that has no `when`"),
    "D105": Kind("passages that lead round without ever waiting", "let one of them wait for an answer"),
    "D106": Kind("the same button twice in one state", "give each button a name of its own"),
    "D107": Kind("a line after one without a guard is never reached", "move the unguarded line to the end"),
    "D108": Kind("a dialog that is not called like its folder", "give both the same name; the words are found by it"),
    "D109": Kind("a note's button that would go stale", "add `stand: true`, and what it does under `on:`"),
    "D110": Kind("nothing is ever heard under this name", "write `time.<name>` or `press.<name>`"),
    "D111": Kind("a passage does not wait, so these would never be used", "take out its `go`, or what waits"),
    "D112": Kind("a prompt without a word", "add `say`"),
    "D113": Kind(
        "a dialog that reassures begins the same however often it is opened",
        "begin with a line `when: {reassured_today: 10}` that offers a person first",
    ),
    "D114": Kind(
        "heard in every state, this would leave the states' own text unheard", "give it a guard, or put it into a state"
    ),
    "D201": Kind("no such guard", "see `stillhere dialogs words`"),
    "D202": Kind("no such action", "see `stillhere dialogs words`"),
    "D203": Kind("no such list", "see `stillhere dialogs words`, or name a bank with `/banks.<name>`"),
    "D204": Kind("no such note", "add it under `notes:`"),
    "D205": Kind("no such dialog", "write the name of a folder that has a dialog.yaml"),
    "D206": Kind("not what this guard or action takes", "write it as shown; see `stillhere dialogs words`"),
    "D207": Kind("neither a length of time nor a slot", "write 20m, 3h or 2d, or a slot that is set before"),
    "D208": Kind("a command that somebody else answers", "let one dialog answer it"),
    "D209": Kind("no such picture", "put it into a media folder, or correct the name"),
    "D210": Kind("nothing fills this placeholder", "keep a slot of that name, or see `stillhere dialogs words`"),
    "D211": Kind("a standing button that nothing hears", "add it under `on:` as `press.<name>`"),
    "D212": Kind("a guard asks about a slot that nothing fills", "correct the name, or keep it before"),
    "D301": Kind("a phrase is missing", "write it in the words file of this locale"),
    "D302": Kind("a phrase is never said", "say it, or take it out", stops=False),
    "D303": Kind("placeholders differ from those of the first locale", "use the same ones"),
    "D304": Kind("a phrase cannot be used as it is", "mend it"),
    "D401": Kind("longer than Telegram takes", "say it shorter: 4096 characters, 1024 under a picture"),
    "D402": Kind("a button that is too long to read on a phone", "at most 24 characters", stops=False),
    "D403": Kind("a standing button whose data may pass 40 bytes", "shorten the dialog's or the button's name"),
    "D404": Kind("longer than a clipboard takes", "at most 256 characters"),
    "D405": Kind("too many buttons in a row", "at most 8; 2 or 3 read well"),
    "D406": Kind("no name that Telegram takes for a command", "1 to 32 of the letters a-z, digits and _"),
    "D501": Kind("harder to read than grade 6", "shorter sentences, everyday words", stops=False),
    "D502": Kind("a word that the style guide keeps out", "see docs/style.md", stops=False),
    "D503": Kind("a long sentence", "at most 16 words; 14 read well", stops=False),
    "D504": Kind("a long message", "at most 280 characters a paragraph and 420 in all, or make it two", stops=False),
    "D601": Kind("signed as reviewed, and not in full", "write all of it under `about`, or leave `reviewer` empty"),
}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing found, and where."""

    file: str
    line: int
    code: str
    detail: str

    @property
    def stops(self) -> bool:
        """Whether a bot may not start with it."""
        return KINDS[self.code].stops

    def __str__(self) -> str:
        kind = KINDS[self.code]
        return f"{self.file}:{self.line}: {self.code} {kind.meaning}: {self.detail} ({kind.suggestion})"
