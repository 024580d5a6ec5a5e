"""Writes what is generated: docs/sources.md from the collectors, the schemas of sources.yaml and curation.yaml from their shapes, and the
shapes of replies from those that the tests hold (`recorded`).

    python -m aggregator.docs

A test fails when they are stale.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from aggregator import curation
from aggregator.collectors import platforms
from aggregator.collectors.base import Backfills, Collector, Manifest, options_of
from aggregator.config import COMMON, schema
from aggregator.pipeline.budget import dollars
from aggregator.recorded import write_shapes
from aggregator.shape import write_duration

_OPENING = """\
# Sources

Generated from the collectors by `make docs`; do not edit.

A source in `sources.yaml` is an address, and the platform and its options are found from it; or a mapping that names them:

```yaml
sources:
  - https://anchor.fm/microsolidarity
  - address: https://medium.com/tag/microsolidarity
    every: 12h
  - platform: discourse
    site: https://forum.example.org
    search: microsolidarity
    label: Our forum
  - site: https://blog.example
    search: microsolidarity
```

With `site` alone nobody need know what a site runs on: its front page is looked at once, and then it is read as WordPress, Ghost, Substack,
Blogger, Discourse or whatever else it shows itself to be, or else by its feed. `search` or `tag` asks the site for a word where its
software can be asked; without them whatever is new is read, and the topics are looked for in it.

`aggregator check` says what was understood, without network. `aggregator source test ID` reads one page and shows what is found.
"""


def pages() -> Mapping[str, str]:
    """The generated files, by path below docs/."""
    schemas = {"sources.schema.json": schema(), "curation.schema.json": curation.schema()}
    return {"sources.md": sources_page(), **{name: json.dumps(one, indent=2, ensure_ascii=False) + "\n" for name, one in schemas.items()}}


def sources_page() -> str:
    """The catalogue of platforms, in Markdown."""
    known = platforms()
    parts = [_OPENING, "## All platforms\n", "\n".join(_table(known)) + "\n", "## Keys of every source\n", "\n".join(_common()) + "\n"]
    parts += [_section(collector) for collector in known.values()]
    return "\n".join(parts)


def _table(known: Mapping[str, type[Collector]]) -> Iterator[str]:
    yield "| platform | what it finds | key | cost | how far back | how quickly | what it cannot do |"
    yield "|---|---|---|---|---|---|---|"
    for name, collector in known.items():
        manifest = collector.manifest
        back = f"{manifest.reach}; older by back-fill" if issubclass(collector, Backfills) else manifest.reach
        quickly = f"{manifest.delay}; asked every {write_duration(manifest.every)}"
        cells = [manifest.finds, _key(manifest), _cost(manifest), back, quickly, " ".join(manifest.limits) or "nothing known"]
        yield f"| [{manifest.title}](#{name}) | {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _key(manifest: Manifest) -> str:
    """Whether a key is needed, and where to get it."""
    if manifest.auth is None:
        return "none"
    needed = "optional" if manifest.auth.optional else "needed"
    places = re.findall(r"https://[^\s,)]*[^\s,).]", manifest.auth.how)
    where = f", from <{places[0]}>" if places else f". {manifest.auth.how}"
    return f"`{manifest.auth.variable}`, {needed}{where}"


def _cost(manifest: Manifest) -> str:
    if manifest.price is None:
        return "none"
    return f"{manifest.price.words}; at most {dollars(manifest.price.monthly)} a month, unless `budget` says otherwise"


def _common() -> Iterator[str]:
    yield "| key | meaning |"
    yield "|---|---|"
    for name, key in COMMON.items():
        yield f"| `{name}` | {key.help} |"


def _section(collector: type[Collector]) -> str:
    manifest = collector.manifest
    lines = [f"## {manifest.name}", "", f"[{manifest.title}]({manifest.homepage}). {inspect.getdoc(collector)}", ""]
    lines += ["| option | meaning | example |", "|---|---|---|"]
    for name, (option, required) in options_of(collector).items():
        lines.append(f"| `{name}`{' (required)' if required else ''} | {option.help} | `{option.example}` |")
    lines += ["", f"- Finds: {manifest.finds}."]
    lines += [f"- Gives: {manifest.delivers}, as {', '.join(manifest.kinds)}, by {manifest.method}."]
    lines.append(f"- Reach: {manifest.reach}{'; older entries by back-fill' if issubclass(collector, Backfills) else ''}.")
    pace = f"at least {manifest.pace.gap.total_seconds():g} s between two requests"
    budget = f", at most {manifest.pace.daily} a day" if manifest.pace.daily else ""
    lines.append(f"- Seen: {manifest.delay}.")
    lines.append(f"- Manners: asked every {write_duration(manifest.every)}, {pace}{budget}.")
    if manifest.auth is not None:
        without = f" Without it: {manifest.auth.without}" if manifest.auth.without else " Nothing can be read without it."
        lines.append(f"- Key: `{manifest.auth.variable}` in the environment. {manifest.auth.how}{without}")
    lines.append(f"- Cost: {_cost(manifest)}.")
    lines += [f"- {limit}" for limit in manifest.limits]
    lines += [f"- Written from: {manifest.spec}.", ""]
    return "\n".join(lines)


def main() -> None:
    """Write the files."""
    folder = Path(__file__).parent.parent / "docs"
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    write_shapes()


if __name__ == "__main__":
    main()
