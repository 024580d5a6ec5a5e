"""`import FILE.opml`: the subscriptions of a feed reader become sources."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.commands.common import say, settings_of, show, talk
from aggregator.errors import ConfigError

if TYPE_CHECKING:
    from aggregator.text.opml import Subscription

# What a reader exports is a few hundred kilobytes at most.
_MOST_BYTES = 8 * 1024 * 1024


def is_opml(file: Path) -> bool:
    """By its name, or by its first words."""
    if file.suffix.lower() == ".opml":
        return True
    try:
        with file.open("rb") as opened:
            return b"<opml" in opened.read(1000).lower()
    except OSError:
        return False


def imported(options: argparse.Namespace) -> int:
    """Write the subscriptions that are not watched yet to the end of `sources:`; in a dry run print them."""
    from aggregator.curation.sources_file import item
    from aggregator.pipeline.subscriptions import proposed

    settings = settings_of(options)
    found = proposed(_read(options.file), settings.sources, intranet=bool(settings.fetch.allow_networks))
    items = [item(one.address, one.title) for one in found.new]
    if items and not options.dry_run:
        _write(settings.file, items, len(settings.sources) + len(items))
    if options.json:
        show(
            {"added": [{"address": one.address, "label": one.title} for one in found.new], "known": found.known, "left_out": found.left_out}
        )
        return 0
    if options.dry_run:
        for line in (line for lines in items for line in lines):
            say(f"  {line}")
    verb = "Would add" if options.dry_run else "Added"
    known = f" {found.known} {'is' if found.known == 1 else 'are'} watched already." if found.known else ""
    talk(options, f"{verb} {len(items)} {'source' if len(items) == 1 else 'sources'} to {settings.file}.{known}")
    for line in found.left_out:
        talk(options, f"Left out {line}.")
    if items and not options.dry_run:
        talk(options, "`aggregator check` says in words what is watched now.")
    return 0


def _read(file: Path) -> tuple[Subscription, ...]:
    from aggregator.text.opml import subscriptions

    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"{file} is larger than any feed reader's list. Name the file that it exported.")
        found = subscriptions(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}. Name a file that a feed reader exported.") from error
    except ValueError as error:
        raise ConfigError(f"{file} cannot be used: {error}. Export it from the feed reader once more.") from error
    if not found:
        raise ConfigError(f"{file} names no feed. Export the subscriptions from the feed reader once more.")
    return found


def _write(file: Path, items: Sequence[Sequence[str]], wanted: int) -> None:
    """Put items at the end of the list. What comes out is read again before it takes the file's place.

    Raises:
        ConfigError: it cannot be changed safely; the lines to paste are in the message.
    """
    from aggregator.config import load
    from aggregator.curation.sources_file import with_sources
    from aggregator.curation.splicing import CannotSplice

    place = file.resolve()
    try:
        text = with_sources(file.read_bytes().decode("utf-8"), items)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / file.name
            copy.write_bytes(text.encode())
            if len(load(copy).sources) != wanted:
                raise CannotSplice
        fresh = place.with_name(f".{place.name}.{os.getpid()}")
        fresh.write_bytes(text.encode())
        shutil.copymode(place, fresh)
        fresh.replace(place)
    except (CannotSplice, ConfigError, UnicodeDecodeError) as error:
        lines = "\n".join(f"  {line}" for one in items for line in one)
        raise ConfigError(f"{file} is written in a way that cannot be changed safely. Write this below sources:\n{lines}") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}. Give this user the right to write it.") from error
