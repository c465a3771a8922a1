"""The HTTP face of the phones: the browser page, its files, and the API it lives on."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.simulator.errors import ApiError, MisuseError
from bot.simulator.gestures import GESTURES
from bot.simulator.phones import Phones

PAGE = Path(__file__).parent / "page"
MORNING = 8


def page_app(phones: Phones) -> Starlette:
    """The page, its files, and the phones' API."""
    answers = _Answers(phones)
    return Starlette(
        routes=[
            Route("/", answers.index),
            Route("/api/state", answers.state),
            Route("/api/events", answers.events),
            Route("/api/files/{file_id}", answers.file),
            Route("/api/users/{user:int}/{gesture}", answers.gesture, methods=["POST"]),
            Route("/api/clock/skip", answers.skip, methods=["POST"]),
            Mount("/static", StaticFiles(directory=PAGE, check_dir=False)),
        ]
    )


_FRESH = {"Cache-Control": "no-store"}
_UNTRUSTED = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}


class _Answers:
    def __init__(self, phones: Phones) -> None:
        self._phones = phones

    async def index(self, _request: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers=_FRESH)

    async def state(self, _request: Request) -> Response:
        return JSONResponse(await self._phones.state(), headers=_FRESH)

    async def events(self, request: Request) -> Response:
        text = request.headers.get("last-event-id") or request.query_params.get("since", "")
        since = int(text) if text.isdigit() else self._phones.simulator.changes.seq
        return StreamingResponse(self._phones.events(since), media_type="text/event-stream", headers=_FRESH)

    async def file(self, request: Request) -> Response:
        stored = self._phones.simulator.cabinet.files.get(request.path_params["file_id"])
        if stored is None:
            return _refused(404, "There is no such file.")
        return Response(stored.content, media_type=stored.content_type, headers=_UNTRUSTED)

    async def gesture(self, request: Request) -> Response:
        if _is_foreign(request):
            return _refused(403, "Only the page itself may do that.")
        answer = GESTURES.get(request.path_params["gesture"])
        if answer is None:
            return _refused(404, "A phone cannot do that.")
        if request.path_params["user"] not in self._phones.simulator.world.users:
            return _refused(404, "There is nobody with this number.")
        try:
            person = self._phones.simulator.person(request.path_params["user"])
            return JSONResponse(await answer(person, request))
        except MisuseError as error:
            return _refused(400, str(error))
        except ApiError as error:
            return _refused(400, error.description)

    async def skip(self, request: Request) -> Response:
        if _is_foreign(request):
            return _refused(403, "Only the page itself may do that.")
        try:
            return JSONResponse(await self._phones.skip(await self._how_far(await request.json())))
        except LookupError:
            return _refused(409, "nothing is due")
        except (ValueError, OverflowError):
            return _refused(400, "Say how many seconds, or next, or morning.")

    async def _how_far(self, wanted: Any) -> timedelta:
        """Raises LookupError where nothing is due, ValueError where the wish is unclear."""
        given = wanted if isinstance(wanted, dict) else {}
        now = self._phones.simulator.clock.now()
        if given.get("to") == "next":
            due = await self._phones.next_due()
            if due is None:
                raise LookupError
            return max(timedelta(), timedelta(seconds=due - now.timestamp()))
        if given.get("to") == "morning":
            return self._next_morning(now) - now
        by = given.get("seconds")
        if not isinstance(by, int | float) or by < 0:
            raise ValueError
        return timedelta(seconds=by)

    def _next_morning(self, now: datetime) -> datetime:
        first = next(iter(self._phones.simulator.world.users.values()), None)
        try:
            zone = ZoneInfo(first.time_zone if first else "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            zone = ZoneInfo("UTC")
        morning = now.astimezone(zone).replace(hour=MORNING, minute=0, second=0, microsecond=0)
        if morning <= now:
            morning += timedelta(days=1)
        return morning.astimezone(now.tzinfo)


def _is_foreign(request: Request) -> bool:
    """Whether another site open in the same browser is behind this request."""
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")


def _refused(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status_code=status)
