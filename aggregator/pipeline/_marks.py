"""What sets an instalment apart from the others of its series: numbers, parts, seasons and dates in a title, in many spellings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from aggregator.text.months import MONTHS
from aggregator.text.words import fold


class Marked(NamedTuple):
    """A title taken apart."""

    # The plain title (`plain`) without what was read as a mark.
    rest: str
    # One value for each unit: "episode" → "12", "season" → "2", "part" → "2", "year" → "2024", "cut" → "trailer" …
    marks: dict[str, str]


def plain(text: str) -> str:
    """Folded, and without accents: the form in which titles are read here. Punctuation stays."""
    folded = fold(text)
    if folded.isascii():
        return folded
    apart = unicodedata.normalize("NFKD", folded)
    return unicodedata.normalize("NFC", "".join(letter for letter in apart if unicodedata.category(letter) != "Mn"))


_SMALL: Final = {
    word: number
    for number, words in enumerate(
        (
            "one first eins erste erster ersten erstes un une premier premiere uno una primera primero primo prima um uma "
            "primeira een eerste",
            "two second zwei zweite zweiter zweiten zweites deux deuxieme dos segunda segundo due seconda secondo dois duas twee tweede",
            "three third drei dritte dritter dritten drittes trois troisieme tres tercera tercero terzo terza terceira drie derde",
            "four fourth vier vierte vierter vierten viertes quatre quatrieme cuatro cuarta cuarto quattro quarto quarta quatro vierde",
            "five fifth funf funfte funfter funften cinq cinquieme cinco quinta quinto cinque vijf vijfde",
            "six sixth sechs sechste sechster sechsten sixieme seis sexta sexto sei sesta sesto zes zesde",
            "seven seventh sieben siebte siebter siebten sept septieme siete septima septimo sette settima sete zeven zevende",
            "eight eighth acht achte achter achten huit huitieme ocho octava octavo otto ottava oito achtste",
            "nine ninth neun neunte neunter neunten neuf neuvieme nueve novena noveno nove nona negen negende",
            "ten tenth zehn zehnte zehnter zehnten dix dixieme diez decima decimo dieci dez tien tiende",
            "eleven eleventh elf elfte onze onzieme once undici elfde",
            "twelve twelfth zwolf zwolfte douze douzieme doce dodici doze twaalf",
            "thirteen thirteenth dreizehn treize trece tredici treze dertien",
            "fourteen fourteenth vierzehn quatorze catorce quattordici catorze veertien",
            "fifteen fifteenth funfzehn quinze quince quindici vijftien",
            "sixteen sixteenth sechzehn seize dieciseis sedici dezesseis zestien",
            "seventeen seventeenth siebzehn diecisiete diciassette dezessete zeventien",
            "eighteen eighteenth achtzehn dieciocho diciotto dezoito achttien",
            "nineteen nineteenth neunzehn diecinueve diciannove dezenove negentien",
            "twenty twentieth zwanzig vingt veinte venti vinte twintig",
        ),
        start=1,
    )
    for word in words.split()
}
_ROMAN: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
# Words that a number follows, by the unit they count. Issues, numbers and episodes are one unit: platforms call one thing by all of them.
_UNITS: Final = {
    "episode": "episode episodes episodio episodios eps ep folge folgen aflevering avsnitt afsnit odcinek epizoda issue ausgabe edition"
    " edicion edicao edizione uitgave numero nummer no nr num newsletter серия выпуск эпизод номер",
    "part": "part parts pt teil partie parte parti deel del czesc cast часть",
    "season": "season series staffel saison temporada stagione seizoen sasong sezon сезон",
    "volume": "volume volumen vol band tome tomo том",
    "chapter": "chapter kapitel chapitre capitulo capitolo hoofdstuk rozdzial глава",
    "week": "week kw woche semaine semana settimana uke vecka неделя",
    "day": "day tag jour dia giorno dag день",
    "session": "session lesson module unit class lecture lektion lecon leccion lezione les sitzung workshop webinar call meetup meeting"
    " round sprint quarter runde",
}
_UNIT_OF: Final = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_COUNTED = "|".join(sorted(map(re.escape, _UNIT_OF), key=len, reverse=True))
# Behind these a number can be a word or Roman; behind "no" and "del" it would be a phrase ("no one way").
_CERTAIN = (
    "episode|episodio|episodios|ep|folge|aflevering|issue|ausgabe|edition|part|pt|teil|partie|parte|deel|часть|"
    "season|staffel|saison|temporada|"
    "volume|vol|chapter|kapitel|chapitre|capitulo|capitolo|hoofdstuk|week|woche|day|session|lesson|module|unit|lecture"
)
_SPELLED = "|".join(sorted(_SMALL, key=len, reverse=True))

_SEASON_EPISODE = re.compile(
    r"(?<![a-z0-9])(?:s(?:eason)?[\s.]?(\d{1,2})[\s.,:-]{0,3}(?:e|ep|episode)[\s.]?(\d{1,4})|(\d{1,2})x(\d{2,3}))(?![a-z0-9])"
)
_COUNT = re.compile(rf"(?<![a-z0-9])({_COUNTED})[\s.:#№°-]{{0,3}}(?:no|nr)?[\s.:#№°-]{{0,2}}(\d{{1,4}})(?![a-z0-9]|[.,]\d)")
_SPELT_COUNT = re.compile(rf"(?<![a-z0-9])({_CERTAIN})[\s.:-]{{1,3}}([ivxlc]{{1,6}}|{_SPELLED})(?![\w'])")
_ORDINAL = re.compile(
    rf"(?<![a-z0-9])(?:(\d{{1,3}})(?:st|nd|rd|th|e|er|eme|te|ter|\.|ª|º)|({_SPELLED}))[\s-](part|episode|issue|"
    rf"edition|season|week|day|chapter|lesson|session|teil|folge|ausgabe|woche|tag|staffel|kapitel|partie|parte|"
    rf"semana|semaine|annual)(?![a-z0-9])"
)
_HASH = re.compile(r"(?<![\w&])(?:#|№|n[°º]\s?)\s?(\d{1,4})(?![\w.]\d|\w)")
_SHORT_EPISODE = re.compile(r"(?<![a-z0-9])e(\d{1,4})(?![a-z0-9])")
_OF = re.compile(r"(?<![\d/.])(\d{1,2})\s?(?:/|of|von|sur|de|di|van|из)\s?(\d{1,2})(?![\d/]|\.\d)")
_LEADING = re.compile(r"\A\W*(\d{1,4})(?:\s?[.:)|]|\s[-/])\s*(?=[^\W\d])")
_TRAILING = re.compile(r"(?<=[a-z\u0400-\uffff])[\s:|/-]{1,4}(\d{1,4})\W*\Z")
_EASTERN = re.compile(r"第\s?(\d{1,4}|[一二三四五六七八九十]{1,3})\s?(回|話|话|期|集|章|部|巻|卷|弾|季)")
_EASTERN_UNITS: Final = {"章": "chapter", "部": "part", "季": "season", "巻": "volume", "卷": "volume"}

_MONTH = "|".join(sorted(map(re.escape, {plain(name) for name in MONTHS if len(name) > 2}), key=len, reverse=True))
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)[-./](\d{1,2})[-./](\d{1,2})(?!\d)")
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2((?:19|20)?\d\d)(?!\d)")
_DAY_MONTH = re.compile(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|\.)?\s(?:of\s|de\s)?({_MONTH})\.?(?:,?\s(?:de\s)?((?:19|20)\d\d))?(?!\w)")
_MONTH_DAY = re.compile(rf"(?<!\w)({_MONTH})\.?\s(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s((?:19|20)\d\d))?(?![\w:])")
_MONTH_YEAR = re.compile(rf"(?<!\w)({_MONTH})\.?,?\s(?:de\s)?((?:19|20)\d\d)(?!\d)")
_QUARTER = re.compile(r"(?<!\w)q([1-4])(?!\w)")
_YEAR = re.compile(r"(?<![\d#])((?:19|20)\d\d)(?!\d)(?:[/-](\d{2})(?!\d))?")

# What is cut from a whole, or goes around it, and is not the whole.
_CUT = re.compile(
    r"(?<!\w)(?:official\s)?(trailer|teaser|sneak peek|bonus(?: episode)?|outtakes?|blooper reel|bloopers|highlights?|recap|clip|excerpt|"
    r"behind the scenes|making[ -]of|promo|coming soon)(?!\w)"
)
_ALONE_OR_ASIDE = re.compile(r"[\[(|:–—]|\A\W*(?:trailer|teaser)|\s-\s")


@lru_cache(maxsize=65536)
def taken_apart(title: str) -> Marked:
    """The marks of a title and what is left of it."""
    marks: dict[str, str] = {}
    rest = plain(title)
    for form, read in _FORMS:
        rest = form.sub(lambda found, read=read: _noted(marks, read(found), found[0]), rest)  # type: ignore[misc]  # mypy takes no default in a lambda's type
    for form in (_LEADING, _TRAILING):
        if "episode" not in marks:
            rest = form.sub(lambda found: _noted(marks, {"episode": str(int(found[1]))}, found[0]), rest, count=1)
    cut = _CUT.search(rest)
    if cut is not None and (_ALONE_OR_ASIDE.search(rest) or len(rest.split()) < 3 or cut[1] in ("trailer", "teaser")):
        marks["cut"] = cut[1].split()[0].rstrip("s")
    return Marked(" ".join(rest.split()), marks)


_ON: Final = " on "


def once_on(name: str, place: str, value: str) -> str:
    """The mark of a thing that somebody publishes once on a place."""
    return f"{name.replace(':', ' ')}{_ON}{place.replace(':', ' ')}:{value}"


def numbering(marks: Iterable[str]) -> tuple[str, ...]:
    """The marks that were read from a title."""
    return tuple(mark for mark in marks if _ON not in mark.partition(":")[0])


def of_person(marks: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The marks that say who published a work on which place, each with which of their works it is."""
    parts = (mark.partition(":") for mark in marks)
    return tuple((unit, value) for unit, _, value in parts if _ON in unit)


