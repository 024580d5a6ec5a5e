"""Titles as they can be compared: without decoration, without the names of places, and how alike two of them are."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

from aggregator.pipeline._marks import plain, taken_apart
from aggregator.pipeline._names import bare
from aggregator.text.page_titles import clean

# Names of platforms that stand at an end of a title, and what they put around it.
_PLATFORMS: Final = (
    "medium|substack|youtube|spotify|apple podcasts?|apple|anchor|soundcloud|vimeo|reddit|hacker news|facebook|linkedin|twitter|x|mastodon|"
    "bluesky|wordpress|ghost|patreon|overcast|castbox|pocket casts|google podcasts|podbean|buzzsprout|spreaker|stitcher|loomio|telegram|"
    "podchaser|listen notes|player fm|deezer|amazon music|audible|tumblr|github|peertube"
)
_END: Final = re.compile(rf"\s*(?:[|·•—–»/]|\s-|\s:|\bon\b|\bauf\b|\bsur\b|\ben\b)\s*(?:{_PLATFORMS})(?: by spotify)?\W*\Z", re.IGNORECASE)
_START: Final = re.compile(
    r"\A\s*(?:listen to|watch|now playing|stream|new (?:episode|post|video|blog post)|just published|podcast|video|blog|ep)\s*[:!–—|-]\s*",
    re.IGNORECASE,
)
_DECORATION: Final = (
    "podcast|podcast episode|video|video podcast|audio|audio version|official|official video|official audio|full "
    "episode|full video|full interview|"
    "full talk|full|hd|4k|live|livestream|recording|recorded|talk|new|updated|free|public|members only|paid|"
    "english|eng|subtitles?|with subtitles|"
    "transcript|full transcript|with transcript|show ?notes|shownotes|read aloud|narrated|repost|"
    "cross-?post(?:ed)?|x-?post|archive|pdf|long read|"
    "interview|mit transkript|transkript|folge|playlist"
)
_DECORATED: Final = re.compile(rf"(?:{_DECORATION})(?: (?:{_DECORATION}))*", re.IGNORECASE)
_ASIDE: Final = re.compile(rf"\s*[(\[{{【](?:{_DECORATION})[)\]}}】]\s*", re.IGNORECASE)
_TAIL: Final = re.compile(rf"\s*(?:[|·•—–]|\s-|:)\s*(?:{_DECORATION})\W*\Z", re.IGNORECASE)
_HEAD: Final = re.compile(r"\A\s*(?:full )?(?:transcript(?: of)?|show ?notes(?: for)?|transkript(?: zu)?)\s*[:–—|-]?\s+", re.IGNORECASE)
_SEPARATOR: Final = re.compile(r"\s+[|–—·•»/-]{1,3}\s+|\s*[|｜]\s*|:\s+|\s::\s|[？?!]\s+(?=\S)|：|\s*[【】「」『』]\s*|\s+\(|\)\s*\Z|\)\s+")
_BY: Final = re.compile(r"\s+by\s+([^|–—:]{2,60})\Z", re.IGNORECASE)
_UNSEEN: Final = re.compile(r"[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3\u2190-\u21ff]+")
_HASHTAG: Final = re.compile(r"(?:\s+#[^\W\d]\w+)+\s*\Z")
_WORD: Final = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
_SMALL: Final = frozenset(
    """
    a an the and or of to in on for with at by from as is are was be it its this that have has had will we you i my
    our your how what why when who
    der die das den dem des ein eine einer und oder von zu im in auf fur mit ist wie was warum wir
    le la les un une des du de et ou dans sur pour avec est comment nous
    el los las uno una y o en del al para con es como que por
    il lo gli i e di da per con che come
    het een en van op met voor is hoe wij
    o os as um uma e do da dos das em no na para com que
    """.split()
)
_GENERIC: Final = frozenset(
    """
    introduction intro introducing newsletter weekly monthly daily annual yearly quarterly update updates news notes note links link roundup
    round up digest report welcome hello world about home homepage episode podcast part chapter thoughts reflections reflection summary
    overview conclusion preface foreword first post posts new latest last next year week month day today review reviews
    open thread community call meeting minutes agenda announcement announcements untitled test reading list faq questions answers
    ama q interview conversation talk video recording live stream session bulletin edition issue volume season trailer teaser journal diary
    log blog article essay story draft
    einfuhrung einleitung rundbrief wochenruckblick neuigkeiten willkommen uber vorwort gedanken notizen protokoll
    bienvenue actualites nouvelles lettre infolettre notes resume accueil
    introduccion bienvenidos noticias boletin resumen notas inicio novedades
    introduzione benvenuti notizie introducao boas vindas novidades inleiding welkom nieuwsbrief nieuws
    introducing here some more things stuff misc miscellaneous happy january february march april may june july august september october
    november december spring summer autumn fall winter end start beginning
    """.split()
)
_RECURRING: Final = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday week weekly weekend month monthly year yearly annual daily today
    update updates newsletter roundup digest january february march april june july august september october november december
    montag dienstag mittwoch donnerstag freitag samstag sonntag woche wochentlich monat monatlich jahr jahrlich jahres
    lundi mardi mercredi jeudi vendredi samedi dimanche semaine mois annee hebdo lunes martes miercoles jueves viernes sabado domingo
    semana mes ano anual settimana mese anno
    """.split()
)
# Titles of pages that a program or a template wrote.
_FORMS: Final = frozenset(
    map(
        plain,
        (
            "privacy policy",
            "privacy notice",
            "privacy",
            "cookie policy",
            "cookies",
            "terms of service",
            "terms of use",
            "terms and conditions",
            "terms",
            "code of conduct",
            "contributing",
            "contributor covenant",
            "security policy",
            "license",
            "licence",
            "readme",
            "changelog",
            "imprint",
            "legal notice",
            "disclaimer",
            "contact",
            "contact us",
            "about us",
            "how to join",
            "accessibility statement",
            "sitemap",
            "impressum",
            "datenschutz",
            "datenschutzerklärung",
            "zustimmung",
            "einwilligung",
            "nutzungsbedingungen",
            "agb",
            "kontakt",
            "über uns",
            "mentions légales",
            "politique de confidentialité",
            "conditions générales",
            "consentement",
            "aviso legal",
            "política de privacidad",
            "política de cookies",
            "términos y condiciones",
            "privacybeleid",
            "algemene voorwaarden",
            "consent",
            "hello world",
            "hallo welt",
            "sample page",
            "beispielseite",
            "coming soon",
            "under construction",
            "just a moment",
            "log in",
            "sign in",
            "subscribe",
            "access denied",
            "page not found",
            "error",
        ),
    )
)
# Words that turn a title into that of another thing: an answer, a review, a second look.
_TURNING: Final = frozenset(
    """
    re response responding reply replying review reviewing rebuttal critique criticism revisited revisiting followup follow update updated
    addendum sequel continued reprise again later reaction reacting commentary comments summary recap annotated against debunked debunking
    myth contra antwort kritik rezension reponse critique respuesta resena risposta resposta resenha versus vs parody
    """.split()
)
_ANSWERING: Final = re.compile(
    r"\A\W*(?:re|aw|sv|in response to|a? ?(?:response|reply|rebuttal|reaction|answer|rejoinder) to|responding to|"
    r"replying to|review(?: of)?|book review|"
    r"my (?:take|thoughts) on|thoughts on|reflections on|comments? on|notes on|summary of|antwort auf|reponse a|respuesta a|risposta a|"
    r"resposta a)\b\s*:?"
)


