"""Decide a turn: (library, session, event, facts) → (new session, effects). Pure: no clock, chance, network or database."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core.effects import ClearButtons, Effect, Lasting, Phrase, Rows, Say, SetTimer, Uncover
from bot.core.events import CommandGiven, Edited, Elapsed, Event, Pressed, SentMedia, SharedPlace, Wrote
from bot.core.facts import Facts
from bot.core.ids import base36
from bot.core.values import dataclass
from bot.dialog import discreet
from bot.dialog.library import Library
from bot.dialog.machine import Dialog
from bot.dialog.prompt import Prompt, button_key, keep_choice, note_rows
from bot.dialog.script import BEGIN, END, State
from bot.dialog.session import HISTORY, NOWHERE, STACK, Frame, Session
from bot.dialog.turn import REASSURED, Turn
from bot.i18n.times import read_rating

PAUSE = timedelta(hours=6)
"""After this long without a word, an unfinished dialog asks whether to go on."""

DOUBLE_TAP = timedelta(seconds=5)
"""Two presses on one button within this time are one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn came to: the session to keep, the effects to carry out, and a word for the pressed button."""

    session: Session
    effects: tuple[Effect, ...]
    toast: Phrase | None = None


def decide(library: Library, session: Session, event: Event, facts: Facts, *, opens: str = "") -> Outcome:
    """
    Decide what `event` leads to. `opens` lets the safety policy open a dialog instead, keeping the place.

    Raises ScriptError where a script went wrong in a way the linter cannot see.
    """
    move = _Move(library, session, event, facts)
    move.open(opens, interrupt=True) if opens else move.take()
    return move.outcome()


class _Move:
    """One turn being decided: the session's parts while they change."""

    def __init__(self, library: Library, session: Session, event: Event, facts: Facts) -> None:
        self.library = library
        self.event = event
        self.facts = facts
        self.before = session
        self.answered = False
        self.frame = session.frame
        self.stack = list(session.stack)
        self.prompt = session.prompt
        self.revision = session.revision
        self.fixed = session.fixed
        self.keyboard = session.keyboard
        self.memory = dict(session.memory)
        self.since = session.since
        self.written = session.written + discreet.written(event, facts.number)
        self.parts: list[Phrase] = []
        self.effects: list[Effect] = []
        self.toast: Phrase | None = None
        self.edits = 0

    def outcome(self) -> Outcome:
        """What it came to, frozen."""
        session = Session(
            frame=self.frame,
            stack=tuple(self.stack),
            prompt=self.prompt,
            revision=self.revision,
            fixed=self.fixed,
            keyboard=self.keyboard,
            shown=self.before.shown if self.prompt and self.revision == self.before.revision else 0,
            memory=self.memory,
            at=self.facts.now,
            since=self.since,
            written=discreet.still_there(self.written, self.since, self.effects),
        )
        return Outcome(session, (*self._left_behind(session), *self.effects), self.toast)

    def _left_behind(self, session: Session) -> Iterator[Effect]:
        """The buttons of the earlier prompt go, if it is no longer the open one and no press has changed its message."""
        if self.before.shown and not session.shown and not self.answered:
            yield ClearButtons(target=self.before.shown)

    def take(self) -> None:  # noqa: C901, PLR0912 - one match over all events reads best whole
        """Do what the event asks for; blocked and unblocked are no dialog's business."""
        match self.event:
            case CommandGiven("back"):
                self._back()
            case CommandGiven("cancel"):
                self._cancel()
            case CommandGiven(command) if command in self.library.commands:
                self.open(self.library.commands[command])
            case CommandGiven():
                self._lost()
            case Pressed(data, message_id):
                self._pressed(data.split("."), message_id)
            case Wrote(text):
                self._wrote(text)
            case SharedPlace(latitude, longitude):
                if not self._moved("place", (latitude, longitude)):
                    self._lost()
            case SentMedia():
                self._repeat("common.media")
            case Edited():
                self._repeat("common.edited")
            case Elapsed("wait", ref, _, fence):
                if fence == self.revision and self._stands():
                    self._moved(f"after:{ref}")
            case Elapsed(kind, ref):
                name, _, word = kind.partition(".")
                if name in self.library.dialogs:
                    self._heard(self.library.dialogs[name], f"time.{word}", ref)

    def open(self, name: str, *, interrupt: bool = False) -> None:
        """Begin the dialog `name`. The open one waits if this one returns to it or only interrupts, else it is left."""
        dialog = self.library.dialogs[name]
        if dialog.script.returns or interrupt:
            self._put_aside(name)
        else:
            self.stack = []
        self._begins()
        if dialog.script.reassurance:
            self._turn(dialog, NOWHERE).count_today(REASSURED)
        self._run(dialog, "begin", Frame(name, BEGIN, dialog.script.hash, since=self.facts.number))

    # What happened ---------------------------------------------------------------------------------------------------

    def _pressed(self, data: list[str], message_id: int) -> None:
        match data:
            case ["p", user, revision, number, *urgent] if user == base36(self.facts.user.id) and number.isdecimal():
                if revision == base36(self.revision) and int(number) < len(self.prompt):
                    self.answered = True
                    if not self.fixed:
                        self.edits = message_id
                    elif message_id:
                        self.effects.append(ClearButtons(message_id))
                    self._press(self.prompt[int(number)])
                elif urgent and self.frame.dialog != "help":  # whoever asks for help gets it, however old the button
                    self.open("help", interrupt=True)
                elif not self._is_double_tap(revision):
                    self.toast = self._phrase("common.stale")
            case ["o", "note", said, "open"] if note := discreet.note_number(said):
                self.effects.append(Uncover(note, message_id))
            case ["o", name, ref, verb, *_] if name in self.library.dialogs:
                self._heard(self.library.dialogs[name], f"press.{verb}", ref, message_id)
            case _:
                self.toast = self._phrase("common.stale")

    def _is_double_tap(self, revision: str) -> bool:
        """Whether the prompt just answered is pressed once more, which is no news."""
        at = self.before.at
        return bool(at and self.facts.now - at <= DOUBLE_TAP and revision == base36(max(self.revision - 1, 0)))

    def _lost(self) -> None:
        """Something came that nothing waits for: show the open prompt again, or what there is."""
        if self.frame.dialog in self.library.dialogs:
            self._repeat("common.use_buttons")
        else:
            self.open("lost")

    def _wrote(self, text: str) -> None:
        dialog = self.library.dialogs.get(self.frame.dialog)
        state = dialog.state(self.frame.state) if dialog else None
        if dialog is None:
            self.open("lost")
        elif state is None:
            self._moved("text")
        elif press := self._label_typed(dialog, text):
            self._press(press)
        elif state.scale and (rating := read_rating(text)) is not None:
            self._press(f"#{rating}")
        elif self._moved("text"):
            pass
        elif self.before.at is not None and self.facts.now - self.before.at >= PAUSE and dialog.name != "pause":
            self.open("pause", interrupt=True)
        else:
            self._repeat("common.use_buttons")

    def _press(self, name: str) -> None:
        if name == "$back":
            self._back()
            return
        kind, value = {"#": ("scale", name[1:]), "=": ("pick", name[1:])}.get(name[0], (f"press:{name}", None))
        if not self._moved(kind, int(value) if kind == "scale" and value else value):
            self._repeat("common.use_buttons")

    def _heard(self, dialog: Dialog, word: str, ref: str, message_id: int = 0) -> None:
        """A timer or a standing button of `dialog` spoke, whatever else is open."""
        turn = self._turn(dialog, Frame(dialog.name, BEGIN, dialog.script.hash, {"ref": ref}, since=self.facts.number))
        if not dialog.move(turn, f"on:{word}"):
            if message_id:
                self.toast = self._phrase("common.stale")
            return
        self._collect(turn)
        if turn.note:
            self._note(dialog, turn, message_id)
        if turn.opens:
            self.open(turn.opens, interrupt=True)
        elif turn.state not in (BEGIN, END):
            if message_id and not turn.note:
                self.effects.append(ClearButtons(message_id))
            self._put_aside(dialog.name)
            self._begins()
            self._arrived(dialog, turn, ())
        elif self.parts:
            self.edits = message_id
            self._say()

    # Moves -----------------------------------------------------------------------------------------------------------

    def _moved(self, trigger: str, value: Any = None) -> bool:
        """Move the open dialog by `trigger`; False if it means nothing there."""
        dialog = self.library.dialogs.get(self.frame.dialog)
        if dialog is None:
            return False
        if dialog.state(self.frame.state) is None:
            return self._begin_again(dialog)
        return self._run(dialog, trigger, self.frame, value)

    def _begin_again(self, dialog: Dialog) -> bool:
        """The state somebody stands in is gone since the script was changed: say so, and start over."""
        self.parts.append(self._phrase("common.script_changed"))
        return self._run(dialog, "begin", Frame(dialog.name, BEGIN, dialog.script.hash, since=self.frame.since))

    def _stands(self) -> bool:
        dialog = self.library.dialogs.get(self.frame.dialog)
        return dialog is not None and dialog.state(self.frame.state) is not None

    def _run(self, dialog: Dialog, trigger: str, frame: Frame, value: Any = None) -> bool:
        turn = self._turn(dialog, frame, value)
        keep_choice(dialog, turn, trigger)
        if not dialog.move(turn, trigger):
            return False
        lasting = any(isinstance(effect, Lasting) for effect in turn.effects)
        history = () if lasting else frame.history
        if not lasting and trigger != "flow" and frame.state not in (BEGIN, turn.state):
            history = (*history, (frame.state, frame.slots))[-HISTORY:]
        self._collect(turn)
        if turn.note:
            self._note(dialog, turn)
        if turn.opens:
            waits = turn.state not in (BEGIN, END)
            self.frame = replace(frame, state=turn.state, slots=turn.slots, history=history) if waits else NOWHERE
            self.open(turn.opens)
        elif turn.state == END:
            self._end(turn)
        else:
            self._arrived(dialog, turn, history)
        return True

    def _arrived(self, dialog: Dialog, turn: Turn, history: tuple[tuple[str, Mapping[str, Any]], ...]) -> None:
        state = dialog.script.states[turn.state]
        way_back = history if state.back else ()
        self.frame = Frame(dialog.name, turn.state, dialog.script.hash, turn.slots, way_back, turn.since)
        self._show(dialog, turn, state)

    def _end(self, turn: Turn) -> None:
        self._leave()
        if not self.stack:
            self._say()
            return
        frame = self.stack.pop()
        if turn.restarts:
            self.open(frame.dialog)
        else:
            self._resume(frame, "common.back_to")

    def _resume(self, frame: Frame, key: str) -> None:
        """Say the phrase `key` and, under it, the prompt of `frame` as it was."""
        dialog = self.library.dialogs.get(frame.dialog)
        state = dialog.state(frame.state) if dialog else None
        if dialog is not None and state is None:
            self._begin_again(dialog)
            return
        self.parts.append(self._phrase(key))
        if dialog is None or state is None:
            self._say()
            return
        self.frame = frame
        if not state.waits and self._run(dialog, "flow", frame):  # a passage that opened another dialog goes on
            return
        turn = self._turn(dialog, frame)
        dialog.speak(turn, state.say)
        self._collect(turn)
        self._show(dialog, turn, state)

    def _repeat(self, key: str) -> None:
        self._resume(self.frame, key)

    def _back(self) -> None:
        if not self.frame.history:
            self._repeat("common.no_back")
            return
        *history, (state, slots) = self.frame.history
        self._resume(replace(self.frame, state=state, slots=slots, history=tuple(history)), "common.went_back")

    def _cancel(self) -> None:
        self.parts.append(self._phrase("common.cancelled" if self.frame.dialog else "common.nothing_to_cancel"))
        self._leave()
        self.stack = []
        self._say()

    def _put_aside(self, name: str) -> None:
        """Keep the open dialog for later, unless it is the one called `name` itself."""
        self.stack = [frame for frame in self.stack if frame.dialog != name]
        if self.frame.dialog and self.frame.dialog != name:
            self.stack = [*self.stack, self.frame][-STACK:]

    def _begins(self) -> None:
        """Leave what is open for a new dialog: if nothing was interrupted for it, all that is open begins here."""
        self._leave()
        if not self.stack:
            self.since = self.facts.number

    def _leave(self) -> None:
        self.frame, self.prompt, self.fixed = NOWHERE, (), False

    # Words -----------------------------------------------------------------------------------------------------------

    def _turn(self, dialog: Dialog, frame: Frame, value: Any = None) -> Turn:
        slots = dict(frame.slots)
        return Turn(
            dialog.script.renamed.get(frame.state, frame.state),
            dialog.name,
            slots,
            self.facts,
            self.event,
            value,
            ref=slots.get("ref", ""),
            memory=self.memory,
            banks=self.library.banks,
            since=frame.since,
            sitting=self.before.since,
            written=self.written,
        )

    def _collect(self, turn: Turn) -> None:
        self.parts += turn.parts
        self.effects += turn.effects
        turn.parts, turn.effects = [], []

    def _phrase(self, key: str) -> Phrase:
        return self.library.phrase(Turn("", "", {}, self.facts, memory=self.memory), key)

    def _label_typed(self, dialog: Dialog, text: str) -> str | None:
        place = dialog.script.renamed.get(self.frame.state, self.frame.state)
        labels = {name: button_key(dialog, place, name) for name in self.prompt if not name.startswith("#")}
        return self.library.pressed_by_text(self.facts.user.locale, labels, text)

    def _show(self, dialog: Dialog, turn: Turn, state: State) -> None:
        """Say what was collected with the state's buttons, and wait."""
        self.revision += 1
        prompt = Prompt(self.library, dialog, turn, self.revision)
        self.prompt = prompt.names
        for wait in state.after:
            self.effects.append(SetTimer("wait", wait, turn.due(wait), fence=self.revision))
        asks_place = any(button.place for row in prompt.rows for button in row)
        self._say(prompt.rows, state.media or "", state.kind, asks_place=asks_place)
        self.fixed = state.stays or bool(state.media) or asks_place
        self.keyboard = asks_place

    def _note(self, dialog: Dialog, turn: Turn, message_id: int = 0) -> None:
        note = dialog.note(turn, turn.note)
        self._collect(turn)
        rows = note_rows(self.library, dialog, turn, turn.note)
        if self.parts:
            cover = None if note.neutral else self._cover(dialog.name, message_id)
            self.effects.append(Say(tuple(self.parts), rows, note.media or "", message_id, note.kind, cover=cover))
        self.parts = []

    def _cover(self, name: str, edits: int) -> Phrase | None:
        """The neutral note to go out in place of a new message of the dialog `name`, if there has to be one."""
        dialog = self.library.dialogs.get(name)
        needed = not edits and discreet.needs_cover(self.event, self.facts.user, dialog.script if dialog else None)
        return self._phrase("common.note.line") if needed else None

    def _say(self, rows: Rows = (), media: str = "", kind: str = "reply", *, asks_place: bool = False) -> None:
        parts, edits = tuple(self.parts), self.edits
        if edits and (media or asks_place or self.keyboard or not parts):  # these need a message of their own
            self.effects.append(ClearButtons(edits))
            edits = 0
        if self.keyboard and parts and not asks_place:
            self.effects.append(Say(parts[:-1] or (self._phrase("common.noted"),), closes_keyboard=True))
            parts, self.keyboard = parts[-1:], False
        if parts:
            prompt = bool(self.prompt) and not asks_place
            self.effects.append(
                Say(parts, rows, media, edits, kind, prompt=prompt, cover=self._cover(self.frame.dialog, edits))
            )
        self.parts, self.edits = [], 0
