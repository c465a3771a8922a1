"""The HTTP client under telegram.Bot, on aiohttp: reuses connections, tells whether a request left, and never names a URL."""

import json
import os
from collections.abc import Mapping
from typing import Any, cast
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

# telegram.Bot's own way to ask for timedeltas; without it, every 429 comes with a deprecation warning.
os.environ["PTB_TIMEDELTA"] = "true"

_JSON = {"Content-Type": "application/json"}
_GOOD = b'{"ok":true,"result":'


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


class AiohttpRequest(BaseRequest):
    """
    Bot API requests over one pool of kept connections. Certificates are verified; no cookies, no redirects.

    `read_timeout` is in seconds between two pieces of the answer. The proxy is `proxy`, or the one the environment names
    (HTTPS_PROXY, ALL_PROXY, NO_PROXY). Errors carry no URL, for a URL holds the token.
    """

    def __init__(self, *, connections: int = 256, read_timeout: float = 20.0, proxy: str = "") -> None:
        self._connections = connections
        self._read_timeout = read_timeout
        self._proxy = proxy
        self._proxies: dict[str, str | None] = {}
        self._urls: dict[str, URL] = {}
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for the next piece of an answer."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the pool; nothing is connected yet."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=_timeout(self._read_timeout, connect=10.0),
                headers={"User-Agent": "Stillhere"},
                skip_auto_headers=("Accept", "Accept-Encoding"),
            )

    async def shutdown(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

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
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - connecting includes waiting for the pool
    ) -> tuple[int, bytes]:
        """Make one request. Raises NeverLeft, TimedOut or NetworkError."""
        if self._session is None or self._session.closed:
            raise NeverLeft("the connection is closed")
        options: dict[str, Any] = {}
        if isinstance(request_data, Ready):
            options.update(data=request_data.body, headers=_JSON)
        elif request_data is not None and request_data.contains_files:
            options.update(data=_form(request_data))
        elif request_data is not None:
            options.update(data=orjson.dumps(request_data.parameters), headers=_JSON)
        given = [_given(value) for value in (read_timeout, write_timeout, connect_timeout)]
        if any(value is not None for value in given) or isinstance(options.get("data"), aiohttp.FormData):
            read, write, connect = given
            options["timeout"] = _timeout(read or self._read_timeout, write=write or 60.0, connect=connect or 10.0)
        status, payload = await self._exchange(self._session, method, self._address(url), options)
        return _plain_status(status, payload), payload

    async def _exchange(
        self, session: aiohttp.ClientSession, method: str, url: URL, options: Mapping[str, Any]
    ) -> tuple[int, bytes]:
        fault: NetworkError
        try:
            proxy = self._proxy_for(url)
            async with session.request(method, url, allow_redirects=False, proxy=proxy, **options) as answer:
                return answer.status, await answer.read()
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.ClientHttpProxyError,
            aiohttp.InvalidURL,
            aiohttp.NonHttpUrlClientError,
        ) as error:
            fault = NeverLeft(_reason(error))
        except TimeoutError:
            fault = TimedOut("no answer in time")
        except (aiohttp.ClientError, OSError) as error:
            fault = NetworkError(_reason(error))
        raise fault  # out here: aiohttp's own error, which names the URL, is not chained to it

    def _address(self, url: str) -> URL:
        address = self._urls.get(url)
        if address is None:
            address = self._urls[url] = URL(url)
        return address

    def _proxy_for(self, url: URL) -> str | None:
        host = url.host or ""
        if host not in self._proxies:
            self._proxies[host] = self._proxy or _proxy_of_environment(url.scheme, host)
        return self._proxies[host]


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


def _form(request_data: RequestData) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mimetype) in request_data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mimetype)
    return form


def _given(timeout: object) -> float | None:
    return float(timeout) if isinstance(timeout, int | float) else None


def _timeout(read: float, *, connect: float, write: float = 20.0) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=connect + write + read, connect=connect, sock_read=read)


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


def _reason(error: Exception) -> str:
    cause = getattr(error, "os_error", error)
    detail = getattr(cause, "strerror", None)
    return f"{type(error).__name__} ({detail})" if detail else type(error).__name__


def _proxy_of_environment(scheme: str, host: str) -> str | None:
    if host in {"localhost", "127.0.0.1", "::1"} or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if proxy and not proxy.startswith(("http://", "https://")):
        raise NeverLeft("the proxy named by HTTPS_PROXY or ALL_PROXY is not an http:// one")
    return proxy
