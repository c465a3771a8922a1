"""Whose certificates the HTTP client believes."""

import asyncio
import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from bench.certificate import certify
from bot.telegram.transport import HttpRequest, NeverLeft, Ready
from tests.bot_api_wire import TOKEN, open_wire


@pytest.mark.parametrize("trusted", [False, True])
async def test_a_certificate_is_believed_only_from_whom_the_system_trusts(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certify(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ssl.SSLError, ConnectionError, asyncio.IncompleteReadError):
            await writer.start_tls(context)
            await reader.readuntil(b"{}")
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"ok":true,"result":true}')
            await writer.drain()
        writer.transport.abort()
        served.set()

    served = asyncio.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    request = HttpRequest()
    await request.initialize()
    async with open_wire() as wire:  # without TLS, nothing is checked; that changes nothing for what comes after
        assert await request.post(f"{wire.url}/bot{TOKEN}/setMyCommands", Ready(b"{}").as_request_data()) is True
    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot{TOKEN}/setMyCommands"
        if trusted:
            assert await request.post(address, Ready(b"{}").as_request_data()) is True
        else:
            with pytest.raises(NeverLeft, match="ConnectError"):
                await request.post(address, Ready(b"{}").as_request_data())
        await served.wait()
    await request.shutdown()
