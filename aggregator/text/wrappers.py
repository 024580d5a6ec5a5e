"""Addresses that only carry another one: redirects, warnings, consent pages, mailed links; the copies of `captures.py`; measuring prefixes.

A wrapper is its target, found offline from the address alone; one whose target stands only on its server (t.co, bit.ly, lnkd.in) is left as
it is, and so is a search *for* an address. Values are taken encoded once or several times, or not at all. Sources: web.md, youtube.md,
medium.md, webmention.md; the redirect lists of medialab/ural and of the public "ClearURLs" rules (read 2026-11); the AMP project's cache
URL format (https://amp.dev, read 2026-11); Memento time maps of the archives named.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import unquote

from aggregator.text.address import Address
from aggregator.text.captures import (
    CAPTURES,
    GOOGLE_HOST,
    PROXIED,
    TODAY,
    WEB,
    amp_cached,
    bridged,
    captured,
    proxied,
    rest_of,
    seen_through,
    target_of,
    translated,
)
from aggregator.text.podcast_prefixes import DOMAINS, measured


class Redirect(NamedTuple):
    """Where in a redirect's address its target stands."""

    # Matches the whole path.
    path: re.Pattern[str]
    # Names of the parameter, tried in order.
    names: tuple[str, ...]
    # Host must be this; None: any host of the domain.
    host: str | None = None


def _r(path: str, names: str, host: str | None = None) -> Redirect:
    return Redirect(re.compile(path + r"\Z"), tuple(names.split()), host)