class Title(NamedTuple):
    """A title taken apart for comparison."""

    # Every word, folded, in order.
    words: tuple[str, ...]
    # Those that say something, sorted, each once.
    telling: tuple[str, ...]
    # The words of each part between separators, where there are several.
    parts: tuple[tuple[str, ...], ...]
    # It begins with "Re:", "A response to" …
    answering: bool
    # It ends in "…": the rest was cut off.
    cut_off: bool
    # How much it says: a word counts one, an article or the like a half. 0 for "Introduction", "Weekly update": titles of many things.
    weight: float
    # It names a day, a week, a year: somebody who writes it once writes it again.
    recurring: bool

    @property
    def generic(self) -> bool:
        """True for a title that says nothing of one thing."""
        return self.weight == 0


def _title(words: tuple[str, ...], parts: tuple[tuple[str, ...], ...], *, answering: bool, cut_off: bool) -> Title:
    telling = telling_words(" ".join(words))
    generic = " ".join(words) in _FORMS or all(word in _GENERIC or word.isdigit() for word in telling)
    return Title(
        words=words,
        telling=telling,
        parts=parts if len(parts) > 1 else (),
        answering=answering,
        cut_off=cut_off,
        weight=0.0 if generic else (len(telling) + len(set(words))) / 2,
        recurring=not _RECURRING.isdisjoint(telling),
    )


