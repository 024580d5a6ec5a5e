"""Loomio: the public discussions of a group, the comments of a discussion, and a search with a member's key.

Feeds are read without a key. What a key finds may be private, so a result counts only when its discussion stands in a feed that is shown to
visitors. Every discussion that passed is kept in the cursor, because a feed that answers 304 cannot be looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import unquote, urlsplit

from aggregator.collectors import _options
from aggregator.collectors._feeds import ACCEPT, Feed, feed_of, read_feed
from aggregator.collectors._json import Odd, a_list, an_object, instant, members, needed, number, read_each, tag_names, text, texts
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, pack, unpack
from aggregator.errors import Gone, Unauthorized, Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace, Reply
from aggregator.model import Author, Entry, Kind, Page, Preview

READING, SEARCHING = "reading the feed of Loomio", "searching Loomio"
FLAGSHIP = "www.loomio.com"
_OWN_NAMES = frozenset({"loomio.com", "www.loomio.com", "loomio.org", "www.loomio.org"})
_INSTANCE = re.compile(r"(?:.+\.)?loomio\.[a-z.]+|(?:www\.)?framavox\.org")
_KEY = re.compile(r"[A-Za-z0-9]{6,12}")
# The number behind "comment" is a comment's own, in the form of old addresses; behind any other word it counts the items of the discussion.
_THREAD = re.compile(r"/d/(?P<key>[A-Za-z0-9]{6,12})(?:/(?:(?P<old>comment(?=/[0-9]))|[^/]*)(?:/(?P<item>[0-9]+))?)?/?")
_MARKUP = re.compile(r"</?(?:p|br|a|b|i|em|strong|ul|ol|li|h[1-6]|div|span|img|blockquote|pre|code|table)\b[^<>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\[\]|*`\"()]+(?:\([^\s()]*\)[^\s<>\[\]|*`\"()]*)*", re.IGNORECASE)
_PICTURE = re.compile(r"!\[[^\[\]]{0,300}\]\([^()]{0,2000}\)")
# First segments of a path that are pages of the application and no groups (config/routes.rb, read 2026-07-30).
_RESERVED = frozenset(
    "api assets admin brand client comments contact d dashboard discussions email_actions explore g groups help inbox invitations join "
    "login_tokens m manifest motions p pages polls privacy profile rails search tasks terms threads u users".split()
)


def _host(value: str) -> str:
    host = _options.host(_options.server(value))
    return FLAGSHIP if host in _OWN_NAMES else host


def _group(value: str) -> str:
    """A handle, or "g/" and a key. Keys are told from handles by their capitals."""
    name = value.strip().strip("/")
    key = name.removeprefix("g/")
    if _KEY.fullmatch(key) and (key != name or key != key.lower()):
        return f"g/{key}"
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) and name not in _RESERVED:
        return name
    raise ValueError(f"{value!r} is not a group; write its handle, like 'microsolidarity', or g/ and the key in its address")


def _discussion(value: str) -> str:
    key = value.strip()
    found = _THREAD.fullmatch(_options.split(key).path.removesuffix(".xml"))
    if found:
        return found["key"]
    if _KEY.fullmatch(key):
        return key
    raise ValueError(f"{value!r} is not a discussion; write the key that stands after /d/ in its address")


@dataclass(frozen=True, kw_only=True)
class Loomio(Collector):
    """Discussions on Loomio. Of a public group its newest 50 discussions are read, of a public discussion its comments, both without a key.
    Comments on old discussions do not show in a group's list, so add a discussion that matters as a source of its own. With a member's key
    the whole server can be searched for words; a result is taken only when visitors can read its discussion too. The group of an address
    like NAME.loomio.org is NAME.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="loomio",
        title="Loomio",
        homepage="https://www.loomio.com",
        spec="loomio/loomio docs/user_manual/integrations/api/user-api.md and app/views/*/show.xml.builder, read 2026-07-30",
        method=Method.FEED,
        kinds=(Kind.THREAD, Kind.COMMENT),
        auth=Auth(
            scheme=AuthScheme.BEARER,
            variable="LOOMIO_API_KEY",
            how="Copy your own key from https://www.loomio.com/profile/api_access.",
            without="Public groups and discussions are read without it; only a search needs it.",
        ),
        every=timedelta(hours=1),
        # 300 requests in 5 minutes (config/initializers/rack_attack.rb).
        pace=Pace(gap=timedelta(seconds=1), daily=2_000),
        finds="discussions of a public group, comments of a public discussion; with a key what a search finds",
        reach="a group's 50 newest discussions, a discussion's comments, a search's newest results",
        delay="within minutes",
        delivers=Delivers.COMPLETE,
        limits=(
            "Private groups are not read, even with a key.",
            "A group's list does not show new comments on older discussions.",
            "A search finds no standalone polls.",
        ),
    )

    group: Annotated[str, Option("handle of a group, or g/ and its key", example="microsolidarity", check=_group)] = ""
    discussion: Annotated[str, Option("key of a discussion, from its address", example="xtAj8C6R", check=_discussion)] = ""
    search: Annotated[str, Option("words to search the server for; needs LOOMIO_API_KEY", example="microsolidarity")] = ""
    host: Annotated[str, Option("server that runs Loomio", example=FLAGSHIP, check=_host)] = FLAGSHIP

    def __post_init__(self) -> None:
        _options.exactly_one(self, "group", "discussion", "search")

    @property
    def wants_key(self) -> bool:
        return bool(self.search)

    @property
    def label(self) -> str:
        place = "Loomio" if self.host == FLAGSHIP else self.host
        if self.group:
            return f"{place}, group {self.group.removeprefix('g/')}"
        return f"{place}, discussion {self.discussion}" if self.discussion else f"{place}, search {self.search}"

    @property
    def address(self) -> str:
        return f"https://{self.host}/{self.group or (self.discussion and f'd/{self.discussion}')}"

    @property
    def feed(self) -> str | None:
        return None if self.search else f"{self.address}.xml"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """Groups and discussions on loomio.com, loomio.org and servers whose name says that they run Loomio."""
        parts = _options.split(address)
        name = parts.hostname or ""
        if not _INSTANCE.fullmatch(name) or (name.endswith(".loomio.com") and name not in _OWN_NAMES):
            return None
        sub = re.fullmatch(r"([a-z0-9-]+)\.loomio\.org", name)
        handle = sub[1] if sub and name not in _OWN_NAMES else None
        path = unquote(parts.path).removesuffix(".xml").rstrip("/")
        thread, group = _THREAD.fullmatch(path), re.fullmatch(r"/g/([A-Za-z0-9]{6,12})(?:/.*)?", path)
        options: dict[str, str]
        if thread:
            options = {"discussion": thread["key"]}
        elif group:
            options = {"group": f"g/{group[1]}"}
        elif (handle and not path) or re.fullmatch(r"/[A-Za-z0-9][A-Za-z0-9_-]*", path):
            # Handles are lower case, whatever a link to them looks like.
            options = {"group": path.strip("/").lower() or handle or ""}
        else:
            return None
        try:
            host = _host(FLAGSHIP if handle else parts.netloc)
            clean = {key: _group(value) if key == "group" else value for key, value in options.items()}
        except ValueError:
            return None
        return clean if host == FLAGSHIP else clean | {"host": host}

    @classmethod
    def declined(cls, address: str) -> str | None:
        name = _options.split(address).hostname or ""
        if name not in _OWN_NAMES and not name.endswith(".loomio.org"):
            return None
        return "names no group or discussion of Loomio that visitors can read; write one of those"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield self._found(http, cursor) if self.search else self._listed(http, cursor)

    def _listed(self, http: Http, cursor: Cursor) -> Page:
        """The feed of the group or discussion, whole: it has no pages."""
        unpack(cursor)
        reply = http.get(f"{self.address}.xml", accept=ACCEPT)
        if not reply.unchanged and not reply.body.strip():
            raise Unreadable(f"{READING}: visitors are shown nothing; a private group cannot be read", status=reply.status)
        feed = feed_of(reply, READING)
        if feed is None:
            return Page(entries=(), cursor=pack(read=True))
        entries: dict[str, Entry] = {}
        for entry in feed.entries:
            found = self._entry(entry, feed)
            entries.setdefault(found.native_id, found)
        empty = () if entries else ("the feed is empty; a group whose discussions are private shows visitors none",)
        return Page(entries=tuple(entries.values()), cursor=pack(read=True), remarks=feed.remarks + empty)

    def _entry(self, entry: Entry, feed: Feed) -> Entry:
        """An entry of a feed under the id its address gives it: ids of comments changed with a release of 2026.

        The text is Markdown or HTML, whatever its type says.
        """
        found = _THREAD.fullmatch(_options.split(entry.url).path)
        about = self.discussion or (found["key"] if found else "")
        words = entry.text or ""
        marked = _MARKUP.search(words) is not None
        shared = () if marked else _addresses(words)
        entry = replace(entry, text=None if marked else entry.text, html=entry.html or (words if marked else None), links=shared)
        # The language of the feed is the server's, not the writer's.
        entry = replace(entry, kind=Kind.THREAD, language=None, site=None)
        if not self.discussion:
            return replace(entry, native_id=f"d/{about}" if about else entry.native_id, site=feed.title or None)
        item = found["item"] if found else None
        place = f"comment/{item}" if found and found["old"] else item
        thread = f"https://{self.host}/d/{about}"
        return replace(
            entry,
            native_id=f"d/{about}/{place}" if place else entry.native_id,
            kind=Kind.COMMENT,
            # "Ana commented", in the server's language.
            title=None,
            previews=_titled(thread, feed.title),
            in_reply_to=thread,
        )

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Discussions and comments by the feed of their discussion, as visitors see it."""
        threads: dict[str, list[Entry]] = {}
        for entry in entries:
            if found := _THREAD.fullmatch(_options.split(entry.url).path):
                threads.setdefault(found["key"], []).append(entry)
        for key, of_it in sorted(threads.items()):
            try:
                reply = http.get(f"https://{self.host}/d/{key}.xml", accept=ACCEPT)
            except (Gone, Unauthorized):
                # 403 is said of a discussion that became private (spec of the API above).
                yield from (Standing(native_id=entry.native_id, found=False) for entry in of_it)
                continue
            if reply.unchanged:
                continue
            shown = bool(reply.body.strip())
            items = self._items(reply) if shown else frozenset()
            for entry in of_it:
                item = _item(entry)
                if not shown or item is None or item in items:
                    yield Standing(native_id=entry.native_id, found=shown)
                elif items and min(items) < item:
                    # The feed goes back further, so it would stand there.
                    yield Standing(native_id=entry.native_id, found=False)

    def _items(self, reply: Reply) -> frozenset[int]:
        """The numbers of the comments in the feed of a discussion."""
        feed = read_feed(reply.body, url=reply.url, content_type=reply.headers.get("content-type", ""), doing=READING)
        return frozenset(item for entry in feed.entries if (item := _item(entry)) is not None)

    def _found(self, http: Http, cursor: Cursor) -> Page:
        """What the key's owner finds, newest first, as far as visitors can read it."""
        position = unpack(cursor)
        floor, public = instant(position.get("floor")), set(texts(_list(position.get("public"))))
        params = {"query": self.search, "order": "authored_at_desc"}
        reply = http.get(f"https://{self.host}/api/b2/search", params=params, accept="application/json", auth=True)
        if reply.unchanged:
            return Page(entries=(), cursor=cursor)
        rows = a_list(an_object(reply.json(SEARCHING), SEARCHING).get("search_results"), SEARCHING)
        wanted = {key: text(row.get("group_key")) for row in members(rows) if (key := text(row.get("discussion_key")))}
        public |= self._shown(http, {key: group for key, group in wanted.items() if key not in public})
        entries, remarks = read_each(rows, lambda row: self._result(row, public), noun="result")
        times = [time for row in members(rows) if (time := instant(row.get("authored_at")))]
        if floor and times and min(times) > floor:
            remarks += ("more was found than a search shows; narrower words find it all",)
        newest = max([*times, *filter(None, [floor])], default=None)
        cursor = pack(public=sorted(public & set(wanted)), **({"floor": newest.isoformat()} if newest else {}))
        return Page(entries=entries, cursor=cursor, remarks=remarks)

    def _shown(self, http: Http, wanted: Mapping[str, str | None]) -> set[str]:
        """The discussions among `wanted` (key to the key of their group) that stand in a feed for visitors: their group's, or their own."""
        shown: set[str] = set()
        for group in sorted({group for group in wanted.values() if group and _KEY.fullmatch(group)}):
            shown |= self._keys(http, f"g/{group}")
        for key in sorted(wanted.keys() - shown):
            if _KEY.fullmatch(key):
                shown |= self._keys(http, f"d/{key}") & {key}
        return shown & wanted.keys()

    def _keys(self, http: Http, path: str) -> set[str]:
        """Keys of the discussions in a feed that is asked for as a visitor; none where visitors are turned away."""
        try:
            reply = http.get(f"https://{self.host}/{path}.xml", accept=ACCEPT)
            if reply.unchanged:
                return set()
            feed = read_feed(reply.body, url=reply.url, content_type=reply.headers.get("content-type", ""), doing=READING)
        except (Unauthorized, Gone, Unreadable):
            return set()
        found = [_THREAD.fullmatch(urlsplit(entry.url).path) for entry in feed.entries]
        return {one["key"] for one in found if one}

    def _result(self, row: dict[str, Any], public: set[str]) -> Entry | None:
        """A row of a search; `Odd` where visitors cannot be seen to read it."""
        what = needed(row, "searchable_type")
        key = text(row.get("discussion_key"))
        if key is None:
            raise Odd("not in a discussion")
        if key not in public:
            raise Odd("visitors cannot be seen to read it")
        thread = f"https://{self.host}/d/{key}"
        item, id = number(row.get("sequence_id")), number(row.get("searchable_id"))
        opens = what == "Discussion"
        if not opens and item is None and id is None:
            raise Odd("no sequence_id")
        place = str(item) if item is not None else f"{what.lower()}/{id}"
        title = text(row.get("discussion_title"))
        name = text(row.get("author_name"))
        return Entry(
            native_id=f"d/{key}" if opens else f"d/{key}/{place}",
            url=thread if opens or item is None else f"{thread}/{_slug(title)}/{item}",
            kind=Kind.THREAD if opens else Kind.COMMENT,
            title=title if opens else None,
            html=text(row.get("highlight")),
            author=Author(name=name) if name else None,
            published=instant(row.get("authored_at")),
            tags=tag_names(_list(row.get("tags"))),
            previews=() if opens else _titled(thread, title),
            in_reply_to=None if opens else thread,
            site=text(row.get("group_name")),
        )


def _item(entry: Entry) -> int | None:
    """The number of a comment in its discussion; None for a discussion itself, and for old addresses, which count otherwise."""
    found = _THREAD.fullmatch(_options.split(entry.url).path)
    return int(found["item"]) if found and found["item"] and not found["old"] else None


def _addresses(markdown: str) -> tuple[str, ...]:
    """The addresses in a text, each once, as they stand there; those of pictures are left out."""
    return tuple(dict.fromkeys(_ADDRESS.findall(_PICTURE.sub(" ", markdown))))


def _titled(thread: str, title: str | None) -> tuple[Preview, ...]:
    """What a comment says of the discussion it stands in, so that one that was not read itself is called by its title."""
    return (Preview(url=thread, title=title),) if title else ()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _slug(title: str | None) -> str:
    """Decoration between a discussion's key and the number of an item; the server takes any."""
    return re.sub(r"[^a-z0-9]+", "-", (title or "").lower()).strip("-")[:80] or "discussion"
