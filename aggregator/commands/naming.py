"""What the steward means on the command line: a story by any of its addresses, by its place on our page or by its id; and who decides."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from aggregator.app import App
from aggregator.curation.naming import AUTHOR, BY_WEBMENTION, DOMAIN, SOURCE, SUGGESTED, author_named, domain_named, story_named
from aggregator.errors import ConfigError
from aggregator.model import Story
from aggregator.shape import SOURCE_LIST, nearest
from aggregator.text.urls import canonical, is_web

# Who decides when neither --by, nor the environment, nor git says.
NOBODY_NAMED = "steward"
BY_VARIABLE = "AGGREGATOR_BY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What an address, or an id, stands for."""

    # Canonical URL.
    key: str
    # None: nothing that is known is about it or is it.
    story: Story | None


def named(app: App, text: str) -> Named:
    """What a text names.

    Raises:
        ConfigError: it is no web address, and no story has it as its id.
    """
    from aggregator.run.deciding import address_of

    key = canonical(text).key
    if (owner := app.store.story_of(key)) is not None:
        return Named(key=key, story=app.store.story(owner))
    if (id := story_named(text, app.settings.site.url)) is not None:
        story = app.store.story(id)
        if story is None:
            raise ConfigError(f"no story has the id {id}. Name it by its address, or see `{app.settings.output / 'stories.json'}`.")
        return Named(key=address_of(story, id), story=story)
    if is_web(key):
        return Named(key=key, story=None)
    raise ConfigError(f"{text!r} is neither a web address nor the id of a story. Write the address in full, with https://.")


def known(app: App, text: str) -> Named:
    """What a text names, when there is a story of it.

    Raises:
        ConfigError: there is none.
    """
    found = named(app, text)
    if found.story is None:
        raise ConfigError(
            f"{found.key} is unknown: nothing that mentions a topic is about it or is it. "
            f"`aggregator add {found.key}` puts it on the page; `aggregator why {found.key}` says how the address was read."
        )
    return found


def source_known(app: App, id: str) -> str:
    """The subject of a decision about a source.

    Raises:
        ConfigError: no source has that id.
    """
    ids = [source.id for source in app.settings.sources]
    if id not in (*ids, BY_WEBMENTION, SUGGESTED):
        raise ConfigError(f"there is no source {id!r} in {app.settings.file}. {nearest(id, ids, whole=SOURCE_LIST)}")
    return f"{SOURCE}{id}"


def author_of(text: str) -> str:
    """The subject of a block of an author.

    Raises:
        ConfigError: the text names nobody.
    """
    try:
        return f"{AUTHOR}{author_named(text)}"
    except ValueError as error:
        raise ConfigError(f"{text!r} names nobody. {error}") from None


def domain_of(text: str) -> str:
    """The subject of a block of a domain.

    Raises:
        ConfigError: the text names no site.
    """
    try:
        return f"{DOMAIN}{domain_named(text)}"
    except ValueError as error:
        raise ConfigError(f"{text!r} is no site. {error}") from None


def who_decides(given: str | None, folder: Path) -> str:
    """The name that stands with a decision: what was given, else the variable, else the name that git signs work in this folder with.

    Never the name of the account on this machine and never an address: curation.yaml is made to be shown to others, and says of a person
    only what they sign with anyway.
    """
    if given is not None:
        return " ".join(given.split())
    return " ".join((os.environ.get(BY_VARIABLE) or _signed(folder) or NOBODY_NAMED).split())


def _signed(folder: Path) -> str | None:
    """git's `user.name` where the folder is kept with git; None: it is not, or there is no git."""
    folder, git = folder.resolve(), shutil.which("git")
    if git is None or not any((place / ".git").exists() for place in (folder, *folder.parents)):
        return None
    try:
        ended = subprocess.run([git, "-C", str(folder), "config", "user.name"], capture_output=True, timeout=5, check=False)  # noqa: S603  # fixed words
    except (OSError, subprocess.SubprocessError):
        return None
    name = ended.stdout.decode("utf-8", "replace").strip()
    return name if name and "@" not in name else None
