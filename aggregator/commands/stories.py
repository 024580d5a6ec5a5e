"""The commands that bring links: add, import."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from aggregator.commands.common import application, show, talk
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Kind


def add(options: argparse.Namespace) -> int:
    """Put a link on the page by hand."""
    from aggregator.run.adding import add_link
    from aggregator.run.publishing import publish_site

    kind = _kind(options.kind)
    with application(options) as app, app.store.exclusive() as held:
        if not held:
            raise AggregatorError("another run is under way: try again when it has ended")
        added = add_link(app, options.url, title=options.title, who=options.who, kind=kind, agreed=options.yes)
        talk(options, added.message)
        if added.new:
            publish_site(app, dry_run=options.dry_run)
        if options.json:
            show(asdict(added))
    return 0


def _kind(name: str | None) -> Kind | None:
    if name is None:
        return None
    if name not in list(Kind):
        raise ConfigError(f"--kind: expected one of {', '.join(Kind)}, found {name!r}")
    return Kind(name)


def imported(options: argparse.Namespace) -> int:
    """Read a hand-kept Markdown page into chosen links, or a feed reader's list into sources."""
    from aggregator.commands import opml

    if opml.is_opml(options.file):
        return opml.imported(options)
    from aggregator.pipeline.importing import read_markdown
    from aggregator.shape import read_file
    from aggregator.text.urls import canonical

    page = read_markdown(read_file(options.file, str(options.file)), origin=options.file.name, canonical=canonical)
    if not page.chosen:
        raise ConfigError(f"{options.file}: no list of links was found; expected lines such as `* 📄[words](https://address)`")
    with application(options) as app, app.store.exclusive() as held:
        if not held:
            raise AggregatorError("another run is under way: try again when it has ended")
        changed = app.store.choose(app.refusals().allowed(page.chosen), options.file.name, app.clock())
        links = sum(len(one.links) for one in page.chosen)
        if options.json:
            show({"changed": changed, "chosen": [asdict(one) for one in page.chosen]})
        verb = "Would read" if options.dry_run else "Read"
        said = f"{verb} {len(page.chosen)} stories with {links} links from {options.file}." if changed else "Nothing has changed."
        talk(options, f"{said} `aggregator build` writes the page.")
        for remark in page.remarks:
            talk(options, f"{options.file}: {remark}")
    return 0
