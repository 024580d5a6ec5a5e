"""The commands about single links: add, import, why."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from aggregator.app import App
from aggregator.commands.common import application, day, say, settings_of, show, talk
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Kind, Story


def add(options: argparse.Namespace) -> int:
    """Put a link on the page by hand."""
    from aggregator.run.adding import add_link
    from aggregator.run.publishing import publish_site

    kind = _kind(options.kind)
    with application(options) as app, app.store.exclusive() as held:
        if not held:
            raise AggregatorError("another run is under way: try again when it has ended")
        added = add_link(app, options.url, title=options.title, who=options.who, kind=kind)
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
    """Read a hand-kept Markdown page into chosen links."""
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


def why(options: argparse.Namespace) -> int:
    """Say how an address was read, and why it is on the page or not."""
    from aggregator.text.urls import canonical, trace

    settings = settings_of(options)
    steps, found = trace(options.url), canonical(options.url)
    with application(options, settings) as app:
        story = _story(app, found.key)
        if options.json:
            show({"url": options.url, "key": found.key, "href": found.href, "rules": [asdict(step) for step in steps], "story": story})
            return 0
        say(f"address  {options.url}")
        for step in steps:
            say(f"  rule {step.rule}, {step.name}: {step.after}")
        say(f"key      {found.key}")
        say(f"follow   {found.href}")
        for line in _told(story):
            say(line)
    return 0


def _story(app: App, key: str) -> Story | None:
    id = app.store.story_of(key)
    return app.store.story(id) if id is not None else None


def _told(story: Story | None) -> list[str]:
    if story is None:
        return ["It is on no page: nothing that mentions a topic is about it or is it."]
    lines = [f"story    {story.id}, first seen {day(story.first_seen_at)}"]
    if story.chosen:
        lines.append(f"  chosen by hand in {story.chosen.origin}, place {story.chosen.position + 1}: {story.chosen.title}")
    for mention in story.mentions:
        lines.append(f"  {mention.source}: {mention.entry.url}")
        about = "itself" if mention.identity.subject == story.lead else mention.identity.subject
        lines.append(f"    is about {about}")
        lines += [f"    {match.field} matches {match.rule!r}: {match.excerpt}" for match in mention.matches]
    return lines
