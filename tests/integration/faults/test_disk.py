"""
A disk that is really full, really read-only, or takes no write any more: said clearly, waited for, and over by itself.

While SQLite has its files open, the kernel lets nobody make their file system read-only. So a running bot meets that as what it is
to a program: a write that fails.
"""

import resource
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from tests import warm
from tests.program import Program, free_address, hosted, real_time, running, until, words

pytestmark = pytest.mark.deep  # real programs, that wait in real time


@pytest.fixture
def own_mounts(tmp_path: Path) -> None:
    """Skips where this machine lets nobody mount anything, not even for their own eyes."""
    probe = subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(tmp_path)], capture_output=True, text=True, check=False
    )
    if probe.returncode:
        pytest.skip(f"a disk of one's own needs `unshare -rm mount`, which is not allowed here: {probe.stderr.strip()}")


@contextmanager
def full(program: int, disk: Path) -> Iterator[None]:
    """Something else has written until there was no room."""
    filler = Path(f"/proc/{program}/root{disk}/filler")
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield
    filler.unlink()


@contextmanager
def failing(program: int, disk: Path) -> Iterator[None]:
    """The kernel refuses to write more of the log of what is to be committed."""
    limits = resource.prlimit(program, resource.RLIMIT_FSIZE)
    resource.prlimit(program, resource.RLIMIT_FSIZE, ((disk / "stillhere.db-wal").stat().st_size, limits[1]))
    yield
    resource.prlimit(program, resource.RLIMIT_FSIZE, limits)


TROUBLES: dict[str, tuple[Callable[[int, Path], AbstractContextManager[None]], str]] = {
    "full": (full, "does not fit on the disk any more. Make room on it"),
    "failing": (failing, "cannot be read or written. Check the disk"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_disk_that_takes_no_commit_is_waited_for_without_a_restart(
    tmp_path: Path, trouble: str, request: pytest.FixtureRequest
) -> None:
    strike, sentence = TROUBLES[trouble]
    async with hosted(tmp_path, STILLHERE_HEALTH_LISTEN=free_address()) as (host, simulator):
        host.cold = True
        disk = host.database.parent
        if strike is full:
            request.getfixturevalue("own_mounts")
            disk.mkdir()
            host.inside = _mounted("mount -t tmpfs -o size=4m none", disk)
        ann, ben = simulator.people()
        async with running(host, simulator) as program:
            ann.starts()
            await until(simulator, program, lambda: words(ann))
            with strike(_number(program), disk):
                ann.says("/menu")
                ben.starts()
                while "updates do not arrive" not in program.said:
                    await real_time(0.05)
                host.inside = ()
                code, reason = await host.does("health")
                assert code == 1
                assert sentence in reason
            await until(simulator, program, lambda: len(words(ann)) > 1 and words(ben))
            while "updates arrive again" not in program.said:
                await real_time(0.05)
            while (told := await host.does("health"))[0]:  # a look is believed for a few seconds
                assert sentence in told[1]
        assert sentence in next(line for line in program.said.splitlines() if "updates do not arrive" in line)
        assert program.said.count("updates do not arrive") == 1
        assert (len(words(ann)), len(words(ben))) == (2, 1)


@pytest.mark.usefixtures("own_mounts")
async def test_a_start_on_a_disk_that_became_read_only_says_so_and_the_next_one_goes_on(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        ann, _ = simulator.people()
        async with running(host, simulator) as program:
            ann.starts()
            await until(simulator, program, lambda: words(ann))
        host.inside = _mounted('mount --bind "$0" "$0" && mount -o remount,ro,bind', host.database.parent)
        ann.says("/menu")
        code, told = await host.does("run")
        assert code == 1
        assert "read-only" in told
        assert "Traceback" not in told
        host.inside = ()
        async with running(host, simulator) as program:
            await until(simulator, program, lambda: len(words(ann)) > 1)
        assert len(words(ann)) == 2


def _mounted(how: str, disk: Path) -> Sequence[str]:
    """A command that goes on as another one, which sees `disk` mounted so; nobody else does."""
    script = f'{how} "$0" && exec "$@"'
    return ("unshare", "-rm", "sh", "-c", script, str(disk))


def _number(program: Program) -> int:
    """The number of its process: what started it has become it."""
    assert not isinstance(program.process, warm.Started)
    return program.process.pid
