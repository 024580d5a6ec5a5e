"""Addresses as people paste them, made whole again; a good one comes out as it went in.

Each step is a function of the text alone and stands in `STEPS` with its name, in the order in which it is tried; the list is gone through
until nothing changes. Sources: the links of the community's own page and the "repair" sections of youtube.md, loomio.md, web.md; the URL
Standard for white space and back-slashes (https://url.spec.whatwg.org, read 2026-11); CommonMark 0.31 §2.4 for back-slash escapes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Final
from urllib.parse import unquote

from aggregator.text.address import Address, parse, place_of
from aggregator.text.misread import NAMED, decoded_again, narrow, without_entities

Step = Callable[[str], str]

# Marks without width: zero-width space, direction marks, word joiner, byte-order mark, soft hyphen, variation selectors.
_ZERO_WIDTH = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad\ufe0e\ufe0f]|[\x00-\x08\x0e-\x1f\x7f]")
# Joiners mean something between letters of Persian, Hindi and others; beside anything else they are residue.
_JOINER = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
_ENCODED_ZERO_WIDTH = re.compile(r"%E2%80%8[BEF]|%EF%BB%BF|%E2%81%A0|%C2%AD", re.IGNORECASE)
_BREAK = re.compile(r"(?<![ \t])[ \t]*[\r\n\x0b\x0c\x85\u2028\u2029]\s*|\t+")
# A second address on the next line, or a blank line: the address is over.
_NEXT_LINE = re.compile(r"(?<![\s/:])\s++(?=https?://)|(?<![\s:])(?<!:/)(?<!://)[ \t]*+\r?\n[ \t]*+\r?\n", re.IGNORECASE)
_SOFT_BREAK = re.compile(r"=\r?\n")
_JSON_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_SURROGATES: Final = frozenset(("d8", "d9", "da", "db", "dc", "dd", "de", "df"))
_WRITTEN_BREAKS: Final = ("\\n", "\\r", "\\t")
_ESCAPE = re.compile(r"\\([!-/:-@\[\]^-`{-~])")
_ENCODED_ESCAPE = re.compile(r"%5C(?=[-_~&*#=.]|%5F|%26)", re.IGNORECASE)

# One letter too many or too few, a colon or slash lost, another sign in its place; the lengths keep real words out.
_SCHEME = r"(?:hxxps?|htt|h{1,2}t{1,3}ps?|http[sS]{1,2}|htpp?s?|hptts?|httt?ps?|https?p|htttps?|tt?ps?|hhtps?)"
_BAD_SCHEME = re.compile(rf"({_SCHEME})\s*(?:[:;.]{{1,3}}\s*(?:[/\\]\s*)+[:;]?[/\\]*|[/\\]{{2,}})\s*(?=\S)", re.IGNORECASE)
_NO_SLASHES = re.compile(r"(https?):(?=(?:www\.|[a-z0-9-]+\.)+[a-z]{2,}(?:[/?#]|\Z))", re.IGNORECASE)
_INNER_SCHEME = re.compile(r"https?://+(?:www\.)?(?=(?:https?|htt?ps?)(?::|;|%3A)?(?:/|%2F){1,3}|https?:)", re.IGNORECASE)
_ENCODED_WHOLE = re.compile(r"https?(?::|%3A|%253A)(?:%2F|%252F){2}", re.IGNORECASE)
_BEGINNING = re.compile(r"h?htt?ps?(?::|;)[/\\]|https?%3A%2F", re.IGNORECASE)
# Schemes by which browsers hand a feed to its reader.
_FEED_READER = re.compile(r"\A(?:feed|itpc|pcast|podcast)://(?!https?:)", re.IGNORECASE)
# What a redirect or an archive carries stands behind "/", "=" or ":"; behind a letter it is the next address of a list.
_GLUED_ON = re.compile(r"(?<=[A-Za-z0-9,;])https?://", re.IGNORECASE)
_BALANCED = re.compile(r"[^\[\]\s|]*(?:\[[^\[\]\s|]*\][^\[\]\s|]*)*")
_NOT_A_FRAME = re.compile(r"\s*(?:javascript|data|mailto|vbscript|file|blob|about|tel|sms):", re.IGNORECASE)

_LABEL = r"[A-Za-z0-9\u00a1-\uffff](?:[A-Za-z0-9\u00a1-\uffff-]*[A-Za-z0-9\u00a1-\uffff])?"


@cache
def _schemeless() -> re.Pattern[str]:
    # Takes as long to compile as all other patterns together, and a good address needs it not.
    return re.compile(rf"((?:{_LABEL}\.)+([A-Za-z\u00a1-\uffff]{{2,24}}))(:\d{{2,5}})?(?=[/?#]|\Z)")


# Endings that name a file more often than a site, when nothing but a name stands there.
_FILES = frozenset(
    """
    md markdown html htm xhtml php txt pdf doc docx odt jpg jpeg png gif svg webp js ts css json xml yaml yml toml csv zip gz tar py rb rs
    go java sh c h cpp mp mp3 mp4 ogg wav rst tex ini cfg log
    """.split()
)
# Sites people write without any slash; the rest of the world's endings need a path or "www.".
_BARE = frozenset(
    """
    com org net edu gov io co uk de fr nl eu info cc nz au ca ch at be it es se no dk fi pl us fm tv me blog social network
    """.split()
)

_CLOSERS: Final = {")": "(", "]": "[", "}": "{", "）": "（", "】": "【", "」": "「", "』": "『", "》": "《", "〉": "〈", "］": "［"}
_ENCODED_CLOSERS: Final = {"%29": ")", "%5D": "]", "%7D": "}"}
_QUOTES = '"“”„‟«»‹›‘’‚`´<>|\\^…'
_GLUED = ",;:。，、；：！？．"
_OPENING = "<([{\"'“”„«‹‘’`*_~|–—•·>（【「『《〈= \t:-"
_ENCODED_END = re.compile(r"(?:%20|%0A|%0D|%09|%C2%A0|%E2%80%9[89CD]|%E2%80%A6|%3E|%3C|%60|%5C)\Z", re.IGNORECASE)
# A full stop that belongs to the last word of an encyclopaedia's title.
_ABBREVIATED = re.compile(
    r"/wiki/.*(?:(?<![A-Za-z])(?:Inc|Corp|Ltd|Co|Jr|Sr|Bros|St|Vol|No|Dr|Mr|Mrs|Ms|etc|al|vs|Univ|Dept)"
    r"|(?<![A-Za-z])[A-Z])\.\Z"
)
_SECOND_QUERY = re.compile(
    r"\A(https?://(?:[\w-]+\.)*youtube(?:-nocookie)?\.com/[^?#]*\?[^?#]*\bv=[0-9A-Za-z_-]{11})\?[^#]*", re.IGNORECASE
)
_VIDEO_STOP = re.compile(r"[?&]v=[0-9A-Za-z_-]{11}[.!?]\Z")

# What no repair would touch: the quick way out for nearly every address.
GOOD = re.compile(
    r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)+)((?:/[A-Za-z0-9/_.~@+=-]*)?)"
    r"(?:\?([A-Za-z0-9_=&.~+@/-]+))?(?:#([A-Za-z0-9_=./!-]*))?(?<![.!])\Z"
)
_INNER = re.compile(r"https?(?:/|$)|//+https?")
# The second way out: more signs, none of them at the end, and nothing that any step looks for.
_ALSO_GOOD = re.compile(
    r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?)((?:/(?:[A-Za-z0-9/_.~@+=$!'*(),:;&-]|%[0-9A-Fa-f]{2})*)?)"
    r"(?:\?((?:[A-Za-z0-9_=&.~+@/$!'*(),:;-]|%[0-9A-Fa-f]{2})+))?(?:#([A-Za-z0-9_=./!:~-]*))?(?<=[A-Za-z0-9/_=~&-])\Z"
)
_CARRIED = re.compile(r"https?(?:[:/;]|%3A|$)", re.IGNORECASE)
_SUSPECT = re.compile(
    rf"\?amp;|&(?:(?:amp|lt|gt|quot|apos|nbsp)|(?:{'|'.join(NAMED)});)|%5C|%E2%8[01]|%EF%BB|%C2%AD|%(?:20|22|29|3C|3E|5D|60|7D|0A|0D|09|A0|A6)\Z",
    re.IGNORECASE,
)


def _without_zero_width(text: str) -> str:
    text = _ENCODED_ZERO_WIDTH.sub("", _ZERO_WIDTH.sub("", text))
    return _JOINER.sub("", text).strip()


def _without_breaks(text: str) -> str:
    soft = _SOFT_BREAK.search(text)
    if soft is not None and ("=3D" in text or "?" not in text[: soft.start()]):
        # A mail's quoted-printable form (RFC 2045 §6.7) ends a line with "=" and writes "=" as "=3D".
        text = _SOFT_BREAK.sub("", text).replace("=3D", "=")
    if text.lstrip()[:1] == ">":
        text = re.sub(r"([\r\n])[ \t]*>[> \t]*", r"\1", text)
    return _BREAK.sub("", _NEXT_LINE.split(text, maxsplit=1)[0] if text[:4].lower() == "http" else text)


def _without_escapes(text: str) -> str:
    text = _JSON_ESCAPE.sub(lambda match: match[0] if match[1][:2].lower() in _SURROGATES else chr(int(match[1], 16)), text)
    while text.endswith(_WRITTEN_BREAKS):
        text = text[:-2]
    text = re.sub(r"\A(https?):\\{2,}", r"\1://", text, flags=re.IGNORECASE)
    text = _ENCODED_ESCAPE.sub("", _ESCAPE.sub(r"\1", text))
    path, mark, query = text.partition("?")
    return re.sub(r"\\(?=[A-Za-z0-9])", "/", path) + mark + query if text[:4].lower() == "http" else text


def _decoded_whole(text: str) -> str:
    return unquote(text) if _ENCODED_WHOLE.match(text) else text


def _out_of_its_frame(text: str) -> str:
    """`[label](address "title")`, `<address>`, `href="address"`, `feed:https://…`: the address alone."""
    if _NOT_A_FRAME.match(text):
        return text
    text = _FEED_READER.sub("https://", text)
    markdown = re.search(r"\]\(\s*<?((?:https?:|www\.|//)[^\s<>]+)", text)
    if markdown is not None and text[:4].lower() != "http":
        text = markdown[1]
    stripped = text.lstrip(_OPENING)
    found = _BEGINNING.search(stripped)
    if found is not None and found.start() > 0 and not re.search(r"[/?#]|\w\Z", stripped[: found.start()]):
        return _to_its_end(text[: len(text) - len(stripped) + found.start()], stripped[found.start() :])
    if text[:1] in "*_~" and text[:1] and found is not None and found.start() == 0:
        inner = stripped.rstrip(_GLUED + ".!?)")
        return inner.rstrip(text[0]) if inner.endswith(text[0]) else stripped
    bare = stripped is not text and (stripped[:4].lower() == "www." or (_schemeless().match(stripped) and "/" in stripped))
    return _to_its_end(text[: len(text) - len(stripped)], stripped) if _BEGINNING.match(stripped) or bare else text


def _to_its_end(opened: str, text: str) -> str:
    """`<address|label>`, `[address label]`, `[url=address]label[/url]`: up to what closes the frame or begins the label."""
    if opened.endswith("<"):
        return re.split(r"[|>]", text, maxsplit=1)[0]
    match = _BALANCED.match(text) if opened.count("[") > opened.count("]") else None
    return match[0] if match is not None and match[0] else text


def _with_scheme(text: str) -> str:
    bad = _BAD_SCHEME.match(text)
    if bad is not None:
        secure = "s" if bad[1].lower().endswith("s") or "ss" in bad[1].lower() or bad[1].lower().endswith("sp") else ""
        text = f"http{secure}://{text[bad.end() :]}" if not _is_scheme(text[: bad.end()]) else text
    text = _NO_SLASHES.sub(r"\1://", text, count=1) if _NO_SLASHES.match(text) else text
    while (inner := _INNER_SCHEME.match(text)) is not None:
        text = text[inner.end() :]
    return text


def _is_scheme(beginning: str) -> bool:
    return beginning.lower() in ("http://", "https://")


def _scheme_added(text: str) -> str:
    slashes = re.match(r":?//", text)
    if slashes is not None and _schemeless().match(text[slashes.end() :]):
        return f"https://{text[slashes.end() :]}"
    match = _schemeless().match(text)
    if match is None and text[-1:] in _GLUED + ".!?)]":
        text = text if _schemeless().match(text.rstrip(_GLUED + ".!?)]")) is None else text.rstrip(_GLUED + ".!?)]")
        match = _schemeless().match(text)
    if match is None:
        return text
    host, ending, rest = match[1], match[2].lower(), text[match.end() :]
    if host[:4].lower() == "www." and host.count(".") > 1:
        return f"https://{text}"
    if ending in _FILES and (not rest or host.count(".") == 1):
        return text
    return f"https://{text}" if rest or (ending in _BARE and not match[3]) else text


def _tidy_host(text: str) -> str:
    match = re.match(r"(https?://)((?:%20|\s)*)([^/?#]*)", text, re.IGNORECASE)
    if match is None:
        return text
    host = re.sub(r"(?:\s|%20)+", "", match[3])
    host = re.sub(r"\[(?:\.|dot)\]|[。．]|(?<=[a-z0-9]),(?=[a-z])", ".", host, flags=re.IGNORECASE)
    host = re.sub(r"\.{2,}", ".", host).lstrip(".").rstrip(",;")
    return match[1] + host + text[match.end() :]


def _cut(text: str) -> str:
    """What cannot stand in an address ends it: a tag, half a Markdown link, a quotation mark that was never opened, a second address."""
    if text[:4].lower() != "http":
        return text
    text = re.split(r"\]\(|[<>]|\[/(?:url|img|link)\]|'\s|(?<!\s)\s++(?=[\"'(“‘]|https?://)", text, maxsplit=1)[0]
    glued = _GLUED_ON.search(text, len("https://"), text.find("?") if "?" in text else len(text))
    if glued is not None:
        text = text[: glued.start()]
    query = text.partition("?")[2]
    if '"' in text and (query.count('"') % 2 or '"' in text[: len(text) - len(query)]):
        text = text.partition('"')[0]
    half = len(text) // 2
    if text[:half] == text[half:] and parse(text[:half]) is not None:
        return text[:half]
    return text


def _trimmed(text: str) -> str:
    """Punctuation that belongs to the sentence around the address, not to the address."""
    if text[:4].lower() != "http":
        return text
    glued = False
    while len(text) > len("https://a"):
        shorter = _one_less(text, glued)
        if shorter == text:
            break
        glued = glued or text[-1] in _CLOSERS or text[-1] in _QUOTES
        text = shorter
    return text


def _one_less(text: str, glued: bool) -> str:
    last = text[-1]
    if last == '"' and text.partition("?")[2].count('"') % 2 == 0 and '"' not in text.partition("?")[0]:
        return text
    if last in _QUOTES or last in _GLUED or last in "([{（【「" or last.isspace():
        return text[:-1]
    if last in _CLOSERS:
        opener = _CLOSERS[last]
        opened = text.count(opener) + (text.count("%28") if opener == "(" else 0)
        closed = text.count(last) + (text.count("%29") if opener == "(" else 0)
        return text[:-1] if closed > opened and not (last == "]" and re.match(r"https?://\[[^/]*\]\Z", text)) else text
    if last in ".!?" and _stops(text, glued):
        return text[:-1]
    if text.endswith(("&gt", "&lt", "&quot")) and "?" not in text:
        return text.rpartition("&")[0]
    if last == "*" and text[-2] in '.,;)]"':
        return text[:-1]
    if text.endswith(("**", "~~")):
        return text.rstrip(last)
    if last == "'" and text.count("'") == 1:
        return text[:-1]
    return _without_encoded_end(text)


def _stops(text: str, glued: bool) -> bool:
    if text.endswith("..") or glued or _VIDEO_STOP.search(text, max(0, len(text) - 15)):
        return True
    if "?" in text[:-1]:
        return text[-2].isdigit() or text[-2] in _QUOTES or text[-2] in ")]}"
    return not (_ABBREVIATED.search(text) or (text[-1] == "!" and "/wiki/" in text))


def _without_encoded_end(text: str) -> str:
    if text[-3:].upper() in _ENCODED_CLOSERS:
        code, closer = text[-3:], _ENCODED_CLOSERS[text[-3:].upper()]
        opener = _CLOSERS[closer]
        opened = text.count(opener) + text.upper().count(f"%{ord(opener):X}")
        return text[:-3] if text.count(closer) + text.upper().count(code.upper()) > opened else text
    if text.endswith("%22") and text.count("%22") % 2:
        return text[:-3]
    match = _ENCODED_END.search(text)
    return text[: match.start()] if match is not None else text


def _without_second_query(text: str) -> str:
    """YouTube's "share at this time" pasted behind an address that had its query already."""
    return _SECOND_QUERY.sub(r"\1", text)


