"""The commands that keep the page: run, poll, build, schedule."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.commands.common import NO_NETWORK, application, complain, complain_lines, settings_of, show, talk
from aggregator.commands.setup import keys_wanted
from aggregator.errors import ConfigError

if TYPE_CHECKING:
    from aggregator.app import App
    from aggregator.publish.site import Published
    from aggregator.run.judging import Judged
    from aggregator.run.once import Ran

# Files that are named one by one.
_NAMED = 20


def run(options: argparse.Namespace) -> int:
    """Poll what is due, write the page."""
    from aggregator.run.timer import on_signals

    with application(options) as app:
        on_signals(app.end)
        return _run(options, app)


def poll(options: argparse.Namespace) -> int:
    """Poll now, without writing the page."""
    from aggregator.run.once import run_once
    from aggregator.run.progress import progress
    from aggregator.run.timer import on_signals

    settings = settings_of(options)
    known = [source.id for source in settings.sources]
    unknown = [name for name in options.sources if name not in known]
    if unknown:
        from aggregator.shape import SOURCE_LIST, nearest

        raise ConfigError(f"there is no source {unknown[0]!r} in {options.config}. {nearest(unknown[0], known, whole=SOURCE_LIST)}")
    with application(options, settings) as app:
        on_signals(app.end)
        with progress(quiet=options.quiet) as (begin, tell):
            ran = run_once(app, only=options.sources, force=True, build=False, begin=begin, tell=tell)
        return _report(options, app, ran)


def build(options: argparse.Namespace) -> int:
    """Write the page from what is known."""
    from aggregator.run.publishing import publish_site
    from aggregator.run.turns import run_turn

    settings = settings_of(options)
    if options.output:
        settings = replace(settings, output=options.output)
    with application(options, settings) as app, run_turn(app) as held:
        if not held:
            talk(options, "Another run is under way and will write the page.")
            return 0
        app.store.choose(app.settings.chosen, "sources.yaml", app.clock())
        for line in _followed(options, app):
            talk(options, line)
        published = publish_site(app, as_of=_end_of(options.as_of), dry_run=options.dry_run, remember=options.output is None)
        if options.json:
            show(_plain(published))
        else:
            _say_written(options, app, published.written)
    return 0


def _followed(options: argparse.Namespace, app: App) -> tuple[str, ...]:
    """What following curation.yaml has to say; in a dry run also which stories would change, and how."""
    from aggregator.run.deciding import sync, sync_and_compare

    if not options.dry_run:
        return sync(app).told
    synced, changes = sync_and_compare(app, write=False)
    return (*synced.told, *map(str, changes))


def schedule(options: argparse.Namespace) -> int:
    """Do `run` again and again."""
    from aggregator.run.timer import on_signals, repeat
    from aggregator.shape import parse_duration

    try:
        every = parse_duration(options.every)
    except ValueError as error:
        raise ConfigError(f"--every: expected a duration such as 15m or 1h, found {options.every!r}. {error}") from None
    with application(options) as app:
        on_signals(app.end)
        talk(options, f"Running every {options.every}. Stop with Ctrl-C or SIGTERM.")
        repeat(lambda: _scheduled(options, app), every=every, stop=app.stop)
    talk(options, "Stopped.")
    return 0


def _scheduled(options: argparse.Namespace, app: App) -> None:
    _run(options, app)


def _run(options: argparse.Namespace, app: App) -> int:
    from aggregator.run.once import run_once
    from aggregator.run.progress import progress

    with progress(quiet=options.quiet) as (begin, tell):
        ran = run_once(app, begin=begin, tell=tell, dry_run=options.dry_run)
    return _report(options, app, ran)


def _report(options: argparse.Namespace, app: App, ran: Ran) -> int:
    if options.json:
        show({**asdict(ran), "published": _plain(ran.published), "exit_code": ran.exit_code})
        return ran.exit_code
    if ran.locked:
        talk(options, "Another run is under way; nothing was done.")
        return 0
    if ran.misread:
        complain_lines(f"{ran.misread}\nThe decisions in force stay as they are until this is mended; the page was made with them.")
    for line in (*ran.remarks, *summary(app, ran)):
        talk(options, line)
    for line in resting(app, ran):
        talk(options, line)
    failed = failures(app, ran)
    for line in failed:
        complain(line)
    for variable, line in keys_wanted(app.settings).items():
        if not any(variable in said for said in failed):
            talk(options, line)
    if ran.published is not None:
        _say_written(options, app, ran.published.written)
    return ran.exit_code


def _plain(published: Published | None) -> dict[str, object] | None:
    return None if published is None else {"written": published.written, "removed": published.removed}


def summary(app: App, ran: Ran) -> list[str]:
    """One line: what was read and found; with what waits for its time."""
    from aggregator.run.jobs import Ending

    read = sum(done.ending is Ending.OK for done in ran.polls)
    words = [f"{count} {word}" for count, word in ((ran.landed.new, "new"), (ran.landed.changed, "changed")) if count]
    line = f"Read {read} of {len(ran.polls)} source{'s' if len(ran.polls) != 1 else ''}: {', '.join(words) or 'nothing new'}."
    lines = [line] if ran.polls else []
    if ran.judged is not None and (told := _rejudged(ran.judged)):
        lines.insert(0, told)
    if ran.waiting:
        lines.append(_waiting(ran.waiting))
    if ran.checked.withdrawn:
        lines.append(f"Withdrew {ran.checked.withdrawn} of what was shown, because it is not public any more.")
    if ran.stopped:
        lines.append("Stopped before all was done; the next run goes on from here.")
    return lines


def _waiting(count: int) -> str:
    if count == 1:
        return "1 source was not due yet; `aggregator poll` asks it now, `aggregator status` says when it is."
    return f"{count} sources were not due yet; `aggregator poll` asks them now, `aggregator status` says when they are."


def _rejudged(judged: Judged) -> str:
    """What changed topics changed; "" when they changed nothing."""
    words = [f"{count} {word}" for count, word in ((judged.added, "added"), (judged.dropped, "dropped")) if count]
    words += [f"{judged.kept} kept as you decided"] if judged.kept else []
    return f"The topics have changed, and what is known was judged anew: {', '.join(words)}." if words else ""


def resting(app: App, ran: Ran) -> list[str]:
    """A line for each source that is left alone for now, since its platform asked for rest or what may be spent is spent."""
    from aggregator.run.jobs import Ending

    labels = {source.id: source.label for source in app.settings.sources}
    rested = [(labels.get(done.job.subject, done.job.subject), done.message) for done in ran.polls if done.ending is Ending.RESTS]
    return sorted(f"Left {name} for a later run: {message}" for name, message in rested)


def failures(app: App, ran: Ran) -> list[str]:
    """A line for each source that could not be read or needs a key; one more where it is this machine that has no network. A platform that
    asks for rest is no failure."""
    from aggregator.run import CUT_OFF
    from aggregator.run.jobs import Ending

    labels = {source.id: source.label for source in app.settings.sources}
    lines = []
    for done in ran.polls:
        name = labels.get(done.job.subject, done.job.subject)
        if done.ending is Ending.NEEDS_KEY:
            lines.append(f"{name} needs a key: {done.message}")
        elif done.ending not in (Ending.OK, Ending.STOPPED, Ending.RESTS):
            lines.append(f"Could not read {name}: {done.message}")
    asked = [done for done in ran.polls if done.ending not in (Ending.NEEDS_KEY, Ending.STOPPED)]
    cut_off = len(asked) >= CUT_OFF and all(done.unreachable for done in asked)
    return [*sorted(lines), *([NO_NETWORK] if cut_off else [])]


def _say_written(options: argparse.Namespace, app: App, written: tuple[str, ...]) -> None:
    page = app.settings.output / "index.html"
    if not written:
        talk(options, f"No news: the page stays as it is ({page}).")
    elif options.dry_run:
        more = f" and {len(written) - _NAMED} more" if len(written) > _NAMED else ""
        talk(options, f"Would write {', '.join(written[:_NAMED])}{more}.")
    else:
        talk(options, f"Wrote {len(written)} file{'s' if len(written) != 1 else ''}; the page is {page}.")


def _end_of(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1) - timedelta(microseconds=1)
    except ValueError:
        raise ConfigError(f"--as-of: expected a date such as 2020-01-31, found {text!r}") from None
