"""The shape of the house: imports point one way, each library has one door, nothing is too large, nothing private is committed."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "aggregator"

# A module may import from its own layer and from those before it.
LAYERS = (
    ("model", "errors", "clock", "settings", "log", "shape", "__init__"),
    ("text",),
    ("fetch", "store"),
    ("collectors",),
    ("config", "forms", "digest_forms", "curation"),
    ("pipeline",),
    ("publish", "recorded", "docs"),
    ("digest",),
    ("app",),
    ("run", "web"),
    ("commands",),
    ("cli", "digest_options", "__main__"),
)

# The only modules that may import a library of others.
DOORS = {
    "requests": ("fetch",),
    "urllib3": ("fetch",),
    "websockets": ("fetch.conversation",),
    "feedparser": ("collectors._lenient",),
    "bs4": ("text.html",),
    "soupsieve": ("text.html",),
    "nh3": ("text.html",),
    "lxml": ("text.html", "collectors._elements"),
    "atproto": ("collectors._bluesky_service",),
    "atproto_client": ("collectors._bluesky_service",),
    "sqlalchemy": ("store",),
    "jinja2": ("publish.render",),
    "apscheduler": ("run.timer",),
    "rich": ("run.progress",),
    "yaml": ("shape",),
    "ftfy": ("text.repair",),
    "rensa": ("text.similarity",),
    "cronsim": ("text.cron",),
    "css_inline": ("digest.rendering",),
    "dns": ("digest.dns",),
    "smtplib": ("digest.mailers.smtp",),
    "imaplib": ("fetch.imap",),
    "starlette": ("web",),
    "uvicorn": ("web",),
}


def walk() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__") or "__init__", path


MODULES = list(walk())


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(module: str) -> int:
    top = module.split(".")[0]
    return next(number for number, names in enumerate(LAYERS) if top in names)


@pytest.mark.parametrize(("module", "path"), MODULES)
def test_imports_point_one_way(module: str, path: Path) -> None:
    ours = [name.removeprefix("aggregator.") for name in imported(path) if name.startswith("aggregator.")]
    known = {name.split(".")[0] for name, _ in MODULES}
    backwards = [name for name in ours if name.split(".")[0] in known and layer(name) > layer(module)]
    assert backwards == []


@pytest.mark.parametrize(("module", "path"), MODULES)
def test_each_library_has_one_door(module: str, path: Path) -> None:
    for name in imported(path):
        doors = DOORS.get(name.split(".")[0])
        assert doors is None or any(module == door or module.startswith(door + ".") for door in doors), f"{module} imports {name}"


@pytest.mark.parametrize(("module", "path"), MODULES)
def test_no_module_is_over_400_lines(module: str, path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize(("module", "path"), [(module, path) for module, path in MODULES if module.startswith("collectors")])
def test_no_module_of_a_platform_is_over_200_lines(module: str, path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize(("module", "path"), MODULES)
def test_no_function_is_over_60_lines(module: str, path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


@pytest.mark.parametrize(("module", "path"), MODULES)
def test_every_module_says_what_lives_in_it(module: str, path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_nothing_but_the_clock_asks_the_time() -> None:
    asking = re.compile(r"datetime\.now\(|utcnow\(|time\.time\(|date\.today\(")
    found = [module for module, path in MODULES if module != "clock" and asking.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_no_registry_host_and_no_path_of_a_machine_is_committed() -> None:
    git = shutil.which("git")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False) if git else None
    if listed is None or listed.returncode:
        pytest.skip("not a git checkout: there is no list of committed files")
    words = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "/ro" + "ot/", "/wo" + "rk/")
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png", ".gz", ".br"):
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{name}: {word}" for word in words if word in text]
    assert found == []
