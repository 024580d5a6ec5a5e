"""The command `check`: what the configuration means. It needs no network and no database."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from aggregator.clock import now
from aggregator.collectors import collector_for
from aggregator.commands.common import columns, say, settings_of, show
from aggregator.commands.spending import price_plain, prices
from aggregator.curation.naming import BY_WEBMENTION, SUGGESTED
from aggregator.model import Decision, Source, Takes, Topic
from aggregator.settings import Settings
from aggregator.shape import write_duration
from aggregator.text.secret_address import is_secret, masked

# How the digest is handed over, in words.
_WAYS = {
    "smtp": "handed to your mail server",
    "folder": "written as files, which nobody sends",
    "listmonk": "handed to listmonk",
    "buttondown": "handed to Buttondown",
}


def check(options: argparse.Namespace) -> int:
    """Say what the configuration means."""
    if options.schema:
        from aggregator.config import schema

        show(schema())
        return 0
    settings = settings_of(options)
    decisions = _decisions(settings)
    if options.json:
        show(
            {
                "topics": [topic.id for topic in settings.topics],
                "decisions": len(decisions),
                "sources": [_plain(source, settings) for source in settings.sources],
            }
        )
        return 0
    for line in understood(settings):
        say(line)
    for line in _strange(decisions, settings):
        say(line)
    if decisions:
        say(f"{len(decisions)} decision{'s' if len(decisions) != 1 else ''} in {settings.curation}.")
    return 0


def _decisions(settings: Settings) -> tuple[Decision, ...]:
    """What curation.yaml says, so that its errors are found as well."""
    from aggregator.curation import CurationFile

    file = CurationFile(path=settings.curation, site=settings.site.url)
    return file.parse(file.text() or "")


def _strange(decisions: tuple[Decision, ...], settings: Settings) -> list[str]:
    """Decisions about sources that are not there: right once perhaps, or a slip."""
    known = {BY_WEBMENTION, SUGGESTED, *(source.id for source in settings.sources)}
    named = {one.subject.removeprefix("source:") for one in decisions if one.subject.startswith("source:")}
    return [f"{settings.curation}: there is no source {name!r} in {settings.file} any more, or none yet." for name in sorted(named - known)]


def understood(settings: Settings) -> list[str]:
    """The configuration in words."""
    lines = [f"{settings.file} is right.", ""]
    for topic in settings.topics:
        lines += _topic(topic)
    lines += ["", f"{len(settings.sources)} {'source' if len(settings.sources) == 1 else 'sources'}:"]
    rows = [_row(source) for source in settings.sources]
    lines += [f"  {line}" for line in columns(rows)] if rows else []
    lines += ["", f"{len(settings.chosen)} {'link' if len(settings.chosen) == 1 else 'links'} chosen by hand."] if settings.chosen else []
    lines += keys_wanted(settings).values()
    lines += prices(settings)
    lines += _secret_addresses(settings)
    lines += _digest(settings)
    if not settings.fetch.contact or "example.org" in settings.fetch.contact:
        how = "is still the example's" if settings.fetch.contact else "is not set"
        lines.append(f"fetch.contact {how}: servers like to know who asks. Write the address of your page, or mailto: and yours, there.")
    return lines


def _secret_addresses(settings: Settings) -> Iterator[str]:
    """Of each source whose secret stands in the file, and not in the environment."""
    suspects = [source for source in settings.sources if any(map(is_secret, source.options.values()))]
    text = settings.file.read_text(encoding="utf-8") if suspects else ""
    for source in suspects:
        if any(value in text for value in source.options.values() if is_secret(value)):
            yield (
                f"{source.id}: its address is a secret, which whoever reads {settings.file} has too. Put it into the environment, and "
                "write the name of the variable: {platform: alerts, address_from: MY_ALERT}."
            )


def _digest(settings: Settings) -> Iterator[str]:
    """When the digest is due and who hands it over."""
    digest = settings.digest
    if digest is None:
        return
    from aggregator.digest.period import zone_of
    from aggregator.digest_forms import SECRETS, secrets_wanted
    from aggregator.publish.dates import moment
    from aggregator.text.cron import following

    zone = zone_of(settings)
    for name, expression in digest.rhythms.items():
        next_at = following(expression, now(), zone)
        on = f"{moment(next_at, zone).weekday} at {next_at.astimezone(zone):%H:%M} ({zone.key})"
        yield f"Digest, {name}: next on {on}, {_WAYS[digest.through]}."
    for variable in secrets_wanted(digest):
        if variable not in settings.secrets:
            yield f"Digest: {variable} is not set. Put the password of {SECRETS[variable]} there."


def _topic(topic: Topic) -> Iterator[str]:
    """What a topic looks for, each kind of rule in a line."""
    without = f", not {', '.join(topic.none_of)}" if topic.none_of else ""
    yield f"Topic {topic.id}: {', '.join(topic.any_of)}{without}"
    if topic.near:
        yield "  near each other: " + ", ".join(f"{pair.left} and {pair.right} (within {pair.words} words)" for pair in topic.near)
    if weights := (*topic.people, *topic.sites):
        named = (f"{one.name}{''.join(f' or {form}' for form in one.also)} ({one.worth:g})" for one in weights)
        yield f"  people and sites that add up to 1: {', '.join(named)}"
    if topic.about:
        yield (
            f"  what is or links to one of {len(topic.about)} pages" if len(topic.about) > 1 else f"  what is or links to {topic.about[0]}"
        )


def keys_wanted(settings: Settings) -> dict[str, str]:
    """By variable that is not set and would let more be read: one line that says where to get it, and what is read without."""
    from aggregator.config import ADDRESS_FROM

    lines: dict[str, str] = {}
    for source in settings.sources:
        collector = collector_for(source)
        auth = collector.manifest.auth
        # While it is not set the option stands there still.
        if (address := source.options.get(ADDRESS_FROM)) and source.enabled:
            lines.setdefault(
                address, f"{collector.manifest.title}: {address} is not set. Set it to the address of the feed of {source.id}."
            )
        if auth is None or not collector.wants_key or auth.variable in settings.secrets or not source.enabled:
            continue
        without = f" Without it: {auth.without}" if auth.without else ""
        lines.setdefault(auth.variable, f"{collector.manifest.title}: {auth.variable} is not set. {auth.how}{without}")
    return lines


def _row(source: Source) -> tuple[str, ...]:
    collector = collector_for(source)
    every = write_duration(source.every or collector.manifest.every)
    extras = [f"every {every}", "every entry" if source.takes is Takes.EVERYTHING else "mentions"]
    extras += ["held for review"] if source.trust == "hold" else []
    extras += [] if source.enabled else ["switched off"]
    return source.id, collector.manifest.title, source.label, ", ".join(extras)


def _plain(source: Source, settings: Settings) -> dict[str, object]:
    collector = collector_for(source)
    auth = collector.manifest.auth
    return {
        "id": source.id,
        "platform": source.platform,
        "options": {name: masked(value, "…") for name, value in source.options.items()},
        "label": source.label,
        "topics": source.topics,
        "takes": source.takes,
        "every": write_duration(source.every or collector.manifest.every),
        "address": collector.address,
        "enabled": source.enabled,
        "price": price_plain(source, collector),
        "key": None if auth is None else {"variable": auth.variable, "set": auth.variable in settings.secrets, "optional": auth.optional},
    }
