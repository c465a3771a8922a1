"""No word, name, place or token of anybody reaches what the program writes, however much is logged and whatever fails."""

from pathlib import Path

from bot.simulator import Fault, Trouble
from bot.simulator.people import Person
from tests.carried import library
from tests.program import TOKEN, Program, hosted, running, until, words

FAILING = '''
"""Lets the program fail in the middle of a turn, a call and a background task, each time with a person's words in the error."""
import asyncio, logging
import bot.conversation.deciding as deciding, bot.delivery.sender as sender

decide, attempt, unsent = deciding.decide, sender.attempt, []

def failing(library, session, event, *more, **named):
    text = getattr(event, "text", "")
    if "Unsendbar" in text:
        unsent.append(text)
    if "Kaputt" in text:
        asyncio.get_running_loop().create_task(forgotten(text))
        logging.getLogger("library").error("cannot use %s", text, exc_info=ValueError(text))
        raise ValueError(text)
    return decide(library, session, event, *more, **named)

async def forgotten(text):
    raise RuntimeError(text)

async def unsendable(channel, row, *more):
    if unsent:
        raise LookupError(unsent.pop() + row.body.decode())
    return await attempt(channel, row, *more)

deciding.decide, sender.attempt = failing, unsendable
'''

MARKS = [
    "Annabelle", "Marchetti", "annabelle_m", "Kaputt", "Geheimnis", "Nachbarin", "Sehnsucht", "Bildunterschrift", "Unsendbar",
    "48.137", "11.575", "+49151", "Verzweiflung", "Beigelegt",
]  # fmt: skip
"""Words that stand nowhere but in what Ann is, says and sends."""


async def test_nothing_of_anybody_in_the_logs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(FAILING)
    path = f"{tmp_path}:{Path(__file__).parents[2]}"
    async with hosted(tmp_path, STILLHERE_LOG_LEVEL="debug", STILLHERE_SEND_RATE="0", PYTHONPATH=path) as (
        host,
        simulator,
    ):
        ann = simulator.add_user("Annabelle", last_name="Marchetti", username="annabelle_m")
        async with running(host, simulator) as program:
            await talk(program, ann)
        said = program.said
    for event in (
        "turn failed",
        "fault in the background",
        "library",
        "outbox.fault",
        "outbox.dead_letter",
        "do not arrive",
    ):
        assert event in said
    for fault in ("ValueError at bot/", "RuntimeError at ", "LookupError"):
        assert fault in said
    found = [mark for mark in [*MARKS, TOKEN, TOKEN.partition(":")[2]] if mark.lower() in said.lower()]
    assert not found
    assert "Traceback" not in said


def _last(ann: Person) -> int:
    """The bot's newest message."""
    return int([message for message in ann.messages() if not message["out"]][-1]["message_id"])


async def talk(program: Program, ann: Person) -> None:
    """Through several dialogs, with everything a person can send, while Telegram has its troubles."""
    simulator = ann._simulator

    async def after(*_: object) -> None:
        await until(
            simulator, program, lambda: not simulator.queue(ann._account).waiting() and not simulator.faults.any
        )

    await after(ann.starts("Geheimnis"))
    await until(simulator, program, lambda: words(ann))
    for line in (
        "My name is Annabelle",
        "/soothe",
        "Sehnsucht, all day",
        "/reach",
        "I miss you, Geheimnis",
        "/settings",
    ):
        await after(ann.says(line))
    for command in library().commands:  # every dialog, with words behind its command and words typed into it
        ann.says(f"/{command} Geheimnis")
        ann.says("Sehnsucht, in it")
    await after()
    for danger in (
        "I want to die, Verzweiflung",
        "he hit me, Nachbarin",
        "I'm 15, Geheimnis",
        "I can't take it, Sehnsucht",
    ):
        ann.says(danger)
        ann.says("Verzweiflung, and more")
    await after()
    await until(simulator, program, lambda: words(ann))  # /clear took away what there was
    await after(ann.presses(_last(ann), "p.1.1.Geheimnis"))
    await after(ann.presses(_last(ann), "o.crisis.Geheimnis.with"))
    await after(ann.sends_photo(caption="Bildunterschrift"))
    await after(ann.sends_document("Beigelegt.pdf", b"%PDF Geheimnis", caption="Sehnsucht"))
    await after(ann.shares_location(48.137, 11.575))
    await after(ann.shares_contact("+49151000", "Nachbarin"))
    sent = ann.says("Sehnsucht once more")
    await after(ann.edits(sent["message_id"], "Sehnsucht, changed"))
    for trouble in (Trouble.ERROR, Trouble.DROP_AFTER, Trouble.THROTTLE):
        simulator.faults.add(Fault(trouble, chat_id=ann.id, retry_after=0))
        await after(ann.says(f"/space Geheimnis {trouble}"))
        await after(ann.says("Verzweiflung"))
    simulator.faults.add(Fault(Trouble.ERROR, chat_id=ann.id, code=400))
    await after(ann.says("/menu"))
    simulator.inject({"message": {"text": ["Geheimnis"], "from": {"id": "Annabelle"}, "chat": {"type": "private"}}})
    simulator.inject(
        {"callback_query": {"id": "1", "data": "Geheimnis", "from": {"id": ann.id}, "message": "Sehnsucht"}}
    )
    await after(ann.says("Kaputt"))
    await after(ann.says("Unsendbar"))
    simulator.faults.add(Fault(Trouble.OUTAGE, times=None))
    ann.says("Sehnsucht, while nobody listens")
    simulator.faults.clear()
    await after(ann.says("/help"))
