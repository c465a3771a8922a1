"""What can be done on a phone of the page: each gesture reads its request and lets the person do it."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from bot.simulator.chats import Json
from bot.simulator.errors import MisuseError
from bot.simulator.people import Person

Gesture = Callable[[Person, Request], Awaitable[Json]]


async def _text(person: Person, request: Request) -> Json:
    given = await _given(request)
    return person.says(_of(given, "text", str), reply_to=given.get("reply_to"), via_bot=bool(given.get("via_bot")))


async def _edit(person: Person, request: Request) -> Json:
    given = await _given(request)
    return person.edits(_of(given, "message_id", int), _of(given, "text", str))


async def _press(person: Person, request: Request) -> Json:
    given = await _given(request)
    if "inline_message_id" in given:
        number = person.presses_card(_of(given, "inline_message_id", str), _of(given, "data", str))
    else:
        message_id = _of(given, "message_id", int)
        if message_id not in person.chat.messages:
            raise MisuseError("That message is not there any more.")
        number = person.presses(message_id, _of(given, "data", str))
    return {"callback_query_id": number}


async def _start(person: Person, request: Request) -> Json:
    return person.starts(str((await _given(request)).get("payload") or ""))


async def _location(person: Person, request: Request) -> Json:
    given = await _given(request)
    return person.shares_location(_of(given, "latitude", float), _of(given, "longitude", float))


async def _contact(person: Person, request: Request) -> Json:
    given = await _given(request)
    return person.shares_contact(given.get("phone_number") or None, given.get("first_name") or None)


async def _sticker(person: Person, request: Request) -> Json:
    return person.sends_sticker(_of(await _given(request), "emoji", str))


async def _photo(person: Person, request: Request) -> Json:
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return person.sends_photo(caption=str((await _given(request)).get("caption") or ""))
    async with request.form() as form:
        part, caption = form.get("photo") or form.get("file"), form.get("caption")
        content = await part.read() if isinstance(part, UploadFile) else None
    return person.sends_photo(content, caption if isinstance(caption, str) else "")


async def _voice(person: Person, request: Request) -> Json:
    return person.sends_voice(int((await _given(request)).get("duration") or 3))


async def _react(person: Person, request: Request) -> Json:
    given = await _given(request)
    person.reacts(_of(given, "message_id", int), given.get("emoji"))
    return {}


async def _block(person: Person, _request: Request) -> Json:
    person.blocks()
    return {}


async def _unblock(person: Person, _request: Request) -> Json:
    person.unblocks()
    return {}


async def _inline_query(person: Person, request: Request) -> Json:
    given = await _given(request)
    return {"inline_query_id": person.asks_inline(str(given.get("query") or ""), str(given.get("offset") or ""))}


async def _choose(person: Person, request: Request) -> Json:
    given = await _given(request)
    other = person.other(given["to_user"]) if given.get("to_user") is not None else None
    return person.chooses(_of(given, "inline_query_id", str), _of(given, "result_id", str), other)


GESTURES: dict[str, Gesture] = {
    "text": _text,
    "edit": _edit,
    "press": _press,
    "start": _start,
    "location": _location,
    "contact": _contact,
    "sticker": _sticker,
    "photo": _photo,
    "voice": _voice,
    "react": _react,
    "block": _block,
    "unblock": _unblock,
    "inline_query": _inline_query,
    "choose": _choose,
}


async def _given(request: Request) -> dict[str, Any]:
    body = await request.body()
    if not body.strip():
        return {}
    try:
        given = await request.json()
    except ValueError:
        raise MisuseError("The request is not readable.") from None
    if not isinstance(given, dict):
        raise MisuseError("The request is not readable.")
    return given


def _of(given: dict[str, Any], name: str, kind: type) -> Any:
    value = given.get(name)
    if kind is float and isinstance(value, int):
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise MisuseError(f"The request needs {name}.")
    return value
