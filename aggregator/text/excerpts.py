"""The sentence that a story is shown with: the first that says something, cut where a reader would cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from aggregator.text.boilerplate import is_boilerplate, without_frame
from aggregator.text.months import MONTHS
from aggregator.text.words import script

_END = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？｡])[」』）]*")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_LAST_ADDRESSES = re.compile(r"(?:\s*(?:https?://|www\.)\S+)+\Z")
_HASHTAGS = re.compile(r"(?:[#＃@]\S+[\s,·|]*)+")
_TAIL_TAGS = re.compile(r"(?P<before>\A|\s|[^\s#])(?P<tags>(?:[\s,·|]*[#＃][^\s#＃,.;:!?]+)+)[\s,·|]*\Z")
# A dot behind one of these ends no sentence; nor behind a lone letter ("J. Doe", "z. B."), nor behind a day before its month ("3. Mai").
_SHORTENED = frozenset(
    """
    dr prof mr mrs ms st sr jr vs etc e.g i.e eg ie cf no nos vol fig ed eds al approx dept est inc ltd co corp ca ph.d m.d u.s u.k
    hr fr bzw z.b d.h u.a usw ggf evtl ca nr str abs art bspw inkl exkl vgl sog geb dipl ing mag
    mme mlle m env p.ex c.-à-d éd
    sra srta dra ud uds ej p.ej pág núm
    """.split()
)
# Words that nothing is complete with: a hashtag behind one of them is part of what is said.
_OPEN_WORDS = frozenset(
    """
    a an the of in on at to for with about by from and or as is are was were be this that our my your their its into like than via per
    der die das den dem des ein eine einen einem und oder mit von zu zum zur im in am auf für über bei nach aus als ist sind
    le la les un une des du de et ou en sur pour avec dans par au aux est sont
    el los las una unos y o con en por para sobre del al es son como
    """.split()
)
# A beginning as short as this takes the next sentence with it: "What is care?" says little alone.
_TOO_SHORT = 40
# A line of fewer words before an address is a label.
_FEW = 8
# As many words more than the title, and a sentence is only the title again.
_MORE_THAN_TITLE = 3
# Letters that so few words have at most.
_MOST_BESIDE = 60
_LETTERS = re.compile(r"[^\W_]+")
_LETTER = re.compile(r"[^\W\d_]")

# Markdown as people write it into plain texts (CommonMark 0.31.2, §4.2, §5, §6). A link's target is an address, or it is no link.
_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,300})\]\(<?(?:https?:|mailto:|/)[^()\s]{0,2000}(?:\([^()\s]{0,300}\)[^()\s]{0,300})?(?:\s+\"[^\"\n]*\")?\)"
)
_STRESS = re.compile(
    r"(?<![^\s(\[\"'“‘«—–])(\*{1,3})(?=[^\s*])([^*\n]{1,300}?)(?<=[^\s*\\])\1(?![\w*])|(?<![^\s(\[\"'“‘«—–*])(_{1,2})(?=[^\s_])([^_\n]{1,300}?)(?<=[^\s_])\3(?!\w)"
)
_CODE = re.compile(r"(`{1,3})([^`\n]{1,300})\1(?!`)")
_LINE = re.compile(r"^[ \t]*(?:(?:#{1,6}|>|[-*+])[ \t]+)+", re.MULTILINE)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!>-])")


def unmarked(text: str) -> str:
    """Plain text without the marks of Markdown: words of links and stress stay, targets go. A text without such marks is not changed."""
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "`" in text:
        text = _CODE.sub(r"\2", text)
    if "*" in text or "_" in text:
        text = _STRESS.sub(lambda found: found[2] or found[4], text)
    text = _LINE.sub("", text)
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def sentence(text: str, limit: int = 200, *, title: str = "") -> str:
    """The first sentence of plain text that says something, up to `limit` characters; a very short one takes the next one with it.

    Left out: what stands around a text (`boilerplate`), the title again, lone addresses, lines of nothing but hashtags. What is too long is
    cut after a word, never inside a letter with its marks, and ends in "…". "" when nothing is left.

    Args:
        title: what the text is called already.
    """
    chosen = ""
    for one in _sentences(_after(title, without_frame(text[:20_000]))):
        if title and _repeats(one, title):
            continue
        if not chosen:
            chosen = one
        elif len(chosen) + 1 + len(one) <= limit:
            chosen = f"{chosen} {one}"
        if len(chosen) >= _TOO_SHORT:
            break
    return cut(chosen, limit)


def mended(summary: str, text: str) -> str:
    """A summary that a machine has cut off: as far as the text itself goes on where it is the same, else up to its last whole word.

    Nobody can see whether "a practice of sma…" was cut inside a word, so that the last one goes.
    """
    stem = summary.rstrip().removesuffix("…").removesuffix("...").removesuffix("[…]").rstrip()
    if len(stem) < 80 or (stem == summary.rstrip() and (stem[-1] in ".!?。！？\"'”’»)" or len(stem) < 120)):
        return summary
    start = " ".join(stem.split())
    if " ".join(text[: len(text)].split()).startswith(start):
        return text
    whole = stem if summary.rstrip()[len(stem) :].startswith(" ") else stem.rpartition(" ")[0]
    return f"{whole.rstrip(' ,;:–—-')}…" if whole else summary


def without_tail_tags(text: str) -> str:
    """A text without the hashtags that it only ends in; those that are part of its last sentence stay ("we love #crews")."""
    found = _TAIL_TAGS.search(text) if "#" in text or "＃" in text else None
    if found is None:
        return text
    rest = text[: found.start("tags")].rstrip(" ,·|")
    tags = found["tags"].count("#") + found["tags"].count("＃")
    said = rest.rpartition("\n")[2].split()
    if not said or said[-1].casefold() in _OPEN_WORDS:
        return text
    ended = rest[-1] in '.!?…)"”:' or text[len(rest) : found.end()].lstrip(" ").startswith("\n") or _ADDRESS.fullmatch(said[-1])
    if not ended and tags < 3 and (tags < 2 or len(said) < 4):
        return text
    return rest


def cut(text: str, limit: int) -> str:
    """The text, or as many of its words as fit into `limit` characters together with the "…" that says so."""
    if len(text) <= limit:
        return text
    if limit < 2:
        return "…"[:limit]
    end = limit - 1
    border = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    # Scripts without spaces are cut between letters, and so is a word that is longer than the limit.
    apart = border > limit // 2 or (border > 0 and script(text[end]) != "unspaced")
    end = border if apart else _between_letters(text, end)
    return text[:end].rstrip(" \n,;:-–—") + "…"


def _sentences(text: str) -> Iterator[str]:
    """Those that say something, one by one: most of a text is never looked at."""
    for paragraph in re.split(r"\n[^\S\n]*\n\s*", text):
        # A paragraph of one line is the rule.
        for one in _split(" ".join(_own_lines(paragraph) if "\n" in paragraph else paragraph.split())):
            shown = without_tail_tags(one)
            if "http" in shown or "www." in shown:
                shown = without_tail_tags(_LAST_ADDRESSES.sub("", shown))
            if _says_something(shown):
                yield shown


def _own_lines(paragraph: str) -> Sequence[str]:
    """The lines of a paragraph, without those that begin a sentence and are boilerplate as a whole (a date above a text, a credit), and
    without those that only lead elsewhere, where there are others."""
    kept: list[str] = []
    begins = True
    for line in paragraph.split("\n"):
        words = " ".join(line.split())
        if words and not (begins and len(words) < 200 and is_boilerplate(words) and len(list(_split(words))) == 1):
            kept.append(words)
            begins = words[-1] in ".!?…:" or _leads_elsewhere(words)
    told = [line for line in kept if not _leads_elsewhere(line)]
    return told if any(_HASHTAGS.fullmatch(line) is None for line in told) else kept


def _leads_elsewhere(line: str) -> bool:
    """True for a few words before an address ("Patreon: https://…")."""
    return "http" in line and _LAST_ADDRESSES.search(line) is not None and len(_ADDRESS.sub("", line).split()) < _FEW


def _split(text: str) -> Iterator[str]:
    """Sentences, one by one; a dot that only shortens a word ends none."""
    begun = 0
    for end in _END.finditer(text):
        if not _only_shortens(text, begun, end):
            yield text[begun : end.end()].strip()
            begun = end.end()
    if rest := text[begun:].strip():
        yield rest


def _only_shortens(text: str, begun: int, end: re.Match[str]) -> bool:
    if text[end.start() - 1] not in ".…":
        return False
    following = text[end.end() : end.end() + 20]
    if following[:1].islower():
        return True
    if text[end.start() - 1] == "…":
        return False
    word = text[begun : end.start() - 1].rpartition(" ")[2].lstrip("([\"'“„«").casefold()
    if word.isdigit():
        return len(word) < 3 and (_LETTERS.match(following) or [""])[0].casefold() in MONTHS
    return word in _SHORTENED or (len(word) == 1 and word.isalpha()) or re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", word) is not None


def _says_something(one: str) -> bool:
    if is_boilerplate(one) or _HASHTAGS.fullmatch(one):
        return False
    return _LETTER.search(_ADDRESS.sub("", one) if "http" in one or "www." in one else one) is not None


def _after(title: str, text: str) -> str:
    """The text behind its own title, where it begins with that."""
    if len(title) < 8 or not text[: len(title) + 4].casefold().startswith(title.casefold()):
        return text
    rest = text[len(title) :]
    told = rest.lstrip(" \n\t|–—:·-")
    # A sentence that only begins with the words of the title goes on in lower case.
    return told if told != rest and not told[:1].islower() and (rest[:1] != " " or rest[:2].strip() == "" or told[:1].isupper()) else text


def _repeats(one: str, title: str) -> bool:
    """True when a sentence has nothing that the title has not."""
    if len(one) > len(title) + _MOST_BESIDE:
        return False
    said, named = _LETTERS.findall(one.casefold()), _LETTERS.findall(title.casefold())
    if not said:
        return False
    shorter, longer = f" {' '.join(said)} ", f" {' '.join(named)} "
    return shorter in longer or (len(named) > 2 and longer in shorter and len(said) - len(named) <= _MORE_THAN_TITLE)


def _between_letters(text: str, end: int) -> int:
    """The nearest place before `end` that does not part a letter from its marks or an emoji from its joiners."""
    at = end
    while at > 1 and (_continues(text[at]) or text[at - 1] == "\u200d" or _half_a_flag(text, at)):
        at -= 1
    return at if at > 1 else end


def _continues(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character in "\u200d\ufe0f" or "\U0001f3fb" <= character <= "\U0001f3ff"


def _half_a_flag(text: str, at: int) -> bool:
    """True between the two letters of a flag."""
    flags = 0
    while at - 1 - flags >= 0 and "\U0001f1e6" <= text[at - 1 - flags] <= "\U0001f1ff":
        flags += 1
    return flags % 2 == 1 and "\U0001f1e6" <= text[at] <= "\U0001f1ff"