@lru_cache(maxsize=65536)
def title_of(text: str) -> Title:
    """The parts of a cleaned title that comparing needs; marks of instalments are not among them."""
    rest = taken_apart(text).rest
    words = _words(rest)
    parts = tuple(part for part in map(_words, _SEPARATOR.split(rest)) if part)
    if len(parts) > 1 and (telling := tuple(part for part in parts if not _DECORATED.fullmatch(" ".join(part)))):
        words, parts = (words if len(telling) == len(parts) else tuple(word for part in telling for word in part)), telling
    return _title(words, parts, answering=_ANSWERING.match(rest) is not None, cut_off=rest.endswith("..."))


_CONTRACTED: Final = (
    (re.compile(r"n't\b|(?<=\bcan)not\b"), " not"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"\s&\s"), " and "),
)


def _words(text: str) -> tuple[str, ...]:
    """The words of a plain text, those that are contracted in English written out."""
    if "'" in text or "&" in text or "cannot" in text:
        for form, whole in _CONTRACTED:
            text = form.sub(whole, text)
    return tuple(_WORD.findall(text.replace("'", "")))


def telling_words(text: str) -> tuple[str, ...]:
    """The words of a plain text that are no articles and the like; all of them where nothing else is left. Sorted, each once."""
    words = _words(text)
    return tuple(sorted({word for word in words if word not in _SMALL} or set(words)))


def tidy(text: str, *, names: Collection[str] = ()) -> tuple[str, tuple[str, ...]]:
    """The title without decoration and without names at its ends, and the names that were taken away, folded.

    Args:
        names: of authors and of the site, folded and squeezed; what stands at an end and is one of them is not the title.
    """
    title = " ".join(_UNSEEN.sub(" ", _HASHTAG.sub("", clean(text))).split())
    taken: list[str] = []
    while True:
        shorter = title
        for form in (_ASIDE, _END, _TAIL, _START, _HEAD):
            shorter = form.sub(" ", shorter).strip(" -–—|·:•»")
        shorter = _without_names(shorter, names, taken)
        if shorter == title or not _WORD.search(plain(shorter)):
            return title, tuple(dict.fromkeys(taken))
        title = shorter


def _without_names(title: str, names: Collection[str], taken: list[str]) -> str:
    by = _BY.search(title)
    if by is not None and _squeezed(by[1]) in names:
        title = title[: by.start()]
    cuts = list(_SEPARATOR.finditer(title))
    ends = [(title[cut.end() :], title[: cut.start()]) for cut in cuts[-1:]]
    for part, rest in (*ends, *((title[: cut.start()], title[cut.end() :]) for cut in cuts[:1])):
        name = _squeezed(part)
        if name and _named(name, names) and _WORD.search(plain(rest)):
            taken.append(" ".join(_WORD.findall(plain(part))))
            marks = taken_apart(part).marks
            return _with_marks(rest.strip(" ()"), marks)
    return title


