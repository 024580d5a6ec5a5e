"""The commands about the people who get the digest: subscribers list, import, export, erase, rotate."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from aggregator.app import App
from aggregator.commands.common import agreed, application, columns, complain, day, say, settings_of, show, talk
from aggregator.digest.membership import configured
from aggregator.errors import ConfigError
from aggregator.log import safe_lines
from aggregator.model import Subscriber, SubscriberState
from aggregator.publish.words import counted
from aggregator.settings import Settings

# Copies to one person: more than there are weeks in a life.
_EVERY_COPY = 10_000


@contextmanager
def _opened(options: argparse.Namespace) -> Iterator[App]:
    """The application of a configuration that has a digest."""
    settings = settings_of(options)
    configured(settings)
    with application(options, settings) as app:
        yield app


# -- list


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """How many there are: in each state, and of the active ones in each rhythm and about each topic."""

    states: Mapping[str, int]
    rhythms: Mapping[str, int]
    topics: Mapping[str, int]


def listed(options: argparse.Namespace) -> int:
    """Say how many there are; with --addresses, who."""
    with _opened(options) as app:
        everybody = app.private.subscribers.all()
    counts = _counts(everybody, app.settings)
    if options.json:
        people = {"subscribers": [asdict(one) for one in everybody]} if options.addresses else {}
        show({**asdict(counts), **people})
        return 0
    for title, numbers in (("STATE", counts.states), ("RHYTHM", counts.rhythms), ("TOPIC", counts.topics)):
        if title != "STATE":
            say()
        for line in columns([(title, "SUBSCRIBERS"), *((name, str(count)) for name, count in numbers.items())]):
            say(line)
    if options.addresses:
        say()
        for line in columns([("ADDRESS", "STATE", "RHYTHM", "TOPICS", "ASKED"), *map(_line, everybody)]):
            say(line)
    for line in _unheard(counts, app.settings):
        talk(options, line)
    return 0


def _counts(everybody: Sequence[Subscriber], settings: Settings) -> _Counts:
    topics = [topic.id for topic in settings.topics]
    active = [one for one in everybody if one.state is SubscriberState.ACTIVE]
    rhythms = Counter(dict.fromkeys(configured(settings).rhythms, 0))
    rhythms.update(one.rhythm for one in active)
    wanted = Counter(dict.fromkeys(topics, 0))
    wanted.update(topic for one in active for topic in one.topics or topics)
    states = {state.value: sum(one.state is state for one in everybody) for state in SubscriberState}
    return _Counts(states=states, rhythms=dict(rhythms), topics=dict(wanted))


def _line(one: Subscriber) -> tuple[str, ...]:
    return one.address, one.state.value, one.rhythm, " ".join(one.topics) or "all", day(one.asked_at)


def _unheard(counts: _Counts, settings: Settings) -> Iterator[str]:
    """Rhythms and topics that somebody has and the configuration has not any more: no edition is made for them."""
    for name in counts.rhythms.keys() - configured(settings).rhythms.keys():
        yield f"There is no rhythm {name!r} any more, and {_people(counts.rhythms[name])} with it. Put it into digest.rhythms again."
    for name in counts.topics.keys() - {topic.id for topic in settings.topics}:
        yield f"There is no topic {name!r} any more, and {_people(counts.topics[name])} with it. Put it into topics again."


# -- import


def imported(options: argparse.Namespace) -> int:
    """Take subscribers from a CSV file: all of it, or nothing."""
    from aggregator.digest.roster import read

    source = options.source.strip()
    if not source:
        raise ConfigError('--source: say where they gave their consent, as in --source "sign-up sheet of the 2026 gathering"; it is kept.')
    with _opened(options) as app:
        digest = configured(app.settings)
        roster = read(_bytes(options), file=str(options.file), source=source, settings=app.settings, digest=digest, now=app.clock())
        if roster.problems:
            complain(f"Nothing was imported. {counted(len(roster.problems), 'thing is', 'things are')} to be put right in the file first:")
            raise ConfigError(roster.problems)
        taken = app.private.subscribers.take(roster.subscribers)
    if options.json:
        show({**asdict(taken), "again": roster.again, "unused": roster.unused, "dry_run": options.dry_run})
        return 0
    say(f"{'Would import' if options.dry_run else 'Imported'} {_people(taken.added)}.")
    if taken.known:
        say(f"{_people(taken.known)} known already: left as they are.")
    if taken.suppressed:
        say(f"{_people(taken.suppressed)} left, bounced, complained or erased: left out. They can subscribe again by themselves.")
    if roster.again:
        say(f"{counted(roster.again, 'line repeats', 'lines repeat')} an address that stands further up: left out.")
    if roster.unused:
        talk(options, f"Not taken, as nothing needs it: {', '.join(roster.unused)}.")
    return 0


def _bytes(options: argparse.Namespace) -> bytes:
    try:
        return bytes(options.file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{options.file} cannot be read ({error.strerror}); name the CSV file.") from error


# -- export


def exported(options: argparse.Namespace) -> int:
    """Print who gets the digest as CSV; with an address, everything that is kept about it as JSON."""
    from aggregator.digest.roster import written

    with _opened(options) as app:
        if options.address is not None:
            show(_everything(app, options.address))
            return 0
        active = app.private.subscribers.all((SubscriberState.ACTIVE,))
    if options.json:
        show([asdict(one) for one in active])
        return 0
    print(safe_lines(written(active).replace("\r\n", "\n")), end="")
    talk(options, f"{_people(len(active))}. Those who have not confirmed or have left are not in it: they must not be written to.")
    return 0


def _everything(app: App, address: str) -> dict[str, Any]:
    """What the law calls access (GDPR article 15): the row, the copies, and whether the address's hash is kept."""
    found = app.private.subscribers.find(address)
    copies = app.private.ledger.recent(found.id, _EVERY_COPY) if found else ()
    return {
        "subscriber": asdict(found) if found else None,
        "deliveries": [asdict(copy) for copy in copies],
        "suppressed": app.private.subscribers.suppressed(address),
    }


