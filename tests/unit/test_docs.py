"""What newcomers read is true: links lead somewhere, and what is named exists."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.main
from ruamel.yaml import YAML

from bot.cli import cli
from bot.config import Settings
from bot.storage.tables import metadata

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("dialogs/*.md"),
        *ROOT.glob("dialogs/media/*.md"),
    ]
)
RUN_FILES = [
    ROOT / "Dockerfile",
    ROOT / "deploy/compose.yaml",
    ROOT / "deploy/compose.postgres.yaml",
    ROOT / ".env.example",
    ROOT / ".pre-commit-config.yaml",
]
MADE_LATER = {".venv", ".env", "var", "keys"}
"""Not in the repository: made by a command, or by the host."""

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pages
def test_links_lead_somewhere(page: Path) -> None:
    assert not [link for link in _links(page) if not _leads_somewhere(page, link)]


@pages
def test_files_that_are_named_exist(page: Path) -> None:
    top = {path.name for path in ROOT.iterdir()} - MADE_LATER
    named = [word for word in re.findall(r"[\w./*-]+", _code(page)) if "/" in word and word.split("/")[0] in top]
    assert not [path for path in named if not list(ROOT.glob(path.strip("/.")))]


@pages
def test_code_that_is_named_exists(page: Path) -> None:
    references = re.findall(r"`([\w/]+\.py)::([\w.]+)`", page.read_text())
    assert not [(file, name) for file, name in references if name not in _names(file)]


def test_every_hazard_names_the_test_of_its_control() -> None:
    """Whether the test exists is checked like every other name of code."""
    rows = re.findall(r"^\| (?!hazard|---)(.+) \|$", (ROOT / "docs/hazards.md").read_text(), re.MULTILINE)
    columns = [row.split(" | ") for row in rows]
    assert len(columns) >= 20
    assert not [row for row in columns if len(row) != 5 or not all(row)]
    assert not [row[0] for row in columns if "::test_" not in row[3] and "none can" not in row[3]]


@pages
def test_commands_that_are_named_exist(page: Path) -> None:
    assert not [words for words in _commands(_code(page)) if not _is_command(words)]
    assert not set(re.findall(r"\bmake ([a-z]+)\b", _code(page))) - _targets()


@pytest.mark.parametrize("file", RUN_FILES, ids=lambda file: file.name)
def test_what_hosts_run_names_real_commands_and_settings(file: Path) -> None:
    text = file.read_text()
    called = re.findall(r'"stillhere", "(\w+)"', text) + re.findall(r'^CMD \["(\w+)"\]', text, re.MULTILINE)
    assert not [command for command in called if not _is_command(command)]
    assert not set(re.findall(r"\bSTILLHERE_[A-Z_]+", text)) - _settings().keys()


def test_the_container_is_as_closed_as_the_docs_say() -> None:
    bot = YAML(typ="safe").load((ROOT / "deploy/compose.yaml").read_text())["services"]["bot"]
    assert bot["read_only"]
    assert bot["cap_drop"] == ["ALL"]
    assert bot["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in bot
    assert bot["volumes"] == ["data:/data", "keys:/keys"]


def test_replicas_share_a_database_that_only_they_reach() -> None:
    made = YAML(typ="safe").load((ROOT / "deploy/compose.postgres.yaml").read_text())
    bot, postgres = made["services"]["bot"], made["services"]["postgres"]
    assert bot["deploy"]["replicas"] >= 2
    assert bot["read_only"]
    assert bot["cap_drop"] == ["ALL"]
    assert "volumes" not in bot  # whatever has to be kept is in the database
    assert not {"ports", "network_mode"} & {*bot, *postgres}
    services = made["services"].values()
    assert all("healthcheck" in each for each in services)
    assert {name for each in services for name in each.get("secrets", [])} == set(made["secrets"])
    named = {volume.partition(":")[0] for each in services for volume in each.get("volumes", [])}
    assert {name for name in named if not name.startswith(".")} == set(made["volumes"])
    assert (ROOT / "deploy/Caddyfile").exists()


def test_the_image_is_built_from_what_is_there_and_sent() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    sent = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert sources == sent
    assert not [source for source in sources if not (ROOT / source).exists()]


def test_the_settings_table_tells_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `(STILLHERE_\w+)` \|(?: `(.*?)`)? \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert dict(rows) == _settings()


def test_the_example_tells_every_setting_with_its_default() -> None:
    lines = re.findall(r"^#?(STILLHERE_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert dict(lines) == _settings()


def test_troubleshooting_quotes_what_is_really_said() -> None:
    table = (ROOT / "docs/host.md").read_text().rpartition("| the line |")[2]
    quoted = [
        words for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for words in re.findall(r"`(.+?)`", row)
    ]
    said = "\n".join(_texts())
    assert quoted
    assert not [words for words in quoted if words not in said]


def test_the_map_has_every_room_and_every_table() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    rooms = [path.parent.name for path in (ROOT / "bot").glob("*/__init__.py")]
    assert not [room for room in rooms if f"`bot/{room}/`" not in text]
    assert not [table for table in metadata.tables if f"\n| `{table}` |" not in text]


def test_the_map_has_the_floors_that_are_checked() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    floors = [re.findall(r"bot\.(\w+)", layer) for layer in contract["layers"]]
    text = (ROOT / "docs/architecture.md").read_text()
    places = [[text.index(f"| `bot/{room}/`") for room in floor if f"| `bot/{room}/`" in text] for floor in floors]
    flat = [max(found) for found in places if found]
    assert flat == sorted(flat)


def _code(page: Path) -> str:
    """What stands in backticks or code blocks."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", page.read_text(), re.DOTALL))


def _links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL))


def _leads_somewhere(page: Path, link: str) -> bool:
    if re.match(r"https://|mailto:", link):
        return True
    path, _, heading = link.partition("#")
    target = (page.parent / path) if path else page
    return target.exists() and (not heading or heading in _headings(target))


def _headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@cache
def _names(file: str) -> set[str]:
    """Everything defined in a module: functions, classes, constants, and what is inside classes."""
    return set(_defined(ast.parse((ROOT / file).read_text()).body, ""))


def _defined(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for part in body:
        match part:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name
            case ast.ClassDef(name=name, body=inner):
                yield prefix + name
                yield from _defined(inner, f"{prefix}{name}.")
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name


def _texts() -> Iterator[str]:
    """Every text in the program, put together from its lines."""
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _commands(code: str) -> list[str]:
    """`dialogs lint` of `.venv/bin/stillhere dialogs lint   every mistake`."""
    return [found.rstrip() for found in re.findall(r"(?<![\w:])stillhere ((?:[a-z]+ ?){1,2})(?![\w-])", code)]


def _is_command(words: str) -> bool:
    here = typer.main.get_command(cli)
    for word in words.split():
        known = getattr(here, "commands", None)
        if known is None:
            return True  # a command has been found; what follows are its arguments
        if word not in known:
            return False
        here = known[word]
    return not hasattr(here, "commands")


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _settings() -> dict[str, str]:
    """Each setting as a variable, with its default as a host would write it."""
    defaults = {name: field.get_default() for name, field in Settings.model_fields.items()}
    return {f"STILLHERE_{name.upper()}": _written(default) for name, default in defaults.items()}


def _written(default: object) -> str:
    reveal = getattr(default, "get_secret_value", None)
    return str(reveal() if reveal else "" if default is None else default)