def _noted(marks: dict[str, str], found: dict[str, str] | None, text: str) -> str:
    if found is None:
        return text
    for unit, value in found.items():
        if unit in marks and value not in marks[unit].split("+"):
            marks[unit] = "+".join(sorted((*marks[unit].split("+"), value)))
        else:
            marks[unit] = value
    return " "


def _counted(word: str, number: str) -> dict[str, str] | None:
    value = _number(number)
    return {_UNIT_OF[word]: str(value)} if value is not None and not 1900 <= value <= 2099 else None


def _number(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    if text in _SMALL:
        return _SMALL[text]
    if not set(text) <= _ROMAN.keys():
        return "一二三四五六七八九十".find(text) + 1 or None if len(text) == 1 else None
    values = [_ROMAN[letter] for letter in text]
    return sum(-value if after > value else value for value, after in zip(values, [*values[1:], 0], strict=True))


def _season_episode(found: re.Match[str]) -> dict[str, str]:
    season, episode = (found[1], found[2]) if found[1] else (found[3], found[4])
    return {"season": str(int(season)), "episode": str(int(episode))}


def _ordinal(found: re.Match[str]) -> dict[str, str] | None:
    return _counted(found[3] if found[3] != "annual" else "edition", found[1] or found[2])


def _of(found: re.Match[str]) -> dict[str, str] | None:
    return {"part": str(int(found[1]))} if 0 < int(found[1]) <= int(found[2]) and int(found[2]) > 1 else None


def _eastern(found: re.Match[str]) -> dict[str, str] | None:
    value = _number(found[1])
    return {_EASTERN_UNITS.get(found[2], "episode"): str(value)} if value else None


def _dated(year: str | None, month: int, day: int | None = None) -> dict[str, str] | None:
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= 31):
        return None
    marks = {"month": str(month)}
    if day is not None:
        marks["date"] = f"{month}-{day}"
    if year:
        marks["year"] = year if len(year) == 4 else f"20{year}"
    return marks