_ANY = ".*"
REDIRECTS: Final[dict[str, tuple[Redirect, ...]]] = {
    "facebook.com": (
        _r(r"/l\.php", "u"), _r("/", "u", "l.facebook.com"), _r("/flx/warn/?", "u"),
        _r(r"/login(?:\.php)?/?", "next"), _r("/login/.*", "next"), _r(r"/(?:v[\d.]+/)?plugins/(?:post|video)\.php", "href"),
        _r(_ANY, "u", "lm.facebook.com"),
    ),
    "instagram.com": (_r(_ANY, "u", "l.instagram.com"), _r("/accounts/login/?", "next"), _r("/linkshim/?", "u")),
    "threads.net": (_r(_ANY, "u", "l.threads.net"),),
    "threads.com": (_r(_ANY, "u", "l.threads.com"),),
    "messenger.com": (_r(_ANY, "u", "l.messenger.com"),),
    "workplace.com": (_r(_ANY, "u", "l.workplace.com"),),
    "wl.co": (_r(_ANY, "u", "l.wl.co"),),
    "reddit.com": (_r(_ANY, "url", "out.reddit.com"), _r("/media", "url")),
    "umblr.com": (_r("/redirect", "z"),),
    "linkedin.com": (
        _r("/redir/(?:redirect|general-malware-page|suspicious-page|phishing-page)/?", "url urlhash"), _r("/safety/go/?", "url"),
        _r("/authwall/?", "sessionRedirect"), _r("/(?:uas/)?login/?", "session_redirect"), _r("/checkpoint/.*", "session_redirect"),
    ),
    "youtube.com": (
        _r("/redirect", "q"), _r("/attribution_link", "u"), _r("/signin", "next"), _r("/oembed", "url"),
        _r(_ANY, "continue", "consent.youtube.com"),
        _r(_ANY, "continue", "accounts.youtube.com"), _r("/verify_(?:age|controversy)", "next_url next"),
    ),
    "slack-redir.net": (_r("/link", "url"),),
    "vk.com": (_r(r"/away(?:\.php)?", "to"),),
    "vk.ru": (_r(r"/away(?:\.php)?", "to"),),
    "ok.ru": (_r("/dk", "st.link"),),
    "steamcommunity.com": (_r("/linkfilter/?", "url u"),),
    "outlook.com": (_r(_ANY, "url"),),
    "office365.us": (_r(_ANY, "url"),),
    "office.net": (_r("/.*safelinks/.*", "url"),),
    "duckduckgo.com": (_r("/l/?", "uddg"),),
    "disq.us": (_r("/url", "url"),),
    "getpocket.com": (_r("/redirect", "url"), _r("/(?:save|edit)", "url")),
    "linksynergy.com": (_r(_ANY, "murl RD_PARM1"),),
    "skimresources.com": (_r("/", "url"),),
    "redirectingat.com": (_r("/", "url"),),
    "viglink.com": (_r(_ANY, "u out"),),
    "awin1.com": (_r(_ANY, "ued p"),),
    "shareasale.com": (_r(r"/r\.cfm", "urllink"),),
    "ebay.com": (_r(_ANY, "mpre", "rover.ebay.com"),),
    "exit.sc": (_r("/", "url"),),
    "gate.sc": (_r("/", "url"),),
    "soundcloud.com": (_r("/player/?", "url", "w.soundcloud.com"), _r("/oembed", "url")),
    "medium.com": (_r("/r/?", "url"),),
    "weibo.cn": (_r("/sinaurl", "u toasturl"),),
    "zhihu.com": (_r("/", "target", "link.zhihu.com"),),
    "jianshu.com": (_r("/(?:go-wild)?", "t url"),),
    "csdn.net": (_r("/", "target", "link.csdn.net"),),
    "juejin.cn": (_r("/", "target", "link.juejin.cn"),),
    "gitee.com": (_r("/link", "target"),),
    "qq.com": (_r(_ANY, "pfurl", "c.pc.qq.com"),),
    "tiktok.com": (_r("/link/v2", "target"),),
    "bsky.app": (_r("/redirect", "u", "go.bsky.app"),),
    "bing.com": (_r(r"/news/apiclick\.aspx", "url"),),
    "live.com": (_r(r"/op/(?:view|embed)\.aspx", "src", "view.officeapps.live.com"),),
    "twitter.com": (
        _r("/oembed", "url", "publish.twitter.com"), _r("/i/redirect", "url"), _r("/(?:i/flow/)?login/?", "redirect_after_login"),
    ),
    "x.com": (_r("/i/redirect", "url"), _r("/(?:i/flow/)?login/?", "redirect_after_login")),
    "t.me": (_r("/iv", "url"),),
    "pixiv.net": (_r(r"/jump\.php", "url"),),
    "curseforge.com": (_r("/linkout", "remoteUrl"),),
    "spotify.com": (_r("/oembed/?", "url"),),
    "googleweblight.com": (_r(_ANY, "lite_url u"),),
    "googleadservices.com": (_r(_ANY, "adurl"),),
    "doubleclick.net": (_r(_ANY, "adurl"),),
    "webcitation.org": (_r("/query", "url"),),
    "microsofttranslator.com": (_r(r"/bv\.aspx", "a"),),
    "office.com": (_r("/translate/?", "url"),),
    "flickr.com": (_r("/services/oembed/?", "url"),),
    "vimeo.com": (_r(r"/api/oembed\.json", "url"),),
    "goodreads.com": (_r("/r", "url"),),
    "stumbleupon.com": (_r("/refer.php", "url"),),
}  # fmt: skip
GOOGLE: Final = (
    _r("/url", "url q"), _r("/aclk", "adurl"), _r("/scholar_url", "url"), _r("/(?:viewer|gview|viewerng/viewer)", "url"),
    _r("/imgres", "imgrefurl"),
    _r("/translate(?:_c)?", "u"), _r("/(?:ml|m|s2?|gdpr|ServiceLogin|v3/signin/.*|signin/.*|AccountChooser)/?", "continue"),
)  # fmt: skip
# Parameters of the wrappers themselves: where a target is written without encoding, it ends before the first of them.
_OWN = re.compile(
    r"&(?:ct|cd|usg|sa|rct|ved|ei|opi|source|sig2|esrc|cad|uact|h|s|e|enc|hl|sl|tl|v|token|data|sdata|reserved|redir_token|event|stzid|"
    r"html_redirect|cuid|key|ust|gid|redirectUrl|gi|rhash|m|w|fullUrl)(?:=|\Z)"
)
_ENCODED = re.compile(r"https?(?::|%3A|%253A)(?:/|%2F|%252F)", re.IGNORECASE)


