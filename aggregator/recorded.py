"""The shapes of replies (`pipeline.shapes`), from the recorded exchanges that the tests hold: written by `python -m aggregator.docs`.

The recordings are no part of the installed program; the shapes are. Adding a platform adds its file.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aggregator.collectors import platforms
from aggregator.pipeline.shapes import Seen, Shape, asked_for, shape_of

PACKAGE = Path(__file__).parent
SHAPES = PACKAGE / "collectors" / "shapes"
FIXTURES = PACKAGE.parent / "tests" / "fixtures"

# What is remarked of rows and documents that were not as they should be.
_MALFORMED = re.compile(r"left out|cut off|not well-formed|cannot be read|without")
_WORD = re.compile(r"[\w:$-]+")


def recorded_shapes(fixtures: Path = FIXTURES) -> Mapping[str, Shape]:
    """By platform: what is always there in the replies of its good cases."""
    found = {name: shape_of(good_replies(fixtures / name), named_by(name)) for name in platforms()}
    return {name: shape for name, shape in found.items() if shape}


def write_shapes(folder: Path = SHAPES) -> None:
    """Write a file for each platform, and take away those of platforms that are no more."""
    folder.mkdir(exist_ok=True)
    texts = {f"{name}.json": written(shape) for name, shape in recorded_shapes().items()}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for stale in {path.name for path in folder.glob("*.json")} - texts.keys():
        (folder / stale).unlink()


def written(shape: Shape) -> str:
    """A shape as its file holds it."""
    return json.dumps({question: list(marks) for question, marks in shape.items()}, indent=1, ensure_ascii=False) + "\n"


def good_replies(folder: Path) -> Iterator[tuple[str, Seen]]:
    """The replies of cases in which all was well, each with its question; what is malformed on purpose is no model."""
    for path in sorted(folder.glob("*/case.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        expected = path.parent / "expected.json"
        pages: list[dict[str, Any]] = json.loads(expected.read_text(encoding="utf-8")) if expected.exists() else []
        if case.get("fails") or any(_MALFORMED.search(remark) for page in pages for remark in page.get("remarks", ())):
            continue
        for exchange in case["exchanges"]:
            if exchange.get("status", 200) == 200 and "body" in exchange:
                seen = Seen(
                    method=exchange.get("method", "GET"),
                    url=exchange["url"],
                    body=(path.parent / exchange["body"]).read_bytes(),
                    content_type=next((value for name, value in exchange.get("headers", {}).items() if name.lower() == "content-type"), ""),
                )
                yield asked_for(seen, case["options"]), seen


def named_by(platform: str) -> frozenset[str]:
    """Every word in a text of the code that reads a platform: its module, and the parts it imports."""
    waiting, known, words = [platform], set[str](), set[str]()
    while waiting:
        name = waiting.pop()
        path = PACKAGE / "collectors" / f"{name}.py"
        if name in known or not path.is_file():
            continue
        known.add(name)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        waiting += _parts(tree)
        words.update(_words(tree))
    return frozenset(words)


def _parts(tree: ast.Module) -> Iterator[str]:
    """Parts of collectors that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aggregator.collectors"):
            named = [(node.module or "").removeprefix("aggregator.collectors").lstrip("."), *(alias.name for alias in node.names)]
            yield from (name for name in named if name.startswith("_"))


def _words(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield from _WORD.findall(node.value if isinstance(node.value, str) else node.value.decode("utf-8", "replace"))
