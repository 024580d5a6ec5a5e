"""Why a story is one and why it is here, in plain words; and what other languages are called. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from aggregator.model import Evidence, EvidenceKind, Field, Kind, Mention, Story
from aggregator.publish.words import address, clean, short

_WORDS: Final = {
    EvidenceKind.SAME_PLATFORM_ID: "the same thing by its number on the platform",
    EvidenceKind.REDIRECT: "one leads to the other",
    EvidenceKind.CANONICAL_LINK: "one names the other as its own address",
    EvidenceKind.SAME_ENCLOSURE: "same recording: both play one file",
    EvidenceKind.SAME_GUID: "same entry: both feeds give it one id",
    EvidenceKind.CROSS_POST: "same author: title and text alike",
    EvidenceKind.SIMILAR_TEXT: "their texts are alike",
    EvidenceKind.DECISION: "the steward said so",
    EvidenceKind.TRANSLATION: "a translation",
}
_RECORDING: Final = "same recording: title and description alike"
_RECORDED: Final = frozenset((Kind.EPISODE, Kind.VIDEO))
_PLACES: Final = {
    Field.TITLE: "in the title",
    Field.TEXT: "in the text",
    Field.TAG: "among the hashtags",
    Field.LINK: "in an address that it links to",
    Field.IMAGE: "in the words that stand for an image",
    Field.AUTHOR: "in who made it",
    Field.PAGE: "in the text of a page that it links to",
}
# A page says enough with these; the same words are found in the same places again and again.
_MOST_MATCHES: Final = 8
_MOST_TIES: Final = 20
_LANGUAGES: Final = dict(
    pair.split("=")
    for pair in (
        "ar=Arabic bg=Bulgarian bn=Bengali bs=Bosnian ca=Catalan cs=Czech cy=Welsh da=Danish de=German el=Greek en=English eo=Esperanto "
        "es=Spanish et=Estonian eu=Basque fa=Persian fi=Finnish fr=French ga=Irish gl=Galician he=Hebrew hi=Hindi hr=Croatian hu=Hungarian "
        "hy=Armenian id=Indonesian is=Icelandic it=Italian ja=Japanese ka=Georgian ko=Korean lt=Lithuanian lv=Latvian mk=Macedonian "
        "ms=Malay mt=Maltese nb=Norwegian nl=Dutch nn=Norwegian no=Norwegian pl=Polish pt=Portuguese ro=Romanian ru=Russian sk=Slovak "
        "sl=Slovenian sq=Albanian sr=Serbian sv=Swedish sw=Swahili ta=Tamil th=Thai tl=Tagalog tr=Turkish uk=Ukrainian ur=Urdu "
        "vi=Vietnamese zh=Chinese"
    ).split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideView:
    """One of two addresses that are one."""

    # Host and path.
    text: str
    # None: it may not be followed.
    href: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TieView:
    """Why two addresses are one story."""

    left: SideView
    right: SideView
    # A clause without a period.
    words: str
    evidence: Evidence


def ties(story: Story, kind: Kind) -> tuple[TieView, ...]:
    """Why the addresses of a story are one, strongest first. That a post belongs to what it shares is no such reason: it stands among the
    voices."""
    hrefs = {link.key: link.href for link in story.links}
    joining = [one for one in story.evidence if one.kind.joins and one.kind is not EvidenceKind.SAME_URL]
    return tuple(
        TieView(left=_side(one.left, hrefs), right=_side(one.right, hrefs), words=_words(one, kind), evidence=one)
        for one in joining[:_MOST_TIES]
    )


def matched(mentions: Iterable[Mention]) -> tuple[str, ...]:
    """The words by which a story was found and where they stood, each once: "“#microsolidarity” in the title"."""
    return _said(tuple(dict.fromkeys([(match.rule, match.field) for mention in mentions for match in mention.matches])))


@lru_cache(maxsize=1024)
def _said(found: tuple[tuple[str, Field], ...]) -> tuple[str, ...]:
    said = [f"“{clean(rule, 60)}” {_PLACES[field]}" for rule, field in found if field in _PLACES]
    if any(field is Field.SOURCE for _, field in found):
        said.append("everything that its source publishes is taken")
    return tuple(dict.fromkeys(said))[:_MOST_MATCHES]


def language_name(tag: str | None) -> str:
    """A language's English name, "another language" where it is not known."""
    return _LANGUAGES.get((tag or "").partition("-")[0].lower(), "another language")


def _words(one: Evidence, kind: Kind) -> str:
    if one.kind is EvidenceKind.CROSS_POST and kind in _RECORDED:
        return _RECORDING
    if one.kind is EvidenceKind.SIMILAR_TEXT and one.score < 1:
        return f"{_WORDS[one.kind]}, {round(one.score * 100)} parts in 100"
    return _WORDS[one.kind]


def _side(key: str, hrefs: Mapping[str, str]) -> SideView:
    return SideView(text=short(key), href=address(hrefs.get(key, key)))