# -- erase


def erase(options: argparse.Namespace) -> int:
    """Forget an address at once."""
    with _opened(options) as app:
        people = app.private.subscribers
        if people.find(options.address) is None:
            kept = " Its salted hash is kept, so that no import brings it back." if people.suppressed(options.address) else ""
            talk(options, f"Nothing to erase: no subscriber has this address.{kept}")
            return 0
        if not options.yes and not options.dry_run and not _agreed(options):
            return 2
        people.erase(options.address, app.clock())
        say("Would erase it." if options.dry_run else "Erased. A salted hash is kept, so that no import brings it back.")
        for line in _beyond(app.settings):
            talk(options, line)
    return 0


def _agreed(options: argparse.Namespace) -> bool:
    answer = agreed("It cannot be undone. Erase this subscriber?")
    if answer is None:
        complain("aggregator: nothing was erased, because there is no terminal to ask at; add --yes")
    elif not answer:
        talk(options, "Nothing was erased.")
    return bool(answer)


def _beyond(settings: Settings) -> Iterator[str]:
    """Where the address may stand still."""
    digest = configured(settings)
    if digest.through == "folder":
        yield f"Mails that were written as files name it still: delete them in {digest.folder}."
    if digest.through == "smtp":
        yield "Your mail server's log names it for as long as it keeps its log."
    if digest.mailbox is not None:
        yield f"The mailbox {digest.mailbox.address} may hold mail from it: delete that there."
    yield "Backups hold it until they are deleted."


# -- rotate


def rotate(options: argparse.Namespace) -> int:
    """Sign links with a new key from now on."""
    with _opened(options) as app:
        at = app.clock()
        key = app.private.keys.rotate(at, retire_before=at if options.retire else None)
    say(f"Would sign links with key {key.number}." if options.dry_run else f"From now on links are signed with key {key.number}.")
    if options.retire:
        say(
            f"Older links {'would' if options.dry_run else 'do'} not work any more: who wants to leave through an older mail uses the "
            "newest one, and letters that are not confirmed yet must be asked for again."
        )
    else:
        say("Older links work on. Retire their keys with --retire when somebody may have got hold of them.")
    return 0


def _people(count: int) -> str:
    return counted(count, "subscriber")
