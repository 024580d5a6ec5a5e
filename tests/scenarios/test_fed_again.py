"""The community's page is imported, and every link on it comes in again in every other form: the page keeps its number of entries."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from aggregator.model import Field, Match, Mention, Source
from aggregator.pipeline.cluster import settle
from aggregator.pipeline.mention_lines import mention_of
from aggregator.store import Landing
from aggregator.store.engine import open_store
from aggregator.text.urls import canonical, is_web
from tests.support.steward import ROOT, Steward

SEED = ROOT.parent / "shared" / "seeds" / "discussing.md"
CORPUS = ROOT / "tests" / "corpus"
CONFIGURATION = "site: {title: Discussing}\ntopics: {microsolidarity: {any_of: [microsolidarity]}}\nsources: []\n"
TOPIC = "microsolidarity"
THEN = datetime(2026, 3, 1, tzinfo=UTC)
# The address that the corpora wrap, mark and break.
SAMPLE = "https://example.org/a"


# -- other forms


def _rows(name: str) -> Iterator[list[str]]:
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return (line.split("\t") for line in lines if line and not line.startswith("# "))


def _visible(text: str) -> str:
    codes = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
    return re.sub(r"\\(u[0-9a-fA-F]{4}|[nrt\\])", lambda found: codes.get(found[1]) or chr(int(found[1][1:], 16)), text)


def _templates() -> tuple[str, ...]:
    """Every form of the one address in the corpora: wrapped, marked, captured, broken."""
    wrapped = [left for verdict, left, right, _why in _rows("urls.tsv") if (verdict, right) == ("same", SAMPLE)]
    broken = [_visible(form) for form, whole, _why in _rows("urls_broken.tsv") if whole == SAMPLE]
    return tuple(wrapped + broken)


def _filled(template: str, url: str) -> str | None:
    """The form that `template` has for another address; None: it takes the sample apart, or leaves no room for a query."""
    twice = quote(quote(url, safe=""), safe="")
    made = template.replace(quote(quote(SAMPLE, safe=""), safe=""), twice).replace(quote(SAMPLE, safe=""), quote(url, safe=""))
    if made == template:
        if "?" in url or "#" in url:
            return None
        made = template.replace(SAMPLE, url).replace(SAMPLE.partition("://")[2], url.partition("://")[2])
    return None if made == template or "example.org" in made else made


def _own_forms(url: str) -> tuple[str, ...]:
    """The forms that the link's own platform has for it."""
    parts = urlsplit(url)
    host, path, last = parts.hostname or "", parts.path, parts.path.rstrip("/").rpartition("/")[2]
    if host.endswith(("youtube.com", "youtu.be")):
        return tuple(form.format(id=last if host.endswith("youtu.be") else parts.query.partition("v=")[2][:11]) for form in _VIDEO)
    if host == "anchor.fm":
        show, code = path.split("/")[1], last.rpartition("-")[2]
        return tuple(form.format(show=show, path=path, code=code) for form in _EPISODE)
    if host == "medium.com":
        return tuple(form.format(id=last.rpartition("-")[2], last=last) for form in _ARTICLE)
    if host == "docs.google.com":
        return tuple(form.format(id=path.split("/")[3]) for form in _DOCUMENT)
    if re.search(r"/t/[^/]+/\d+", path):
        return tuple(form.format(host=host, id=last) for form in _THREAD)
    if host.endswith(".loomio.org"):
        return (f"https://www.loomio.com/{host.split('.')[0]}", f"http://www.loomio.org/{host.split('.')[0]}/")
    ends = _ENDS if "." in last else (*_ENDS, f"{'' if path.endswith('/') else '/'}index.html")
    return tuple(
        f"{scheme}://{name}{path}{end}"
        for scheme in ("http", "https")
        for name in (host.removeprefix("www."), host.upper())
        for end in ends
    )


_VIDEO = tuple("""
https://youtu.be/{id}?si=abc http://www.youtube.com/watch?v={id}&t=7s https://m.youtube.com/watch?app=desktop&v={id}
https://www.youtube.com/shorts/{id} https://www.youtube.com/live/{id}?feature=share https://www.youtube-nocookie.com/embed/{id}
https://music.youtube.com/watch?v={id}&list=RDAMVM https://www.youtube.com/attribution_link?u=%2Fwatch%3Fv%3D{id}
https://www.youtube.com/watch?v={id}?t=753 https://www.youtube.com/watch?v={id}&list=PLhAtJq9uAnRHYyUKI4sX03FHLpCkclFDA
https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{id} youtube.com/watch?v={id}).
""".split())  # fmt: skip
_EPISODE = tuple("""
http://anchor.fm{path}/ https://anchor.fm/{show}/episodes/Any-new-title-{code} https://anchor.fm{path}/a-a951ejl
https://podcasters.spotify.com/pod/show/{show}/episodes/x-{code} https://creators.spotify.com/pod/show/{show}/episodes/x-{code}
https://anchor.fm{path}?utm_source=x
""".split())  # fmt: skip
_ARTICLE = tuple("""
https://medium.com/p/{id} https://medium.com/@somebody/another-title-{id}?source=rss-0a1b2c3d4e5f------2 https://medium.com/p/{id}#ca28
https://somebody.medium.com/{last}?sk=abc https://medium.com/m/global-identity?redirectUrl=https%3A%2F%2Fblog.example.org%2Fx-{id}
http://medium.com/another-publication/{last}/ https://medium.com/r/?url=https%3A%2F%2Fmedium.com%2Fp%2F{id}
""".split())  # fmt: skip
_DOCUMENT = tuple("""
https://docs.google.com/document/d/{id}/edit?usp=sharing https://docs.google.com/document/u/0/d/{id}/preview#heading=h.1
https://docs.google.com/document/d/{id}/mobilebasic
""".split())  # fmt: skip
_THREAD = tuple("""
https://{host}/t/{id} http://{host}/t/-/{id}/ https://{host}/t/any-other-slug/{id}/1 https://{host}/t/x/{id}?u=ada&page=2 https://{host}/t/x/{id}.json
https://{host}/t/x/{id}#post_3
""".split())  # fmt: skip
_ENDS = ("", "/", "?utm_source=x&utm_medium=y", "?fbclid=abc", "#top")


