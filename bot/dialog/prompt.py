"""The buttons under a message: which ones show, what they are called, and what their presses will carry."""

from collections.abc import Callable

from bot.core.effects import Button, Phrase, Rows
from bot.core.errors import ScriptError
from bot.dialog.library import Library
from bot.dialog.machine import Dialog
from bot.dialog.script import Press, State, label_key, phrase_key
from bot.dialog.session import URGENT, prompt_data, standing_data
from bot.dialog.turn import Turn

SCALE = tuple(range(11))
_SCALE_WIDTH = 6
_NUMBERS = tuple((f"#{n}", Phrase(f"={n}")) for n in SCALE)


HELP = "$help"
"""The shared button that asks for help, wherever it stands."""


class Prompt:
    """
    The rows of one prompt, and `names`: its buttons in the order of the numbers their callback data carry.

    A name is `#7` on a scale, `=lonely` in a list, else the button's own.
    """

    def __init__(self, library: Library, dialog: Dialog, turn: Turn, revision: int) -> None:
        self._library = library
        self._dialog = dialog
        self._turn = turn
        self._data_prefix = prompt_data(turn.user.id, revision)
        self._names: list[str] = []
        state = dialog.script.states[turn.state]
        self.rows: Rows = (*self._scale(state), *self._pick(state), *self._buttons(turn.state, state.buttons))
        self.names = tuple(self._names)

    def _scale(self, state: State) -> Rows:
        if state.scale is None:
            return ()
        buttons = [Button(label, self._data(name)) for name, label in _NUMBERS]
        return tuple(buttons[:_SCALE_WIDTH]), tuple(buttons[_SCALE_WIDTH:])

    def _pick(self, state: State) -> Rows:
        if state.pick is None:
            return ()
        buttons = [
            Button(self._phrase(option_key(self._dialog, self._turn.state, option)), self._data(f"={option}"))
            for option in self._library.options(state.pick.source, self._turn)
        ]
        width = state.pick.columns
        return tuple(tuple(buttons[at : at + width]) for at in range(0, len(buttons), width))

    def _buttons(self, place: str, rows: tuple[tuple[Press, ...], ...]) -> Rows:
        return _filled(self._dialog, self._turn, rows, lambda press: self._button(place, press))

    def _button(self, place: str, press: Press) -> Button:
        lasting = lasting_button(self._library, self._dialog, self._turn, place, press)
        if lasting is not None:
            return lasting
        data = self._data(press.press) + (URGENT if press.urgent or press.press == HELP else "")
        return Button(self._phrase(label_key(self._dialog.name, place, press.press)), data)

    def _phrase(self, key: str) -> Phrase:
        return self._library.phrase(self._turn, key)

    def _data(self, name: str) -> str:
        self._names.append(name)
        return f"{self._data_prefix}{len(self._names) - 1}"


def note_rows(library: Library, dialog: Dialog, turn: Turn, name: str) -> Rows:
    """The rows of the note `name`; all its buttons stand on their own."""

    def button(press: Press) -> Button:
        lasting = lasting_button(library, dialog, turn, name, press)
        if lasting is None:
            raise ScriptError(
                f"{dialog.script.file}: the button {press.press!r} of the note {name!r} needs `stand: true`."
            )
        return lasting

    return _filled(dialog, turn, dialog.script.notes[name].buttons, button)


def lasting_button(library: Library, dialog: Dialog, turn: Turn, place: str, press: Press) -> Button | None:
    """A button that no prompt's number is needed for: it copies, opens, asks for the place or stands; else None."""
    if not (press.copies or press.url or press.place or press.stand):
        return None
    label = library.phrase(turn, label_key(dialog.name, place, press.press))
    if press.copies:
        return Button(label, copy=library.phrase(turn, phrase_key(dialog.name, press.copies)))
    if press.url:
        return Button(label, url=press.url)
    if press.place:
        return Button(label, place=True)
    return Button(label, standing_data(dialog.name, turn.ref or "0", press.press) + (URGENT if press.urgent else ""))


def keep_choice(dialog: Dialog, turn: Turn, trigger: str) -> None:
    """Keep in its slot what was chosen on a scale or from a list, before the step that it leads to."""
    state = dialog.script.states.get(turn.state)
    if trigger == "scale" and state and state.scale:
        turn.slots[state.scale.keep] = turn.value
    elif trigger == "pick" and state and state.pick:
        turn.slots[state.pick.keep] = turn.value
        turn.slots[f"{state.pick.keep}_word"] = Phrase(option_key(dialog, turn.state, turn.value))


def option_key(dialog: Dialog, place: str, option: str) -> str:
    """The phrase that names `option` of the list in the state `place`."""
    state = dialog.script.states[place]
    labels = (state.pick and state.pick.labels) or place
    return phrase_key(dialog.name, f"{labels}.{option}")


def button_key(dialog: Dialog, place: str, name: str) -> str:
    """The phrase on the prompt's button `name` (see `Prompt`); a scale's numbers have none."""
    if name.startswith("="):
        return option_key(dialog, place, name[1:])
    return label_key(dialog.name, place, name)


def _filled(dialog: Dialog, turn: Turn, rows: tuple[tuple[Press, ...], ...], make: Callable[[Press], Button]) -> Rows:
    shown = (tuple(make(press) for press in row if _shows(dialog, turn, press)) for row in rows)
    return tuple(row for row in shown if row)


def _shows(dialog: Dialog, turn: Turn, press: Press) -> bool:
    return not (press.when or press.unless) or dialog.holds(turn, press.when, press.unless)
