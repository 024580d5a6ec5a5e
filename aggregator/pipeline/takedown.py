"""What was taken down and must not come back. Only salted hashes of it are known, so whatever comes is hashed in every way by which it
could have been named, and looked for among them. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from html import unescape

from aggregator.curation.naming import AUTHOR, DOMAIN, domain_named, folded
from aggregator.model import Author, Chosen, Decision, Entry, Identity, Link, Mention, Preview
from aggregator.text.urls import canonical, host_of, is_web

# As addresses stand in markup and in plain text.
_ADDRESS = re.compile(r"https?://[^\s<>\"'\\\]]+", re.IGNORECASE)
_AT_THE_END = ".,;:!?)"
_WORD = re.compile(r"\S+")
_AROUND = "\"'<>()[]{},;`*"
# In words.
_LONGEST_NAME = 5
# A person's page, as the platforms that are read write it.
_PROFILE = re.compile(r"/(?:@[^/]+|users/[^/]+|u/[^/]+|profile/[^/]+|in/[^/]+|channel/[^/]+|author/[^/]+)\Z", re.IGNORECASE)


_ABOVE = re.compile(r"https?://[^/]+/(?:@[^/?#]+|users/[^/?#]+|u/[^/?#]+|profile/[^/?#]+)(?=/)", re.IGNORECASE)


class Scope(StrEnum):
    """What a takedown is of."""

    URL = "url"
    AUTHOR = "author"
    DOMAIN = "domain"
    # The name of an author who was taken down by their account: taken off whatever it stands on as its maker, and no reason to refuse
    # anything, since others may be called the same.
    NAME = "name"
    # A story as one edition of the digest told it, by the ids of both: the story may stay on the page, without what was taken down.
    TOLD = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing by which something is named, in a form that can be compared."""

    scope: Scope
    # Canonical URL, folded handle or name, or host.
    value: str

    def hashed(self, salt: bytes) -> str:
        """HMAC-SHA-256 (RFC 2104) in hexadecimal: who has the list and not the salt cannot try addresses against it."""
        return hmac.new(salt, f"{self.scope}:{self.value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def subject_named(text: str) -> Subject:
    """What a person names: an address, an author by handle, name or profile, or a site by its host.

    "author:" and "domain:" before it say which is meant where a handle looks like a host.

    Raises:
        ValueError: it names nothing of these; the message says what to write.
    """
    line = " ".join(text.split())
    if line.startswith(AUTHOR):
        return _author(line.removeprefix(AUTHOR))
    if line.startswith(DOMAIN):
        return Subject(scope=Scope.DOMAIN, value=domain_named(line.removeprefix(DOMAIN)))
    if "://" in line:
        key = canonical(line).key
        if not is_web(key):
            raise ValueError("Write the address in full, with https://.")
        return _author(key) if _PROFILE.search(key) else Subject(scope=Scope.URL, value=key)
    if line.startswith("@") or re.fullmatch(r"[^\s@/]+@[^\s@/]+", line):
        return _author(line)
    if "/" in line:
        raise ValueError("Write the address in full, with https://.")
    try:
        return Subject(scope=Scope.DOMAIN, value=domain_named(line))
    except ValueError:
        return _author(line)


def _author(text: str) -> Subject:
    value = folded(text)
    if not value:
        raise ValueError("Write an address, a handle such as @ada@social.example, a name, or a site such as example.org.")
    return Subject(scope=Scope.AUTHOR, value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Everything that was taken down."""

    salt: bytes = b""
    hashes: frozenset[str] = frozenset()
    # What was asked before: one run meets the same hosts and people again and again.
    _known: dict[Subject, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def covers(self, entry: Entry, identity: Identity | None = None) -> bool:
        """Whether an entry is, is about, or is by something that was taken down."""
        if not self.hashes:
            return False
        keys = set(names_of(entry))
        if identity is not None:
            keys.update((identity.subject, *identity.aliases, *identity.shares))
        return any(map(self.covers_key, keys)) or self.covers_author(entry.author) or self._stands_below(entry.url)

    def covers_key(self, key: str) -> bool:
        """Whether a canonical URL was taken down, by itself or with its site."""
        return self._refused(Scope.URL, key) or self.covers_host(host_of(key))

    def covers_host(self, host: str) -> bool:
        """Whether a site was taken down, or one above it."""
        labels = host.removeprefix("www.").split(".")
        return any(self._refused(Scope.DOMAIN, ".".join(labels[at:])) for at in range(len(labels) - 1))

    def covers_author(self, author: Author | None) -> bool:
        """Whether a person was taken down, by handle, profile or name, or with the site of the account."""
        if author is None or not self.hashes:
            return False
        if author.handle and "@" in author.handle and self.covers_host(author.handle.rpartition("@")[2].casefold()):
            return True
        # The site of a profile is no reason: people who write elsewhere name it, too.
        if author.url and self._refused(Scope.URL, canonical(author.url).key):
            return True
        return any(self._refused(Scope.AUTHOR, folded(name)) for name in (author.handle, author.url, author.name) if name)

    def _stands_below(self, url: str) -> bool:
        """Whether the permalink is inside the profile of a person who was taken down: many feeds of accounts name no author."""
        profile = _ABOVE.match(url)
        return profile is not None and self._refused(Scope.AUTHOR, canonical(profile[0]).key)

    def covers_name(self, name: str | None) -> bool:
        """Whether a name on a page is one that was taken down."""
        if not name or not self.hashes:
            return False
        return any(self._refused(scope, folded(name)) for scope in (Scope.AUTHOR, Scope.NAME))

    def covers_told(self, edition: str, story: str) -> bool:
        """Whether what an edition of the digest said of a story was taken down, whole or in part."""
        return bool(self.hashes) and self._refused(Scope.TOLD, told_name(edition, story))

    def covers_link(self, link: Link) -> bool:
        """Whether a page was taken down, or leads to one that was, or calls itself one."""
        return bool(self.hashes) and any(self.covers_key(key) for key in (link.key, link.landed, link.canonical) if key)

    def covers_chosen(self, chosen: Chosen) -> bool:
        """Whether a chosen entry lists something that was taken down."""
        return bool(self.hashes) and any(self.covers_key(link.key) for link in chosen.links)

    def decided(self, decision: Decision) -> tuple[str, ...]:
        """Of what a decision is about, that which was taken down."""
        return tuple(one for one in (decision.subject, *decision.others) if self.hashes and self._covers_decided(one))

    def covers_decision(self, decision: Decision) -> bool:
        """Whether a decision is about something that was taken down, or names its address."""
        return bool(self.hashes) and (bool(self.decided(decision)) or any(map(self.quotes, (decision.value, decision.reason))))

    def _covers_decided(self, subject: str) -> bool:
        if subject.startswith(AUTHOR):
            return self._refused(Scope.AUTHOR, folded(subject.removeprefix(AUTHOR)))
        if subject.startswith(DOMAIN):
            return self.covers_host(subject.removeprefix(DOMAIN))
        return is_web(subject) and self.covers_key(subject)

    def allowed(self, chosen: Iterable[Chosen]) -> tuple[Chosen, ...]:
        """The chosen entries that may be shown, without names that may not."""
        if not self.hashes:
            return tuple(chosen)
        return tuple(_nameless(one) if self.covers_name(one.who) else one for one in chosen if not self.covers_chosen(one))

    def unnamed(self, link: Link) -> Link:
        """The link without an author who was taken down."""
        return replace(link, author=None) if self.covers_name(link.author) else link

    def without(self, entry: Entry) -> Entry:
        """The entry, which stays, without the addresses in it that were taken down, and without an author of that name; itself when there
        is nothing of it.
        """
        if not self.hashes:
            return entry
        cleaned = replace(
            entry,
            author=None if entry.author and self.covers_name(entry.author.name) else entry.author,
            title=self._cut(entry.title),
            text=self._cut(entry.text),
            html=self._cut(entry.html),
            links=tuple(url for url in entry.links if not self._names_refused(url)),
            previews=tuple(self._preview(one) for one in entry.previews if not self._names_refused(one.url)),
        )
        return entry if cleaned == entry else cleaned

    def cleaned(self, mention: Mention) -> Mention:
        """The same for a mention, with what its matches quote."""
        entry = self.without(mention.entry)
        if entry is mention.entry:
            return mention
        return replace(mention, entry=entry, matches=tuple(replace(one, excerpt=self._cut(one.excerpt) or "") for one in mention.matches))

    def quotes(self, text: str) -> bool:
        """Whether a text has an address in it that was taken down."""
        return bool(self.hashes) and any(self._names_refused(found[0]) for found in _ADDRESS.finditer(text))

    def named_in(self, line: str) -> bool:
        """Whether a line of text names what was taken down: by an address, a handle, a host or a whole name."""
        if not self.hashes:
            return False
        words = [word for found in _WORD.findall(line) if (word := found.strip(_AROUND).rstrip(_AT_THE_END))]
        return self.quotes(line) or any(map(self._covers_word, words)) or any(map(self.covers_name, _runs(words)))

    def _covers_word(self, word: str) -> bool:
        bare = word.removeprefix(AUTHOR).removeprefix(DOMAIN)
        if self._refused(Scope.AUTHOR, folded(bare)):
            return True
        host, _, path = bare.partition("/")
        if "." not in host:
            return False
        return self.covers_key(canonical(f"https://{bare}").key) if path else self._refused(Scope.DOMAIN, host.casefold())

    def _preview(self, preview: Preview) -> Preview:
        return replace(preview, author=None) if self.covers_name(preview.author) else preview

    def _cut(self, text: str | None) -> str | None:
        if not text or "://" not in text:
            return text
        return _ADDRESS.sub(lambda found: "" if self._names_refused(found[0]) else found[0], text)

    def _names_refused(self, written: str) -> bool:
        address = unescape(written).rstrip(_AT_THE_END)
        key = canonical(address).key
        return self.covers_key(key) or self._refused(Scope.AUTHOR, key)

    def _refused(self, scope: Scope, value: str) -> bool:
        subject = Subject(scope=scope, value=value)
        known = self._known.get(subject)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[subject] = subject.hashed(self.salt) in self.hashes
        return known


NOTHING = Refusals()
"""Nothing was taken down."""
_MOST_KNOWN = 100_000


def told_name(edition: str, story: str) -> str:
    """What a story in an edition is known by."""
    return f"{edition} {story}"


def names_of(entry: Entry) -> Iterator[str]:
    """The canonical URLs that name the entry itself, its permalink first."""
    yield canonical(entry.url).key
    for alias in entry.aliases:
        key = canonical(alias).key
        if is_web(key):
            yield key


def _runs(words: Sequence[str]) -> Iterator[str]:
    """Neighbouring words, as many together as names have."""
    for length in range(2, _LONGEST_NAME + 1):
        for at in range(len(words) - length + 1):
            yield " ".join(words[at : at + length])


def _nameless(chosen: Chosen) -> Chosen:
    """A chosen entry without who made it, also in its line, where the name stands behind a comma or "by"."""
    name = re.compile(rf"(?:,|\s+by|\s+with)?\s*{re.escape(chosen.who or '')}")
    return replace(chosen, who=None, note=name.sub("", chosen.note))


def accounts_of(author: Author | None) -> Iterator[Subject]:
    """The handle and the profile of a person, where they are an account's and not only a name."""
    if author is None:
        return
    if author.handle and ("@" in author.handle or "." in author.handle):
        yield Subject(scope=Scope.AUTHOR, value=folded(author.handle))
    if author.url and _PROFILE.search(canonical(author.url).key):
        yield Subject(scope=Scope.AUTHOR, value=canonical(author.url).key)


def whole_names(authors: Iterable[Author | None]) -> frozenset[str]:
    """The folded names of people that no other is likely to have: those of two words or more."""
    names = (folded(author.name) for author in authors if author is not None and author.name)
    return frozenset(name for name in names if " " in name)
