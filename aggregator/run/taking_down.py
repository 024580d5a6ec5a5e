"""Taking something down: what would go (`planned`), and making it go from the rows, the files, the page and the digest (`carried_out`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from aggregator.app import App
from aggregator.digest.forgetting import Gone, folded
from aggregator.model import Author, Mention
from aggregator.pipeline.takedown import Refusals, Scope, Subject, accounts_of, names_of, whole_names
from aggregator.run.forgetting import Forgotten, forget, gone_of, told_of
from aggregator.run.publishing import publish_site
from aggregator.run.settling import settle_works
from aggregator.store import Erased
from aggregator.text.urls import canonical

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
# No file of the page, nor of the configuration, is longer.
_LONGEST_FILE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a takedown would remove."""

    subject: Subject
    # The subject and everything else that is known to name it.
    subjects: frozenset[Subject]
    # Mentions and passed entries, by source and native id.
    entries: tuple[tuple[str, str], ...]
    # Permalinks of the mentions among them.
    permalinks: tuple[str, ...]
    # Canonical URLs, and subjects of decisions.
    keys: tuple[str, ...]
    # Keys of pages that stay without the name of who made them.
    unnamed: tuple[str, ...]
    # Mentions that stay without the addresses in them.
    rewritten: tuple[Mention, ...]
    # Addresses that stay in stories which lose one.
    staying: tuple[str, ...]
    # Ids of the stories that lose something, and folded titles of what goes.
    touched: frozenset[str]
    titles: frozenset[str] = field(repr=False)
    # What editions of the digest said of it.
    told: frozenset[Subject] = frozenset()

    def refusals(self, salt: bytes) -> Refusals:
        """What would be refused from then on, for this alone."""
        return Refusals(salt=salt, hashes=frozenset(self.hashes(salt)))

    def hashes(self, salt: bytes) -> Mapping[str, str]:
        """What would be kept: from hash to the scope of what was asked for."""
        return {one.hashed(salt): self.subject.scope.value for one in self.subjects | self.told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it is named still, and this command does not go."""

    path: str
    # From 1; None: somewhere in the file.
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was removed where, and what could not be."""

    scope: str
    erased: Erased
    # Salted hashes that are kept.
    hashes: int
    # Files of the page that were written anew or removed.
    written: tuple[str, ...]
    removed: tuple[str, ...]
    # Copies of the database from before a migration, which are removed.
    copies: tuple[str, ...]
    # False: the database's files hold bytes of it until a run finds nobody else reading them.
    wiped: bool
    unreached: tuple[Place, ...]
    # Of the digest.
    mail: Forgotten


def planned(app: App, subject: Subject) -> Plan:
    """What taking `subject` down would remove; nothing is changed."""
    salt = app.store.takedowns.salt()
    subjects = _all_names(app, subject, salt)
    refusals = Refusals(salt=salt, hashes=frozenset(one.hashed(salt) for one in subjects))
    entries, permalinks, keys, rewritten = [], [], {one.value for one in subjects if one.scope is Scope.URL}, []
    titles, told_of_them = set[str | None](), set[str]()
    for mention in app.store.takedowns.everything():
        if refusals.covers(mention.entry, mention.identity):
            entries.append((mention.source, mention.entry.native_id))
            permalinks.append(mention.entry.url)
            titles.add(mention.entry.title)
            told_of_them.add(mention.identity.subject)
            identity = mention.identity
            keys.update(key for key in (identity.subject, *identity.aliases, *identity.shares) if refusals.covers_key(key))
        elif (clean := refusals.cleaned(mention)) is not mention:
            rewritten.append(clean)
            told_of_them.add(mention.identity.subject)
    entries += _passed(app, refusals)
    pages, unnamed = _pages(app, refusals)
    titles.update(link.title for link in app.store.takedowns.links() if link.key in pages)
    keys.update(pages, _moved(app, refusals), _decided(app, refusals))
    plan = Plan(
        subject=subject,
        subjects=subjects,
        entries=tuple(sorted(entries)),
        permalinks=tuple(sorted(permalinks)),
        keys=tuple(sorted(keys)),
        unnamed=tuple(sorted(unnamed)),
        rewritten=tuple(rewritten),
        staying=_staying(app, keys, refusals),
        touched=_touched(app, keys | unnamed | told_of_them),
        titles=frozenset(folded(title) for title in titles if title),
    )
    return replace(plan, told=told_of(app, Gone(refusals=refusals, touched=plan.touched, titles=plan.titles)))


def carried_out(app: App, plan: Plan, *, reason: str, dry_run: bool) -> Receipt:
    """Remove what was planned, and write the page anew; the run lock is held by the caller.

    Raises:
        AggregatorError: as everywhere; a takedown that was cut short is finished by the next run, or by the same command again.
    """
    salt, takedowns = app.store.takedowns.salt(), app.store.takedowns
    copies = tuple(str(path) for path in _copies(app))
    erased = takedowns.erase(
        plan.entries,
        keys=plan.keys,
        hashes=plan.hashes(salt),
        reason=reason,
        at=app.clock(),
        unnamed=plan.unnamed,
        rewritten=plan.rewritten,
    )
    _rename_chosen(app, plan.refusals(salt))
    # Texts that stay are kept for comparing without what they said of it.
    settle_works(app)
    wiped = takedowns.wipe()
    published = publish_site(app, dry_run=dry_run)
    mail = forget(app, replace(gone_of(app), touched=plan.touched, titles=plan.titles))
    return Receipt(
        scope=plan.subject.scope.value,
        erased=erased,
        hashes=len(plan.hashes(salt)),
        written=published.written,
        removed=published.removed,
        copies=copies,
        wiped=wiped,
        unreached=tuple(_unreached(app, plan.refusals(salt), dry_run=dry_run)),
        mail=mail,
    )


def _all_names(app: App, subject: Subject, salt: bytes) -> frozenset[Subject]:
    """The subject with every other name of the same: addresses that lead to one another, all entries of a person, and a person's name.

    Until nothing is added: of two addresses the one that leads to the other may be met first.
    """
    found, before = frozenset({subject}), frozenset[Subject]()
    while found != before:
        before = found
        refusals = Refusals(salt=salt, hashes=frozenset(one.hashed(salt) for one in found))
        found |= frozenset(_more_names(app, refusals))
    return found


def _more_names(app: App, refusals: Refusals) -> Iterator[Subject]:
    people = []
    for mention in app.store.takedowns.everything():
        names, theirs = tuple(names_of(mention.entry)), refusals.covers_author(mention.entry.author)
        if theirs:
            people.append(mention.entry.author)
            yield from _accounts(mention.entry.author, refusals)
        if theirs or any(map(refusals.covers_key, names)):
            yield from (_url(key) for key in names if not refusals.covers_key(key))
    yield from (Subject(scope=Scope.NAME, value=name) for name in whole_names(people))
    for link in app.store.takedowns.links():
        if refusals.covers_link(link):
            yield from (_url(key) for key in (link.key, link.landed) if key and not refusals.covers_key(key))
    yield from map(_url, _moved(app, refusals))


def _accounts(author: Author | None, refusals: Refusals) -> Iterator[Subject]:
    """The other name of an account, where it was known by its handle or its profile: who is known by name only may be two people."""
    accounts = tuple(accounts_of(author))
    if any(one.hashed(refusals.salt) in refusals.hashes for one in accounts):
        yield from accounts


def _pages(app: App, refusals: Refusals) -> tuple[set[str], set[str]]:
    """Pages and chosen links that go; and pages that stay without the name of who made them."""
    going, unnamed = set(), set()
    for link in app.store.takedowns.links():
        if refusals.covers_link(link):
            going.add(link.key)
        elif refusals.covers_name(link.author):
            unnamed.add(link.key)
    going.update(link.key for chosen in app.store.chosen() for link in chosen.links if refusals.covers_key(link.key))
    return going, unnamed


def _url(key: str) -> Subject:
    return Subject(scope=Scope.URL, value=key)


def _moved(app: App, refusals: Refusals) -> Iterator[str]:
    """Addresses that are known to lead to what goes."""
    for url, target in app.store.moved().items():
        key = canonical(url).key
        if refusals.covers_key(canonical(target).key) or refusals.covers_key(key):
            yield key


def _passed(app: App, refusals: Refusals) -> Iterator[tuple[str, str]]:
    """Entries kept for trying rules on that are it, or name it."""
    for source, entry in app.store.passed.since(_BEGINNING):
        if refusals.covers(entry) or refusals.without(entry) is not entry:
            yield source, entry.native_id


def _decided(app: App, refusals: Refusals) -> Iterator[str]:
    """Subjects of decisions, also of past ones, that are it."""
    decisions = (*app.store.decisions.standing(), *(line.decision for line in app.store.decisions.log(1_000_000)))
    for decision in decisions:
        yield from refusals.decided(decision)


def _staying(app: App, keys: Iterable[str], refusals: Refusals) -> tuple[str, ...]:
    ids = {id for key in keys if (id := app.store.story_of(key)) is not None}
    stories = [story for id in sorted(ids) if (story := app.store.story(id)) is not None]
    left = {link.key for story in stories for link in story.links if not refusals.covers_link(link)}
    own = {
        mention.identity.subject for story in stories for mention in story.mentions if not refusals.covers(mention.entry, mention.identity)
    }
    return tuple(sorted(left & own))


def _touched(app: App, keys: Iterable[str]) -> frozenset[str]:
    """Ids that the stories of these addresses have and had."""
    ids = {id for key in keys if (id := app.store.story_of(key)) is not None}
    stories = [story for id in sorted(ids) if (story := app.store.story(id)) is not None]
    return frozenset(id for story in stories for id in (story.id, *story.former))


def _rename_chosen(app: App, refusals: Refusals) -> None:
    """Take a name off the chosen entries that stay, in the list of every origin."""
    chosen = app.store.chosen()
    for origin in dict.fromkeys(one.origin for one in chosen):
        app.store.choose(refusals.allowed(one for one in chosen if one.origin == origin), origin, app.clock())


# -- what cannot be reached


def _copies(app: App) -> list[Path]:
    return sorted(app.settings.state.glob("aggregator.db.version-*"))


def _unreached(app: App, refusals: Refusals, *, dry_run: bool) -> Iterator[Place]:
    """Lines of the operator's own files that name it, and files of the page that still do."""
    settings = app.settings
    for path in (settings.file, settings.curation, *filter(None, (settings.markdown.into,))):
        yield from (Place(path=str(path), line=number) for number in _lines(path, refusals))
    if not dry_run and settings.output.is_dir():
        for path in sorted(path for path in settings.output.rglob("*") if path.is_file() and ".git" not in path.parts):
            if next(_lines(path, refusals), None) is not None:
                yield Place(path=str(path))
    for folder in (settings.output, *settings.output.absolute().parents):
        if (folder / ".git").exists():
            yield Place(path=str(folder / ".git"))
            break


def _lines(path: Path, refusals: Refusals) -> Iterator[int]:
    """Numbers of the lines of a text file that name what was taken down."""
    try:
        if path.stat().st_size > _LONGEST_FILE:
            return
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if refusals.named_in(line):
            yield number
