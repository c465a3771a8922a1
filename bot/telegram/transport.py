"""The HTTP client under telegram.Bot, on pyreqwest: reuses connections, tells whether a request left, and never names a URL."""

import json
import os
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import orjson
from pyreqwest import exceptions as faults
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.http import Url
from pyreqwest.multipart import FormBuilder, PartBuilder
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import RequestBuilder
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

# telegram.Bot's own way to ask for timedeltas; without it, every 429 comes with a deprecation warning.
os.environ["PTB_TIMEDELTA"] = "true"

_JSON = ("Content-Type", "application/json")
_GOOD = b'{"ok":true,"result":'

_POOL, _CONNECT = 2.0, 4.0
"""Seconds to wait for one of the connections, and to be connected. Whoever waits longer is told that nothing left."""

_CALL, _UPLOAD = 10.0, 22.0
"""
Seconds from connecting to the end of the answer, without and with a file (breathe_sigh.gif at 160 kbit/s).

Whoever waits for a call should have more patience: pyreqwest brings a call that Python gave up to its end.
"""


class NeverLeft(NetworkError):  # noqa: N818 - reads as a sentence where it is raised
    """The request certainly did not reach Telegram: no connection was made. Every other NetworkError may have taken effect."""


class Ready:
    """A finished JSON body, in the shape of telegram's `RequestData` as far as a `BaseRequest` looks at it."""

    __slots__ = ("body",)
    contains_files = False

    def __init__(self, body: bytes) -> None:
        self.body = body

    def as_request_data(self) -> RequestData:
        """Itself; `RequestData` is final, so the types have to be told."""
        return cast("RequestData", self)


class HttpRequest(BaseRequest):
    """
    Bot API requests over one pool of kept connections. Certificates are verified; no cookies, no redirects.

    The proxy is `proxy`, or the one the environment names (HTTPS_PROXY, ALL_PROXY, NO_PROXY) when the first request is made.
    Errors carry no URL, for a URL holds the token.
    """

    def __init__(self, *, connections: int = 160, proxy: str = "") -> None:
        self._connections = connections
        self._proxy = proxy
        self._clients: dict[str, Client] = {}
        self._closed = True
        self._urls: dict[str, Url] = {}

    @property
    def read_timeout(self) -> float:
        """Seconds for a whole call that does not say."""
        return _CALL

    async def initialize(self) -> None:
        """Allow requests; nothing is connected yet."""
        self._closed = False

    async def shutdown(self) -> None:
        """Close every connection."""
        self._closed = True
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Telegram's answer. Raises TelegramError if it is no JSON object; the payload is not logged."""
        answer = loads(payload)
        if not isinstance(answer, dict):
            raise TelegramError("the answer is not the Bot API's")
        return answer

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - a part of the whole
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the client's own, `_CONNECT`
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - likewise, `_POOL`
    ) -> tuple[int, bytes]:
        """Make one request; `read_timeout` is in seconds for the whole of it. Raises NeverLeft, TimedOut or NetworkError."""
        if self._closed:
            raise NeverLeft("the connection is closed")
        scheme = url.partition(":")[0]
        client = self._clients.get(scheme)
        if client is None:
            client = self._clients[scheme] = self._build(url)
        request = client.request(method, self._address(url))
        seconds = _given(read_timeout)
        if isinstance(request_data, Ready):
            request = request.header(*_JSON).body_bytes(request_data.body)
        elif request_data is not None and request_data.contains_files:
            request, seconds = request.multipart(_form(request_data)), seconds or _UPLOAD
        elif request_data is not None:
            request = request.header(*_JSON).body_bytes(orjson.dumps(request_data.parameters))
        if seconds is not None:
            request = request.timeout(timedelta(seconds=seconds))
        status, payload = await _exchange(request)
        return _plain_status(status, payload), payload

    def _build(self, url: str) -> Client:
        """The client for the scheme and host of `url`: a bot speaks with one."""
        parts = urlsplit(url)
        proxy = self._proxy or _proxy_of_environment(parts.scheme, parts.hostname or "")
        builder = (
            ClientBuilder()
            .user_agent("Stillhere")
            .follow_redirects(False)
            .max_connections(self._connections)
            .pool_idle_timeout(timedelta(seconds=30))
            .pool_timeout(timedelta(seconds=_POOL))
            .connect_timeout(timedelta(seconds=_CONNECT))
            .timeout(timedelta(seconds=_CALL))
            .no_proxy()
        )
        # The system's certificates take 10 ms to read. Of a server beside the bot none are ever checked.
        builder = builder.https_only(True) if parts.scheme == "https" else builder.danger_accept_invalid_certs(True)
        return (builder.proxy(ProxyBuilder.all(proxy)) if proxy else builder).build()

    def _address(self, url: str) -> Url:
        address = self._urls.get(url)
        if address is None:
            address = self._urls[url] = Url(url)
        return address