def other_forms(url: str) -> tuple[str, ...]:
    """Every form of an address that the corpora and its platform have, each once, without the address itself."""
    forms = (*_own_forms(url), *filter(None, (_filled(template, url) for template in _templates())))
    return tuple(dict.fromkeys(form for form in forms if form != url))


# -- feeding


def shared(number: int, form: str) -> Mention:
    """A post of somebody who shares the form."""
    line = {"platform": "mastodon", "url": f"https://social.example/@ada/{10**17 + number}", "text": "On #microsolidarity", "links": [form]}
    return _found(number, line)


def listed(number: int, form: str) -> Mention:
    """The page itself, as a feed lists it by the form."""
    return _found(number, {"platform": "feed", "url": form, "title": f"Microsolidarity, seen {number} times", "author": f"Reader {number}"})


def _found(number: int, line: Mapping[str, object]) -> Mention:
    made = mention_of({"id": str(number), **line})
    return replace(
        made,
        source="fed-again",
        matches=(Match(topic=TOPIC, field=Field.TEXT, rule=TOPIC, excerpt=TOPIC),),
        first_seen_at=THEN + timedelta(minutes=number),
    )


def feed(steward: Steward, mentions: Sequence[Mention]) -> None:
    """Land mentions as a poll does, fifty at a time, and compare what came."""
    store = open_store(steward.folder / "state" / "aggregator.db")
    try:
        store.register([Source(id="fed-again", platform="mastodon", options={}, topics=(TOPIC,))], THEN)
        for start in range(0, len(mentions), 50):
            landed = store.land(Landing(source="fed-again", mentions=tuple(mentions[start : start + 50]), cursor=str(start), at=THEN))
            assert landed.new == len(mentions[start : start + 50])
        settle(store.works)
        assert sum(len(story.mentions) for story in store.stories()) == len(mentions)
    finally:
        store.close()


def chosen_addresses(steward: Steward) -> list[str]:
    """Every address on the page that is one of the web, as it was written."""
    store = open_store(steward.folder / "state" / "aggregator.db")
    try:
        return [link.href for chosen in store.chosen() for link in chosen.links if is_web(canonical(link.href).key)]
    finally:
        store.close()


def entries(steward: Steward) -> list[str]:
    """The ids of the page's entries, in their order."""
    said = steward.runs("build")
    assert said.code == 0, said.err
    return [story["id"] for story in steward.stories()]


@pytest.fixture
def seeded(steward: Steward) -> Steward:
    """A folder into which the community's own page was imported."""
    if not SEED.exists():
        pytest.skip("the community's page does not lie beside the checkout")
    steward.configures(CONFIGURATION)
    assert steward.runs("import", SEED).code == 0
    return steward


@pytest.fixture
def shipped(steward: Steward) -> Steward:
    """A folder with the chosen links of the shipped sources.yaml."""
    shutil.copy(ROOT / "sources.yaml", steward.folder)
    shutil.copytree(ROOT / "templates", steward.folder / "templates")
    assert steward.runs("build").code == 0
    return steward


# -- the scenario


@pytest.mark.samples
def test_the_community_s_page_fed_again_in_every_other_form_keeps_its_entries(seeded: Steward) -> None:
    keeps_its_entries(seeded)


def test_the_shipped_chosen_links_fed_again_in_every_other_form_keep_their_entries(shipped: Steward) -> None:
    keeps_its_entries(shipped)


def keeps_its_entries(steward: Steward) -> None:
    before = entries(steward)
    assert len(before) == 13
    forms = [form for address in chosen_addresses(steward) for form in other_forms(address)]
    assert len(forms) > 500
    feed(steward, [(shared if number % 2 else listed)(number, form) for number, form in enumerate(forms)])
    assert entries(steward) == before


def test_a_page_that_is_not_among_them_is_a_new_entry(shipped: Steward) -> None:
    before = entries(shipped)
    feed(shipped, [listed(1, "https://blog.example/on-microsolidarity")])
    assert len(entries(shipped)) == len(before) + 1


def test_both_sides_of_every_pair_of_the_corpus_are_one_entry(steward: Steward, tmp_path: Path) -> None:
    """One side of each pair is chosen, the other comes in; what is not on the web is nothing that a page could link to."""
    pairs = [
        (left, right) for verdict, left, right, _why in _rows("urls.tsv") if verdict == "same" and _linkable(left) and _linkable(right)
    ]
    assert len(pairs) > 200
    steward.configures(CONFIGURATION)
    lines = "".join(f"* [Microsolidarity, chosen {number}](<{right}>)\n" for number, (_, right) in enumerate(pairs))
    (tmp_path / "page.md").write_text(f"# Discussing\n\n{lines}", encoding="utf-8")
    assert steward.runs("import", "page.md").code == 0
    before = entries(steward)
    feed(steward, [listed(number, left) for number, (left, _) in enumerate(pairs)])
    assert entries(steward) == before


def _linkable(url: str) -> bool:
    return url.startswith("http") and is_web(canonical(url).key) and not re.search(r"[\s<>()\\]", url)
