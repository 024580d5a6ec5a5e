"""Measuring prefixes of podcasts: the address of a recording, behind a counter or seven.

Each pattern matches the front of "host/path" (no scheme); what follows is the address that is measured. X, one segment, never holds a dot,
so that a prefix directly followed by another is not taken for its argument. Source: podcasts.md (after skymethod/op3
`worker/chain_estimate.ts` and yt-dlp `clean_podcast_url`, read 2026-11).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_X = r"[^/.]+"
_PATTERNS: Final = (
    r"(?:[\w-]+\.)?op3\.dev/e(?:[,/]pg=[^/]+)?/",
    r"(?:dts|www|play)\.podtrac\.com/(?:pts/)?redirect\.\w+/",
    r"podtrac\.com/(?:pts/)?redirect\.\w+/",
    rf"play\.podtrac\.com/{_X}/",
    rf"(?:www\.)?(?:chtbl\.com|chrt\.fm|podcast-rss-prefix\.spotify\.com)/track/(?:{_X}/)?",
    r"(?:www\.)?pdst\.fm/e/",
    r"prfx\.byspotify\.com/e/",
    r"pscrb\.fm/rss/p/",
    r"verifi\.podscribe\.com/rss/p/",
    rf"(?:www\.)?mgln\.ai/(?:track|e/{_X})/",
    rf"media\.blubrry\.com/{_X}/(?:p/)?",
    r"pdcn\.co/e/",
    r"s\.gum\.fm/(?:r1/[0-9a-fA-F]+|s-[0-9a-fA-F]+)/",
    r"\d+\.gum\.fm/",
    r"claritaspod\.com/measure/",
    r"clrtpod\.com/m/",
    rf"arttrk\.com/p/{_X}/",
    rf"pfx\.veritonicmetrics\.com/{_X}/",
    rf"growx\.podkite\.com/https?/{_X}/",
    r"p\.podderapp\.com/\d+/",
    r"r\.zen(?:castr\.com|\.ai)/r/",
    rf"t\.glystn\.com/v2/track/{_X}/",
    rf"(?:rss\.)?pdrl\.fm/(?:r/{_X}/{_X}|{_X})/",
    rf"a\.pdcst\.to/{_X}/",
    rf"pfx\.vpixl\.com/{_X}/",
    rf"bktrks\.co/t/{_X}/",
    rf"(?:tracking\.)?swap\.fm/track/{_X}/",
    rf"pdcds\.co/{_X}/",
    rf"m\.pfxes\.com/{_X}/",
    rf"tr\.ausha\.co/{_X}/",
    rf"track\.fstry\.me/p/{_X}/",
    r"flex\.acast\.com/",
    rf"adbarker\.com/stream/{_X}/",
    r"letscast\.fm/track/",
    rf"cohst\.app/pdcst/{_X}/",
    r"prefix\.up\.audio/s/",
    rf"enrichment\.soundstack\.com/{_X}/",
    r"analytics\.podcastplusplus\.com/e/",
    r"ipfspodcasting\.net/e/",
)  # fmt: skip
_PREFIX = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE)
_SCHEME = re.compile(r"(https?)(?::|%3A)(?:/|%2F){1,2}", re.IGNORECASE)
# What follows must look like a host with a path, or the prefix is the address itself.
_HOST_AND_PATH = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?(?:/|%2F)", re.IGNORECASE)

# Domains worth the pattern: a look-up in a set is cheaper than thirty patterns.
DOMAINS: Final = frozenset(
    """
    op3.dev podtrac.com chtbl.com chrt.fm spotify.com pdst.fm byspotify.com pscrb.fm podscribe.com mgln.ai blubrry.com pdcn.co gum.fm
    claritaspod.com clrtpod.com arttrk.com veritonicmetrics.com podkite.com podderapp.com zencastr.com zen.ai glystn.com pdrl.fm pdcst.to
    vpixl.com bktrks.co swap.fm pdcds.co pfxes.com ausha.co fstry.me acast.com adbarker.com letscast.fm cohst.app up.audio soundstack.com
    podcastplusplus.com ipfspodcasting.net
    """.split()
)


def measured(text: str) -> str | None:
    """The address behind one measuring prefix, https unless it says otherwise; None where there is no prefix.

    Args:
        text: an address without its scheme and "//".
    """
    match = _PREFIX.match(text)
    if match is None:
        return None
    rest = text[match.end() :]
    scheme = _SCHEME.match(rest)
    if scheme is not None:
        encoded = "%" in scheme[0]
        rest = rest[scheme.end() :]
        return f"{scheme[1].lower()}://{unquote(rest) if encoded else rest}"
    if not _HOST_AND_PATH.match(rest):
        return None
    return f"https://{rest if '/' in rest else unquote(rest)}"
