"""The language of a text by its most common words, said only when it is sure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

_COMMON: Final = {
    "en": "the and of to is that it for was with you this are not have from they we be at but what all were when your can there which",
    "de": "der die das und ist nicht ein eine mit für auf den dem sich auch wir sie ich es von zu wie als aber werden wird sind oder nach",
    "fr": "le la les des et est une pour que dans qui sur pas avec nous vous ce au du par plus sont ne mais ou cette aux être leur il elle",
    "es": "el la los las de y que en un una es por con para no se lo como más pero sus este esta son del al nos hay está también",
    "it": "il la di che è e un una per non con del della si sono gli le da come più anche nel alla questo ma dei delle al ci",
    "pt": "o a os as de que e do da em um uma é para com não por mais dos das no na se como mas ao pelo você nós são também",
    "nl": "de het een en van is dat in te op niet zijn met voor die aan er maar om wij ook als bij naar uit dit hebben worden deze",
    "sv": "och att det som en är på för av med den inte till har de om ett vi men så kan var från eller jag du när hur",
    "pl": "i w nie na się z do to jest że o jak co po ale od za dla przez są tak tym może jego które oraz być",
    "fi": "ja on ei että se hän oli joka ovat kun mutta myös niin kuin tai mitä voi sen olla ole mukaan jos vain",
}
_LANGUAGES_OF: Final[dict[str, tuple[str, ...]]] = {}
for _language, _words in _COMMON.items():
    for _word in _words.split():
        _LANGUAGES_OF[_word] = (*_LANGUAGES_OF.get(_word, ()), _language)
_SCRIPTS: Final = (
    (re.compile("[\u3040-\u30ff]"), "ja"),
    (re.compile("[\uac00-\ud7af]"), "ko"),
    (re.compile("[\u4e00-\u9fff]"), "zh"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0370-\u03ff]"), "el"),
    (re.compile("[\u0600-\u06ff]"), "ar"),
    (re.compile("[\u0900-\u097f]"), "hi"),
    (re.compile("[іїєґ]"), "uk"),
    (re.compile("[\u0400-\u04ff]"), "ru"),
)
# Fewer words can be a title that stands in another language's text.
_FEWEST: Final = 12
_MOST: Final = 150
_SHARE: Final = 0.15

_NAMES = dict(
    pair.split("=")
    for pair in (
        "en=English de=German fr=French es=Spanish it=Italian pt=Portuguese nl=Dutch sv=Swedish pl=Polish fi=Finnish ja=Japanese ko=Korean "
        "zh=Chinese th=Thai he=Hebrew el=Greek ar=Arabic hi=Hindi uk=Ukrainian ru=Russian da=Danish no=Norwegian nb=Norwegian cs=Czech "
        "tr=Turkish hu=Hungarian id=Indonesian vi=Vietnamese fa=Persian ro=Romanian"
    ).split()
)


def language_named(tag: str) -> str:
    """The English name of a language by its primary subtag; the subtag where none is known."""
    return _NAMES.get(tag, tag)


def language_of(words: Sequence[str]) -> str | None:
    """The primary subtag (BCP 47) of the language that folded words are in; None when it is not sure.

    Persian is taken for Arabic, and Bulgarian for Russian: what is asked is whether two texts can be in one language.
    """
    words = words[:_MOST]
    if not "".join(words).isascii():
        scripts = Counter(filter(None, map(_script, words)))
        written, count = scripts.most_common(1)[0] if scripts else ("", 0)
        if count * 2 > len(words) and count > 3:
            return "ja" if written == "zh" and scripts["ja"] else written
    if len(words) < _FEWEST:
        return None
    found = Counter([language for word in words if word in _LANGUAGES_OF for language in _LANGUAGES_OF[word]])
    (first, most), (_, second) = [*found.most_common(2), ("", 0), ("", 0)][:2]
    return first if most >= _SHARE * len(words) and most >= second * 1.6 and most > 3 else None


def _script(word: str) -> str | None:
    if word.isascii():
        return None
    return next((language for form, language in _SCRIPTS if form.search(word)), None)


def primary(tag: str | None) -> str | None:
    """The primary subtag of a declared language; None for none and for "und", "mul" and "zxx", which say nothing."""
    if not tag:
        return None
    subtag = re.split(r"[-_]", tag.strip().casefold(), maxsplit=1)[0]
    return subtag if 2 <= len(subtag) <= 3 and subtag.isalpha() and subtag not in ("und", "mul", "zxx", "mis") else None
