"""What an event leads to, within what care allows: danger first, then consent, then the dialogs."""

from dataclasses import replace

from bot.core.effects import Effect
from bot.core.events import CommandGiven, Elapsed, Event, Wrote
from bot.core.facts import Facts
from bot.dialog import engine
from bot.dialog.library import Library
from bot.dialog.session import NOWHERE, Session
from bot.profile import consent
from bot.safety import discretion, policy


def decide(library: Library, session: Session, event: Event, known: Facts) -> engine.Outcome:
    """Hops 4 and 5: what `event` leads to, within what the safety policy allows. Pure; `known.verdict` is the detector's."""
    if isinstance(event, Wrote) and known.verdict is None and policy.asks_for_help(event):
        event = CommandGiven("help", "", event.message_id)
    response = policy.respond(known.verdict, event, known.user, session, known.now)
    aside: tuple[Effect, ...] = ()
    if response.beside:  # said beside the turn, which goes on as if nothing had been said
        noted = engine.decide(library, session, Elapsed(response.beside, "0", known.now), known)
        aside, session = discretion.uncovered(noted.effects), replace(noted.session, at=session.at)
    if isinstance(event, Wrote) and known.verdict is None and discretion.leaves(known.user, event.text):
        return engine.decide(library, replace(session, frame=NOWHERE, stack=()), event, known, opens=discretion.EXIT)
    if response.then:  # it waits behind what is opened now, and is come back to
        session = engine.decide(library, session, event, known, opens=response.then).session
    asked_again = not response.opens and consent.asks_again(known.user, event, session, known.now)
    outcome = engine.decide(library, session, event, known, opens=consent.DIALOG if asked_again else response.opens)
    if (waiting := consent.waiting(session, outcome.effects)) is not None:
        agreed = replace(known, user=replace(known.user, consent=consent.VERSION))
        if isinstance(waiting, CommandGiven) or _takes_text(library, outcome.session):
            taken = decide(library, outcome.session, waiting, agreed)
            effects = policy.own_words(outcome.effects, {consent.DIALOG})
            outcome = replace(taken, effects=(*effects, *taken.effects), toast=outcome.toast)
    elif (shut_out := policy.shut_out(session, outcome.session, known.user, known.now)) is not None:
        outcome = engine.decide(library, shut_out, event, known, opens=policy.DOOR)
    elif (words := policy.handed_on(session, outcome.session)) and _takes_text(library, outcome.session):
        taken = engine.decide(library, outcome.session, Wrote(words), known)
        outcome = replace(taken, effects=(*policy.own_words(outcome.effects), *taken.effects), toast=outcome.toast)
    before = (*response.effects, *aside)
    return replace(outcome, effects=(*before, *outcome.effects)) if before else outcome


def _takes_text(library: Library, session: Session) -> bool:
    """Whether the open prompt waits for words."""
    dialog = library.dialogs.get(session.frame.dialog)
    state = dialog.state(session.frame.state) if dialog else None
    return state is not None and bool(state.text)
