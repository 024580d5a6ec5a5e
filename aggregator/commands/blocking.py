"""What is to be blocked, from the words of a command or from a story."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from aggregator.app import App
from aggregator.commands.naming import Named, author_of, domain_of, known, source_known
from aggregator.curation.naming import BLOCKED, SOURCE
from aggregator.errors import ConfigError
from aggregator.text.urls import canonical


def blocked(app: App, options: argparse.Namespace) -> str:
    """What a block is of: `--author @ada`, or a story and `--author`, or a handle, a site or a source's id alone.

    Raises:
        ConfigError: the words say nothing that can be blocked, or more than one thing.
    """
    asked = [name for name in BLOCKED if getattr(options, name) is not None]
    if len(asked) > 1:
        raise ConfigError(f"say one of {', '.join(f'--{name}' for name in BLOCKED)} at a time.")
    if not asked:
        return _guessed(app, options.what)
    (name,) = asked
    value = getattr(options, name)
    if value and options.what:
        raise ConfigError(f"both {options.what!r} and {value!r} are to be blocked. Name one at a time.")
    if value:
        return {"author": author_of, "domain": domain_of}[name](value) if name != "source" else source_known(app, value)
    if not options.what:
        raise ConfigError(f"say whose: `--{name} NAME`, or the address of a story before --{name}.")
    return blocks_of(app, known(app, options.what))[name]


def _guessed(app: App, text: str | None) -> str:
    what = text or ""
    if what.startswith("@"):
        return author_of(what)
    if what in {source.id for source in app.settings.sources}:
        return f"{SOURCE}{what}"
    name, colon, value = what.partition(":")
    if colon and name in BLOCKED and not value.startswith("//"):
        return source_known(app, value) if name == "source" else {"author": author_of, "domain": domain_of}[name](value)
    if "." in what and not any(letter in what for letter in "/@ "):
        return domain_of(what)
    raise ConfigError(f"say what to block{f' of {what}' if what else ''}: --author, --domain or --source.")


def blocks_of(app: App, found: Named) -> dict[str, str]:
    """What can be blocked of a story, by "author", "domain" and "source": of the entry that the address is, else of its first.

    Raises:
        ConfigError: nothing was found at the address, so that no author and no source is known.
    """
    story = found.story
    if story is None or not story.mentions:
        raise ConfigError(f"nobody is known to have mentioned {found.key}. Name the author, the domain or the source itself.")
    own = next((one for one in story.mentions if found.key in (canonical(one.entry.url).key, one.identity.subject)), story.mentions[0])
    author = own.entry.author
    name = (f"@{author.handle.lstrip('@')}" if author.handle else author.name or author.url) if author is not None else None
    subjects = {"domain": domain_of(found.key), "source": f"{SOURCE}{own.source}"}
    return {**subjects, "author": author_of(name)} if name else subjects


def last_day(text: str | None) -> datetime | None:
    """The last moment of a day; None: for ever.

    Raises:
        ConfigError: it is no day.
    """
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1) - timedelta(seconds=1)
    except ValueError:
        raise ConfigError(f"--until: expected a date such as 2027-01-01, found {text!r}") from None