def _with_marks(rest: str, marks: dict[str, str]) -> str:
    """What was left of a title, with the number that stood beside the name that was taken away ("The Crew Show #12: Pods")."""
    said = " ".join(f"{unit.capitalize()} {marks[unit]}" for unit in ("season", "episode") if unit in marks)
    return f"{said}: {rest}" if said else rest


def _named(name: str, names: Collection[str]) -> bool:
    return name in names or bare(name) in map(bare, names)


def without_names(title: Title, names: Collection[str]) -> tuple[Title, bool]:
    """The title without a first or last part that is one of `names`, squeezed, and whether there was one."""
    for part, rest in ((title.parts[-1:], title.parts[:-1]), (title.parts[:1], title.parts[1:])):
        if part and rest and _named("".join(part[0]), names):
            words = tuple(word for one in rest for word in one)
            return _title(words, rest, answering=title.answering, cut_off=title.cut_off), True
    return title, False


def _squeezed(text: str) -> str:
    rest = taken_apart(text).rest
    return "".join(_WORD.findall(rest.replace("'", "")))


class Alike(IntEnum):
    """How alike two titles are."""

    NOT = 0
    # Most words are the same: enough beside a text that is the same, too.
    LOOSELY = 1
    # One is a part of the other, or a word is misspelt.
    NEARLY = 2
    SAME = 3


# Titles with fewer telling words do not become alike by what is left out.
_TELLING: Final = 4
_MOSTLY: Final = 0.6


def alike(left: Title, right: Title) -> Alike:
    """How alike two titles are, their marks left aside."""
    if not left.telling or not right.telling:
        return Alike.SAME if left.telling == right.telling else Alike.NOT
    if left.words == right.words or "".join(left.words) == "".join(right.words):
        return Alike.SAME
    if sorted(left.words) == sorted(right.words) and not left.parts and not right.parts:
        # "Money before trust" and "Trust before money": the same words say something else.
        return Alike.LOOSELY
    if left.telling == right.telling:
        return Alike.SAME if len(left.telling) > 1 or left.words[-1] == right.words[-1] else Alike.NEARLY
    if _begins(left, right) or _begins(right, left):
        return Alike.NEARLY
    mine, theirs = set(left.telling), set(right.telling)
    if (mine ^ theirs) & _TURNING or left.answering != right.answering or _figures(mine) != _figures(theirs):
        return Alike.NOT
    if _a_part(left, right) or _a_part(right, left) or _misspelt(mine, theirs):
        return Alike.NEARLY
    if min(len(mine), len(theirs)) > _TELLING and (mine < theirs or theirs < mine):
        return Alike.NEARLY
    return Alike.LOOSELY if len(mine & theirs) >= 3 and len(mine & theirs) / len(mine | theirs) >= _MOSTLY else Alike.NOT


def _begins(cut: Title, whole: Title) -> bool:
    """One title was cut off, and is the beginning of the other; its last word may be cut, too."""
    most = len(cut.words) - 1
    return cut.cut_off and most >= _TELLING and whole.words[:most] == cut.words[:most]


def _figures(words: set[str]) -> set[str]:
    return {word for word in words if word.isdigit()}


def _a_part(whole: Title, part: Title) -> bool:
    """One title is a part of the other between its separators, and says enough to be known by."""
    return not part.parts and part.words in whole.parts and part.weight >= 2


def _misspelt(mine: set[str], theirs: set[str]) -> bool:
    """One word is written otherwise, or is left out of a long title."""
    more, fewer = mine - theirs, theirs - mine
    if len(more) > 1 or len(fewer) > 1 or min(len(mine), len(theirs)) < _TELLING:
        return False
    if not more or not fewer:
        return True
    (one,), (other,) = more, fewer
    return min(len(one), len(other)) > 3 and (one.startswith(other) or other.startswith(one) or _one_letter(one, other))


def _one_letter(one: str, other: str) -> bool:
    """Whether a word is the other with one letter more, less or changed, or two neighbours in the other order."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    rest, beside = len(one) - start - end, len(other) - start - end
    return max(rest, beside) <= 1 or (rest == beside == 2 and one[start : start + 2] == other[start : start + 2][::-1])