def _month(name: str) -> int:
    return _MONTH_NUMBER[name]


_MONTH_NUMBER: Final = {plain(name): number for name, number in MONTHS.items()}


def _numeric(found: re.Match[str]) -> dict[str, str] | None:
    first, second = int(found[1]), int(found[3])
    # The first number of a date with dots is the day; with strokes it can be either, and the larger one decides.
    day, month = (first, second) if found[2] == "." or first > 12 else (second, first)
    return _dated(found[4], month, day)


_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], dict[str, str] | None]], ...]] = (
    (_ISO, lambda found: _dated(found[1], int(found[2]), int(found[3]))),
    (_NUMERIC, _numeric),
    (_DAY_MONTH, lambda found: _dated(found[3], _month(found[2]), int(found[1]))),
    (_MONTH_DAY, lambda found: _dated(found[3], _month(found[1]), int(found[2]))),
    (_MONTH_YEAR, lambda found: _dated(found[2], _month(found[1]))),
    (_SEASON_EPISODE, _season_episode),
    (_ORDINAL, _ordinal),
    (_COUNT, lambda found: _counted(found[1], found[2])),
    (_SPELT_COUNT, lambda found: _counted(found[1], found[2])),
    (_HASH, lambda found: {"episode": str(int(found[1]))}),
    (_SHORT_EPISODE, lambda found: {"episode": str(int(found[1]))}),
    (_OF, _of),
    (_EASTERN, _eastern),
    (_QUARTER, lambda found: {"quarter": found[1]}),
    (_YEAR, lambda found: {"year": found[1]}),
)