async def _exchange(request: RequestBuilder) -> tuple[int, bytes]:
    fault: NetworkError
    try:
        answer = await request.build().send()
        return answer.status, (await answer.bytes()).to_bytes()
    except faults.PyreqwestError as error:
        fault = _named(error)
    raise fault  # out here: pyreqwest's own error, which names the URL, is not chained to it


def loads(payload: bytes) -> Any:
    """
    The JSON value in `payload`, also where it holds lone surrogates or broken UTF-8, which orjson refuses.

    None if it is no JSON at all.
    """
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        try:
            return json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None


def _form(request_data: RequestData) -> FormBuilder:
    form = FormBuilder()
    for name, value in request_data.json_parameters.items():
        form = form.text(name, value)
    for name, (filename, content, mimetype) in request_data.multipart_data.items():
        file = content if isinstance(content, bytes) else content.read()
        form = form.part(name, PartBuilder.from_bytes(file).file_name(filename).mime(mimetype))
    return form


def _given(timeout: object) -> float | None:
    return float(timeout) if isinstance(timeout, int | float) else None


def _plain_status(status: int, payload: bytes) -> int:
    """
    The status to judge by. Raises NetworkError for a "success" that is not the Bot API's, such as a login page on the way.

    413 counts as a bad request: PTB would call it a network error, and the call would be repeated for ever.
    """
    if status == 413:  # noqa: PLR2004 - an HTTP status
        return 400
    if 200 <= status <= 299 and not payload.startswith(_GOOD):  # noqa: PLR2004 - HTTP statuses
        answer = loads(payload)
        if not isinstance(answer, dict) or answer.get("ok") is not True or "result" not in answer:
            raise NetworkError("the answer is not the Bot API's")
    return status


def _named(error: faults.PyreqwestError) -> NetworkError:
    """
    Whether the request left, and of the causes the operating system's word alone: others name the URL.

    pyreqwest calls every lost connection a ConnectError. What failed before a connection was there is told by the cause that
    hyper, underneath, gives for it; anything unknown may have taken effect.
    """
    details = getattr(error, "details", None) or {}
    causes = [cause["message"] for cause in details.get("causes") or ()]
    told = next((cause.partition(" (os error")[0] for cause in causes if "(os error" in cause), "")
    reason = f"{type(error).__name__} ({told})" if told else type(error).__name__
    if "client error (Connect)" in causes or isinstance(error, faults.PoolTimeoutError | faults.BuilderError):
        return NeverLeft(reason)
    return TimedOut("no answer in time") if isinstance(error, TimeoutError) else NetworkError(reason)


def _proxy_of_environment(scheme: str, host: str) -> str | None:
    if host in {"localhost", "127.0.0.1", "::1"} or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if proxy and not proxy.startswith(("http://", "https://")):
        raise NeverLeft("the proxy named by HTTPS_PROXY or ALL_PROXY is not an http:// one")
    return proxy
