"""Scholarly works: arXiv, DOIs wherever they stand, PubMed, SSRN, Zenodo."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

from aggregator.text.address import Address, values

_ARXIV = re.compile(r"(?:arxiv[:.])?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\.pdf|\.html)?\Z", re.IGNORECASE)
_SUBJECT_CLASS = re.compile(r"^([a-z-]+)\.[a-z]{2}/")
_ARXIV_FORMS: Final = frozenset("abs pdf html format ps e-print src papers list".split())


def arxiv(a: Address, host: str, s: list[str]) -> str | None:
    """A paper by its number; versions and formats are one paper."""
    if s[:3] == ["ftp", "arxiv", "papers"] and len(s) == 5:
        return arxiv_id(s[4])
    if len(s) < 2 or s[0] not in _ARXIV_FORMS or s[0] == "list":
        return None
    return arxiv_id("/".join(s[1:]))


def arxiv_id(text: str) -> str | None:
    """The page of a paper named by its number."""
    match = _ARXIV.match(text)
    if match is None:
        return None
    # The subject class ("math.GT/0309136") is decoration in the old scheme of numbers.
    number = _SUBJECT_CLASS.sub(r"\1/", match[1].lower())
    return f"https://arxiv.org/abs/{number}"


_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/.+", re.DOTALL)
# Views of a work that publishers append to its DOI.
_VIEW = re.compile(
    r"(?:/(?:full|abstract|pdf|epdf|html|meta|summary|references|citations?|figures|metrics|download|epub|suppl_file|full-text|xml|"
    r"fulltext|full/html|full/pdf|pdf/download)|\.(?:full|pdf|abstract|html?|epdf|xml|full-text|supplementary-material))\Z",
    re.IGNORECASE,
)
_PREPRINT_VERSION = re.compile(
    r"v\d+(?:\.(?:full|abstract|full-text|supplementary-material|article-info|article-metrics))*(?:\+html)?(?:\.pdf)?\Z"
)
_DOI_FRONT: Final = frozenset(
    """
    doi abs full pdf epdf pdfplus epub reader article articles chapter book books content stable referenceworkentry protocol early figure
    ref citedby doifinder preprint works record records science work lookup journal bookseries document viewer
    """.split()
)
_DOI_QUERY: Final = {"id": re.compile(r"10\.1371/"), "doi": _DOI, "DOI": _DOI}


def doi(text: str) -> str | None:
    """The page of a work named by its DOI, which has no case (ISO 26324); an arXiv paper by its number."""
    match = _DOI.match(text)
    if match is None:
        return None
    name = match[0].strip("/").lower().rstrip(".,;")
    if name.startswith("10.48550/arxiv."):
        return arxiv_id(name.removeprefix("10.48550/arxiv."))
    if name.startswith("10.1101/"):
        name = _PREPRINT_VERSION.sub("", name)
    return f"https://doi.org/{quote(name, safe='/:;()._-~!*,@$+=' + chr(39))}"


def doi_in(a: Address, s: list[str]) -> str | None:
    """The DOI that stands in the path of a publisher's page, or in the parameter where one is known to stand."""
    for index, segment in enumerate(s):
        if segment.startswith("10.") and (index == 0 or s[index - 1].lower() in _DOI_FRONT or index == len(s) - 2):
            name = unquote("/".join(s[index:]))
            named = _VIEW.sub("", _VIEW.sub("", _VIEW.sub("", name)))
            return doi(named) if _DOI.match(named) and (index == 0 or _is_front(s[:index])) else None
    for name, pattern in _DOI_QUERY.items():
        value = values(a.query).get(name, "") if a.query else ""
        if value and pattern.match(value):
            return doi(value)
    return None


def _is_front(front: list[str]) -> bool:
    return any(segment.lower() in _DOI_FRONT for segment in front)


def doi_org(a: Address, host: str, s: list[str]) -> str | None:
    """The resolver's own address, and that of readers that take a DOI as their path."""
    return doi(re.sub(r"\Adoi:\s*", "", unquote("/".join(s)), flags=re.IGNORECASE))


_NATURE = re.compile(r"(?:[sd]\d{5}-\d{3}-\d{4,5}-[\dwxyz]|nature\d{5}|ncomms\d+|srep\d+)(?=\.pdf\Z|_reference\.pdf\Z|\Z)")


def nature(a: Address, host: str, s: list[str]) -> str | None:
    """Nature's articles carry the second half of their DOI (10.1038)."""
    if len(s) > 1 and s[0] == "articles":
        name = _NATURE.match(s[1])
        return doi(f"10.1038/{name[0]}") if name is not None else None
    return None


def pubmed(a: Address, host: str, s: list[str]) -> str | None:
    """A record of PubMed by number, a text of PubMed Central by its own."""
    joined = "/".join(s)
    record = re.match(r"(?:(?:m/)?pubmed/|entrez/|article/med/)?(\d+)\Z", joined, re.IGNORECASE)
    if record is not None and (host.startswith("pubmed.") or "/" in joined):
        return f"https://pubmed.ncbi.nlm.nih.gov/{record[1]}"
    text = re.match(r"(?:pmc/)?articles?/(?:pmc/)?(PMC\d+)(?:/.*)?\Z", joined, re.IGNORECASE)
    return f"https://pmc.ncbi.nlm.nih.gov/articles/{text[1].upper()}" if text is not None else None


def ssrn(a: Address, host: str, s: list[str]) -> str | None:
    """A paper by its number, which is also its DOI (10.2139)."""
    number = values(a.query).get("abstract_id", "") or values(a.query).get("abstractid", "")
    match = re.match(r"abstract=(\d+)\Z", s[0]) if s else None
    number = match[1] if match is not None else number
    return doi(f"10.2139/ssrn.{number}") if number.isdigit() else None


def zenodo(a: Address, host: str, s: list[str]) -> str | None:
    """A record by its number, which is also its DOI (10.5281)."""
    return doi(f"10.5281/zenodo.{s[1]}") if len(s) > 1 and s[0] in ("record", "records") and s[1].isdigit() and len(s) == 2 else None