def _parameter(a: Address, name: str) -> str | None:
    """The raw value of one parameter; where it was not encoded, with everything that belongs to it."""
    query = a.query or ""
    match = re.search(rf"(?:\A|&|;){re.escape(name)}=", query)
    if match is None:
        return None
    rest = query[match.end() :]
    single = rest.partition("&")[0]
    if WEB.match(rest) and "?" in single:
        end = _OWN.search(rest)
        return rest[: end.start()] if end else rest + ("" if a.fragment is None else f"#{a.fragment}")
    return single


def redirected(a: Address, rules: tuple[Redirect, ...]) -> str | None:
    """The target of a redirect; a path on the same host counts."""
    for rule in rules:
        if rule.host not in (None, a.host) or not rule.path.match(a.path or "/"):
            continue
        for name in rule.names:
            raw = _parameter(a, name)
            if not raw:
                continue
            target = target_of(raw)
            inner = unquote(raw)
            inner = unquote(inner) if inner.startswith("%") else inner
            if target is None and inner.startswith("/") and not inner.startswith("//"):
                host = "www.youtube.com" if a.host.endswith("youtube.com") else a.host
                target = f"https://{host}{inner}"
            if target is not None:
                return target
    return None


_CACHE = re.compile(r"cache:(?:[\w-]{6,20}:)?(?:https?(?::|%3A)//?)?([^+ ]+)", re.IGNORECASE)
_MAILED = re.compile(r"/(?:CL|L)0/(https?(?::|%3A)%2F%2F[^/]+)", re.IGNORECASE)
_OUTGOING = re.compile(r"/v1/[0-9a-f]{20,}/(.+)")
_YAHOO = re.compile(r"/RU=([^/]+)/", re.IGNORECASE)
_PROOFPOINT = re.compile(r"/v3/__(.+?)__;")
_IDENTITY = re.compile(r"/m/(?:global-identity(?:-2)?|signin)/?\Z")
_STORY = re.compile(r"(?:-|/p/)([0-9a-f]{8,12})/?\Z")


def _google(a: Address) -> str | None:
    target = redirected(a, GOOGLE)
    if target is None and a.path == "/search":
        raw = _parameter(a, "q") or ""
        match = _CACHE.match(unquote(raw)) if raw.lower().startswith("cache") else None
        target = target_of(match[1]) if match is not None else None
    return target or amp_cached(a)


def _proofpoint(a: Address) -> str | None:
    match = _PROOFPOINT.match(a.path + ("" if a.query is None else f"?{a.query}"))
    if match is not None:
        return target_of(re.sub(r"\A(https?):/+", r"\1://", match[1].replace("*", "%2A") if "*" in match[1] else match[1]))
    raw = _parameter(a, "u")
    if raw is None:
        return None
    if a.path.startswith("/v2/"):
        raw = raw.replace("-", "%").replace("_", "/")
    return target_of(unquote(raw))


def _global_identity(a: Address) -> str | None:
    """Medium's detour names a story by its present address; the story is known by its id wherever it lives."""
    if not _IDENTITY.match(a.path):
        return redirected(a, REDIRECTS["medium.com"])
    query = a.query or ""
    raw = query.partition("redirectUrl=")[2] or query.partition("redirect=")[2]
    if raw and not WEB.match(raw):
        raw = raw.partition("&")[0]
    target = target_of(raw)
    story = _STORY.search(target.partition("?")[0].partition("#")[0]) if target is not None else None
    return f"https://medium.com/p/{story[1]}" if story is not None else target


def _bing(a: Address) -> str | None:
    raw = (_parameter(a, "u") or "") if a.path.startswith("/ck/a") else ""
    return _from_base64(raw[2:]) if raw.startswith("a1") else None


