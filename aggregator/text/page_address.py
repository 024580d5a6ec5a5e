"""What a page's address says: which site it belongs to, whether another address may stand for it, what kind of thing stands there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qs, urljoin, urlsplit

from aggregator.model import Kind
from aggregator.text.page_phrases import SHARED_HOSTS, SITE_NAMES
from aggregator.text.urls import canonical

# Labels in front of a host that change how a page looks and not which page it is.
_VIEWS = re.compile(r"^(?:(?:www\d?|m|mobile|amp|touch|old|new)\.)+(?=[^.]+\.)")
_INDEX = re.compile(r"/(?:index|home|default)\.(?:html?|php|aspx?)$|/(?:home|[a-z]{2}(?:-[a-z]{2})?)/?$", re.IGNORECASE)
_URL_DAY = re.compile(r"/((?:19|20)\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/_.-]|$)")

# Matched against host (without "www.", "m.") and path; the first that fits.
_KINDS: tuple[tuple[Kind, str], ...] = (
    (Kind.VIDEO, r"(?:[\w-]+\.)?youtube(?:-nocookie)?\.com/(?:watch|shorts/|live/|embed/(?!videoseries|live_stream)|v/)"),
    (Kind.VIDEO, r"youtu\.be/[\w-]{11}"),
    (Kind.VIDEO, r"(?:player\.)?vimeo\.com/(?:video/|channels/[^/]+/)?\d+"),
    (Kind.VIDEO, r"(?:dailymotion\.com/video|ted\.com/talks|loom\.com/share)/."),
    (Kind.VIDEO, r"[^/]+/(?:videos/watch|w)/[\w-]{20,}"),
    (Kind.EPISODE, r"(?:(?:podcasters|creators)\.spotify\.com/pod/(?:show|profile)|anchor\.fm)/[^/]+/episodes/."),
    (Kind.EPISODE, r"open\.spotify\.com/(?:intl-[a-z]+/)?episode/."),
    (Kind.EPISODE, r"(?:podcasts|itunes)\.apple\.com/.*[?&]i=\d+"),
    (Kind.EPISODE, r"overcast\.fm/\+.|pca\.st/episode/.|castbox\.fm/episode/."),
    (Kind.THREAD, r"(?:[\w-]+\.)?loomio\.(?:org|com)/[dp]/\w+(?:/[^/]*)?/?(?:[?#]|$)"),
    (Kind.COMMENT, r"(?:[\w-]+\.)?loomio\.(?:org|com)/d/\w+/[^/]+/\d+"),
    (Kind.COMMENT, r"(?:[\w-]+\.)?reddit\.com/r/[^/]+/comments/\w+/[^/]*/\w+"),
    (Kind.THREAD, r"(?:[\w-]+\.)?reddit\.com/(?:r/[^/]+/|user/[^/]+/)?comments/\w+"),
    (Kind.THREAD, r"news\.ycombinator\.com/item\?|lobste\.rs/s/\w|groups\.google\.com/(?:g|forum)/.+/c/."),
    (Kind.THREAD, r"(?:[\w-]+\.)?stackexchange\.com/questions/\d|stackoverflow\.com/questions/\d"),
    (Kind.THREAD, r"github\.com/[^/]+/[^/]+/(?:issues|discussions|pull)/\d+"),
    (Kind.POST, r"(?:twitter|x)\.com/[^/]+/status/\d+|bsky\.app/profile/[^/]+/post/\w+|threads\.(?:net|com)/@[^/]+/post/."),
    (Kind.POST, r"(?:[\w-]+\.)?(?:facebook\.com/.+/posts/.|linkedin\.com/(?:posts|feed/update)/.|instagram\.com/p/.)"),
    (Kind.POST, r"t\.me/(?:s/)?\w+/\d+"),
    (Kind.POST, r"[^/]+/(?:@[^/]+/(?:posts/)?\d{15,}|users/[^/]+/statuses/\d+|objects/[0-9a-f-]{36})/?(?:[?#]|$)"),
)
_KIND_FORMS = tuple((kind, re.compile(form)) for kind, form in _KINDS)


def split(url: str) -> SplitResult | None:
    """The parts of an http(s) address with a host; None for everything else."""
    try:
        parts = urlsplit(url.strip())
        named = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return parts if named and not re.search(r"[\s<>\"{}]", parts.netloc) else None


def absolute(url: str, base: str) -> str | None:
    """An address on a page made absolute; None when it is not http or https."""
    # As browsers read them: line breaks go, spaces are escaped. Templates that escape twice leave "&amp;" behind.
    url = re.sub(r"[\t\r\n]+", "", url.strip()).replace("&amp;", "&").replace(" ", "%20") if len(url) < 4_000 else ""
    if not url or url.startswith(("#", "{", "[", "<")) or url.lower() in ("null", "undefined", "none", "false", "about:blank"):
        return None
    try:
        joined = urljoin(base, url)
    except ValueError:
        return None
    parts = split(joined)
    return joined if parts and "@" not in parts.netloc else None


def site_host(url: str) -> str:
    """The host without "www.", "m." and the like; "" for what is no web address."""
    parts = split(url)
    host = (parts.hostname or "").rstrip(".").lower() if parts else ""
    return _VIEWS.sub("", host)


def home_of(url: str) -> str:
    """The home page's address without scheme and "www."; "" for what is no web address."""
    parts = split(url)
    return (parts.hostname or "").rstrip(".").lower().removeprefix("www.") if parts else ""


