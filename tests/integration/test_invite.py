"""`stillhere invite` prints a link that lets one person in, once, while the bot runs."""

from functools import partial
from pathlib import Path

import pytest

from bot.commands.host import NotDone
from bot.commands.invite import invite, new_code
from bot.config import Settings
from bot.conversation.access import CODE
from bot.dialogs import gate
from tests.carried import CACHE
from tests.program import TOKEN, hosted, running, until, words


def settings(folder: Path, api_url: str = "http://127.0.0.1:9", **more: str) -> Settings:
    path = folder / "stillhere.db"
    return Settings(
        _env_file=None,
        bot_token=TOKEN,
        api_url=api_url,
        database_url=f"sqlite+aiosqlite:///{path}",
        **more,  # type: ignore[arg-type]
    )


async def test_a_link_lets_one_person_in_while_the_bot_runs(tmp_path: Path) -> None:
    async with hosted(tmp_path, STILLHERE_ACCESS="invite") as (host, simulator), running(host, simulator) as program:
        code, said = await host.does("invite", "--days", "2")
        assert code == 0, said
        assert TOKEN not in said
        link, told = said.strip().splitlines()
        [secret] = CODE.findall(link)
        assert link == f"https://t.me/still_bot?start={secret}"
        assert "once" in told
        for person, answer in zip(
            simulator.people(), ("Hi. I'm a small program", "This is a private bot."), strict=True
        ):
            person.says(f"/start {secret}")
            await until(simulator, program, partial(words, person))
            assert words(person)[0].startswith(answer)


async def test_without_telegram_the_code_alone_is_printed_another_each_time(
    tmp_path: Path, migrated_file: Path
) -> None:
    (tmp_path / "stillhere.db").write_bytes(migrated_file.read_bytes())
    first, *told = await invite(settings(tmp_path), 7)
    assert CODE.fullmatch(first)
    assert "STILLHERE_ACCESS is open, so nobody needs it now." in told
    assert (await invite(settings(tmp_path, access="invite"), 7))[0] != first


async def test_before_the_first_start_there_is_nothing_to_invite_to(tmp_path: Path) -> None:
    with pytest.raises(NotDone, match="Start the bot once"):
        await invite(settings(tmp_path), 7)


def test_no_code_is_taken_for_a_cry_for_help() -> None:
    detect = gate(None, ("en",), CACHE)
    codes = {new_code() for _ in range(300)}
    assert len(codes) == 300
    assert all(map(CODE.fullmatch, codes))
    assert [code for code in codes if detect(code) or detect(code.upper())] == []