def _from_base64(text: str) -> str | None:
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return target_of(decoded)


def _substack(a: Address) -> str | None:
    """A link of a mailed issue holds its target in the first part of its token."""
    match = re.match(r"/redirect/2/([\w-]+)", a.path)
    if match is None:
        return None
    try:
        token = base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    found = re.match(r'\{"e":"(https?:[^"\\]+)"', token)
    return target_of(found[1]) if found is not None else None


def _disqus(a: Address) -> str | None:
    target = redirected(a, REDIRECTS["disq.us"])
    return re.sub(r":[\w-]{20,}\Z", "", target) if target is not None else None


def _yahoo(a: Address) -> str | None:
    match = _YAHOO.search(a.path)
    return target_of(match[1]) if match is not None else None


def _outgoing(a: Address) -> str | None:
    match = _OUTGOING.match(a.path)
    return target_of(match[1]) if match is not None else None


def _affiliate(a: Address) -> str | None:
    match = re.search(r"(?:/links?/.*?/|destination(?::|%3A))(https?(?::|%3A).+)", a.path, re.IGNORECASE)
    return target_of(rest_of(a, match.start(1))) if match is not None else None


def _mailed(a: Address) -> str | None:
    """Amazon's mail service writes the target, encoded, behind `/CL0/` or `/L0/` (seen in several newsletters, 2026)."""
    match = _MAILED.match(a.path)
    return target_of(match[1]) if match is not None else None


def _library(a: Address) -> str | None:
    """A library's proxy asks for a card before it hands the page out (EZproxy)."""
    return redirected(a, (_r("/login", "url qurl"),)) if "proxy" in a.host else None


_SPECIAL: Final[dict[str, tuple[Callable[[Address], str | None], ...]]] = {
    "ampproject.org": (amp_cached,), "bing-amp.com": (amp_cached,), "translate.goog": (translated,), "brid.gy": (bridged, proxied),
    "urldefense.com": (_proofpoint,), "urldefense.us": (_proofpoint,), "proofpoint.com": (_proofpoint,), "medium.com": (_global_identity,),
    "awstrack.me": (_mailed,), "redditmail.com": (_mailed,), "tldrnewsletter.com": (_mailed,), "elk.zone": (seen_through,),
    "phanpy.social": (seen_through,),
    "bing.com": (_bing, amp_cached), "substack.com": (_substack,), "disq.us": (_disqus,), "yahoo.com": (_yahoo,),
    "mozgcp.net": (_outgoing,),
    "prf.hn": (_affiliate,), "anrdoezrs.net": (_affiliate,), "dpbolvw.net": (_affiliate,), "jdoqocy.com": (_affiliate,),
    "googleusercontent.com": (_google,),
    **{name: (captured,) for name in (*TODAY, *CAPTURES) if "." in name},
    **{".".join(name.split(".")[-2:]): (proxied,) for name in PROXIED if not name.endswith(("brid.gy", "archive.org"))},
}  # fmt: skip


def _measured(a: Address) -> str | None:
    query = "" if a.query is None else f"?{a.query}"
    return measured(f"{a.host}{a.path}{query}")


Unwrap = Callable[[Address], str | None]


def unwrappers(host: str) -> tuple[tuple[str, Unwrap], ...]:
    """What can carry another address on a host, with the name of the rule; usually nothing. Costs a few look-ups: keep it per host."""
    found: list[tuple[str, Unwrap]] = []
    name = host
    while name:
        if name in _SPECIAL:
            found += [("wrapper", special) for special in _SPECIAL[name]]
        if name in REDIRECTS:
            rules = REDIRECTS[name]
            found.append(("redirect", lambda a, rules=rules: redirected(a, rules)))  # type: ignore[misc]  # mypy cannot type a default
        if name in DOMAINS:
            found.append(("measuring prefix", _measured))
        name = name.partition(".")[2]
    if GOOGLE_HOST.match(host):
        found.append(("redirect", _google))
    if "proxy" in host:
        found.append(("redirect", _library))
    return tuple(found)