def _spaces_encoded(text: str) -> str:
    return re.sub(r"\s", "%20", text) if text[:4].lower() == "http" else text


STEPS: Final[tuple[tuple[str, Step], ...]] = (
    ("wrong decoding", decoded_again),
    ("marks without width", _without_zero_width),
    ("line breaks", _without_breaks),
    ("entities", without_entities),
    ("full width", narrow),
    ("frame", _out_of_its_frame),
    ("escapes", _without_escapes),
    ("encoded as a whole", _decoded_whole),
    ("broken scheme", _with_scheme),
    ("missing scheme", _scheme_added),
    ("broken host", _tidy_host),
    ("foreign rest", _cut),
    ("glued punctuation", _trimmed),
    ("second query", _without_second_query),
    ("spaces", _spaces_encoded),
)
# More rounds than any text that was ever broken needs; the last round changes nothing.
_ROUNDS = 12


def clean(text: str) -> str:
    """Text that is no address, without marks that cannot be seen."""
    return _without_zero_width(_BREAK.sub(" ", text))


def _good(text: str) -> re.Match[str] | None:
    match = GOOD.match(text)
    if match is not None:
        return match if _INNER.search(text, 8) is None else None
    match = _ALSO_GOOD.match(text)
    if match is None or _SUSPECT.search(text, 8) is not None:
        return None
    carried = _CARRIED.search(text, 8)
    return match if carried is None or _carries(text, match, carried.start()) else None