def is_home(url: str) -> bool:
    """Whether an address is that of a site's front page."""
    parts = split(url)
    if parts is None:
        return False
    path = _INDEX.sub("", parts.path)
    return path in ("", "/") and not parts.query and not parts.fragment.startswith(("/", "!"))


def same_site(left: str, right: str) -> bool:
    """Whether two addresses belong to one site: one host, or one host under the other, unless strangers share that one."""
    one, two = site_host(left), site_host(right)
    if not one or not two:
        return False
    shorter, longer = sorted((one, two), key=len)
    return one == two or (longer.endswith("." + shorter) and "." in shorter and shorter not in SHARED_HOSTS)


def adopted(declared: Iterable[str], url: str, base: str) -> str | None:
    """The canonical address that a page declares and that may be believed; None when there is none, or two that disagree."""
    found = [address for href in declared if (address := absolute(href, base)) is not None]
    if not found or len({_loosely(address) for address in found}) > 1:
        return None
    address = found[0]
    # A cache of AMP pages is asked for another site's page, and says so in its address.
    if not (same_site(address, url) or same_site(address, canonical(url).href)) or (is_home(address) and not is_home(url)):
        return None
    return address


def claimed(declared: Iterable[str], url: str, base: str) -> str | None:
    """The address on another site that a page declares to be its own; None when there is none, or two that disagree.

    Whoever copies a page may say so, and whoever wants its readers may lie: that page's own word has to confirm it.
    """
    found = [address for href in declared if (address := absolute(href, base)) is not None]
    if not found or len({_loosely(address) for address in found}) > 1:
        return None
    address = found[0]
    return None if same_site(address, url) or same_site(address, canonical(url).href) or is_home(address) else address


def same_page(left: str, right: str) -> bool:
    """Whether two addresses differ in nothing but scheme, view ("www.", "m."), final slash and fragment."""
    return _loosely(left) == _loosely(right)


def site_guesses(url: str) -> tuple[str, ...]:
    """What a site may be called, going by its host: "blog.example.org" gives that, "example.org", "example" and "example blog"."""
    host = site_host(url)
    labels = host.split(".")
    if len(labels) < 2:
        return (host,) if host else ()
    suffix = 2 if len(labels) > 2 and ".".join(labels[-2:]) in SHARED_HOSTS else 1
    name = labels[-suffix - 1]
    guesses = [host, ".".join(labels[-suffix - 1 :]), name, f"{name} blog", f"the {name}", f"{name} {labels[-1]}"]
    return tuple(guesses + ([labels[0]] if len(labels) > suffix + 1 else []))


def platform_name(url: str) -> str:
    """What a well-known platform is called; "" for every other site."""
    labels = site_host(url).split(".")
    return next((name for at in range(len(labels) - 1) if (name := SITE_NAMES.get(".".join(labels[at:])))), "")


def kind_at(url: str) -> Kind | None:
    """What stands at an address of a known platform."""
    parts = split(url)
    if parts is None:
        return None
    bare = re.sub(r"^(?:www|m|mobile)\.", "", (parts.hostname or "").lower()) + parts.path + (f"?{parts.query}" if parts.query else "")
    return next((kind for kind, form in _KIND_FORMS if form.match(bare)), None)


def day_in(url: str) -> str:
    """The day in an address such as /2019/02/03/crews, as "2019-02-03"; "" when there is none or there are two."""
    parts = split(url)
    found = set(_URL_DAY.findall(parts.path)) if parts else set()
    if len(found) != 1:
        return ""
    year, month, day = found.pop()
    return f"{year}-{int(month):02}-{int(day):02}"


def _loosely(url: str) -> tuple[str, str, tuple[tuple[str, tuple[str, ...]], ...]]:
    parts = split(url)
    if parts is None:
        return url, "", ()
    query = sorted((name, tuple(values)) for name, values in parse_qs(parts.query, keep_blank_values=True, max_num_fields=None).items())
    return site_host(url), re.sub(r"/(?:index\.(?:html?|php))?$", "", parts.path), tuple(query)