def _carries(text: str, match: re.Match[str], place: int) -> bool:
    """Whether a second scheme begins the address that a redirect or an archive carries, and is no scheme or address written twice."""
    if _GLUED_ON.search(text, len("https://"), match.end(3)) is not None:
        return False
    front = text[match.start(3) : place]
    return (
        len(front) > 1 and front[-1] in "/=" and not text.endswith(("http", "https")) and text[: len(text) // 2] != text[len(text) // 2 :]
    )


def is_good(text: str) -> bool:
    """Whether an address is so plain that no step could change it, and carries no other one."""
    return _good(text) is not None and _CARRIED.search(text, 8) is None


def good(text: str) -> Address | None:
    """The parts of an address that is so plain that no step could change it; None for one that must be looked at."""
    match = _good(text)
    if match is None:
        return None
    scheme, authority, path, query, fragment = match.groups()
    place = place_of(authority)
    return None if place is None else Address(scheme, authority, place[0], place[1], path, query, fragment)


def repair(raw: str) -> str:
    """A broken link as found in the wild, whole again; a good one and what is no web address come back as they are, trimmed."""
    return repaired(raw)[0]


def repaired(raw: str) -> tuple[str, tuple[tuple[str, str, str], ...]]:
    """As `repair`, with the steps that changed something: name, before, after."""
    if is_good(raw):
        return raw, ()
    text = raw
    fired: list[tuple[str, str, str]] = []
    for _ in range(_ROUNDS):
        before = text
        for name, step in STEPS:
            changed = step(text)
            if changed != text:
                fired.append((name, text, changed))
                text = changed
        if text == before:
            break
    if parse(text) is None:
        # A break that was closed may have glued a word to the scheme: as a space it leaves the address visible.
        bare = clean(raw)
        return (bare, ()) if bare == raw else repaired(bare)
    return text, tuple(fired)


__all__ = ["GOOD", "STEPS", "clean", "good", "is_good", "repair", "repaired"]
