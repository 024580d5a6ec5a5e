"""What is accepted as a webmention, and which pages bear it out."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch import Reply
from aggregator.model import Kind, Topic, Weight
from aggregator.pipeline.webmentions import LONGEST, MOST_BYTES, refused, relation
from aggregator.settings import Fetch, Settings, Site

SITE = "https://topic.example/discussing/"
TOPIC = Topic(
    id="crews",
    title="Crews",
    any_of=("crews",),
    sites=(Weight(name="crews.example", worth=1.0),),
    about=("https://essay.example/crews",),
)
SETTINGS = Settings(file=Path("sources.yaml"), site=Site(title="Crews", url=SITE), topics=(TOPIC,), sources=())
SOURCE = "https://ada.example/2026/crews"


@pytest.mark.parametrize(
    "target",
    [
        SITE,
        "https://topic.example/discussing",
        "https://TOPIC.example:443/discussing/",
        "http://www.topic.example/discussing/stories/ab12.html#talk",
        "https://crews.example/any",
        "https://blog.crews.example/",
        "https://essay.example/crews?utm_source=x",
    ],
)
def test_a_page_of_ours_is_accepted(target: str) -> None:
    assert refused(SOURCE, target, SETTINGS) == ""


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("", SITE, "source is not"),
        ("ftp://ada.example/", SITE, "source is not"),
        ("javascript:alert(1)", SITE, "source is not"),
        ("https://ada:word@ada.example/", SITE, "source is not"),
        ("https://ada.example/ x", SITE, "source is not"),
        ("https://ada.example/\n", SITE, "source is not"),
        ("https://[::1", SITE, "source is not"),
        ("https://ada.example/" + "x" * LONGEST, SITE, "source is not"),
        (SOURCE, "", "target is not"),
        (SOURCE, SOURCE, "same page"),
        (SITE + "#a", SITE + "#b", "same page"),
        (SOURCE, "https://topic.example/discussingx/", "not a page of this site"),
        (SOURCE, "https://topic.example/", "not a page of this site"),
        (SOURCE, "https://topic.example.evil.example/discussing/", "not a page of this site"),
        (SOURCE, "https://evilcrews.example/", "not a page of this site"),
        (SOURCE, "https://essay.example/other", "not a page of this site"),
        ("http://127.0.0.1/x", SITE, "others can open"),
        ("http://localhost/x", SITE, "others can open"),
        ("http://2130706433/x", SITE, "others can open"),
        ("http://[::1]/x", SITE, "others can open"),
        ("http://192.168.0.7/x", SITE, "others can open"),
        (SITE + "sources.html", SITE, "itself"),
        ("https://topic.example:443/discussing/a", SITE, "itself"),
        ("https://topic.example/x/../discussing/", SITE, "source is not"),
        (SOURCE, SITE + "../private", "target is not"),
        (SOURCE, SITE + ".%2E/private", "target is not"),
        (SOURCE, SITE + "a/..", "target is not"),
        (SOURCE, "https://topic.example:8443/discussing/", "not a page of this site"),
        (SOURCE, "https://crews.example:8443/", "not a page of this site"),
        (SOURCE, "https://topic.example\\@evil.example/discussing/", "target is not"),
        (SOURCE, "https://evil.example\\.crews.example/", "not a page of this site"),
        (SOURCE, "https://evil.example%2f.crews.example/", "not a page of this site"),
        (SOURCE, "https://t\u043epic.example/discussing/", "not a page of this site"),
        (SOURCE, "https:topic.example/discussing/", "target is not"),
        ("http://0x7f.1/", SITE, "others can open"),
        ("http://127\u30020\u30020\u30021/", SITE, "others can open"),
        ("http://[::ffff:7f00:1]/", SITE, "others can open"),
        ("http://169.254.169.254/latest", SITE, "others can open"),
        ("https://ada.example/\u202e", SITE, "source is not"),
    ],
)
def test_what_is_wrong_is_told_to_the_sender(source: str, target: str, why: str) -> None:
    assert why in refused(source, target, SETTINGS)


def test_an_intranet_takes_its_own_addresses() -> None:
    assert refused("http://10.0.0.7/x", SITE, replace(SETTINGS, fetch=Fetch(allow_networks=("10.0.0.0/8",)))) == ""


def page(body: str | bytes, kind: str = "text/html; charset=utf-8") -> Reply:
    raw = body.encode() if isinstance(body, str) else body
    return Reply(asked=SOURCE, url=SOURCE, status=200, headers={"content-type": kind}, body=raw)


@pytest.mark.parametrize(
    "body",
    [
        f'<p><a href="{SITE}">talk</a>',
        f"<a href={SITE}#newest>talk</a>",
        f'<img src="{SITE}">',
        f'<video src=" {SITE} "></video>',
        f'<blockquote cite="{SITE}">x</blockquote>',
        '<base href="https://topic.example/"><a href="discussing/">talk</a>',
        '<a href="//topic.example/discussing/">talk</a>',
        f'<div class="h-entry"><p class="e-content">I say <a class="u-url" href="{SITE}">this</a></div>',
    ],
)
def test_a_page_that_links_mentions_it(body: str) -> None:
    assert relation(page(body), SITE) is Kind.ARTICLE


@pytest.mark.parametrize(
    "body",
    [
        f"<p>{SITE}</p>",
        f'<!-- <a href="{SITE}">x</a> -->',
        f"<script>var a = '<a href=\"{SITE}\">x</a>'</script>",
        f'<script src="{SITE}"></script>',
        f'<style>@import "{SITE}"</style>',
        f'<template><a href="{SITE}">x</a></template>',
        f'<noscript><a href="{SITE}">x</a></noscript>',
        f'<a data-href="{SITE}">x</a>',
        f'<a href="https://evil.example/?u={SITE}">x</a>',
        f'<a href="{SITE}more">x</a>',
        f'<a href="{SITE.replace("https", "http")}">x</a>',
        f'<a href="{SITE.rstrip("/")}">x</a>',
        f'<link rel="canonical" href="{SITE}">',
        f'<textarea><a href="{SITE}">x</a></textarea>',
        f"<a title='<a href=\"{SITE}\">'>x</a>",
        "",
    ],
)
def test_a_page_that_only_names_it_does_not(body: str) -> None:
    assert relation(page(body), SITE) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (f'<a class="u-in-reply-to" href="{SITE}">x</a>', Kind.COMMENT),
        (f'<div class="u-in-reply-to h-cite"><p><a href="{SITE}">x</a></p></div>', Kind.COMMENT),
        (f'<a rel="in-reply-to" href="{SITE}">x</a>', Kind.COMMENT),
        (f'<a class="u-like-of" href="{SITE}">x</a>', None),
        (f'<div class="u-repost-of h-cite"><a href="{SITE}">x</a></div>', None),
        (f'<a class="u-like-of" href="{SITE}">x</a> <a href="{SITE}">and said so</a>', Kind.ARTICLE),
    ],
)
def test_what_a_page_says_of_its_link_counts(body: str, kind: Kind | None) -> None:
    assert relation(page(body), SITE) is kind


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f'{{"items": [{{"external_url": "{SITE}"}}]}}', True),
        (f'{{"html": "<a href={SITE}>"}}', False),
        (f'{{"{SITE}": 1}}', False),
        ("[" * 100_000, False),
        ("no json", False),
    ],
)
def test_in_json_a_string_has_to_be_the_address(body: str, found: bool) -> None:
    assert (relation(page(body, "application/json"), SITE) is not None) is found


@pytest.mark.parametrize(("body", "found"), [(f"See {SITE}.", True), (f"{SITE}more {SITE}", True), (f"{SITE}more", False), ("", False)])
def test_in_plain_text_the_address_has_to_stand(body: str, found: bool) -> None:
    assert (relation(page(body, "text/plain"), SITE) is not None) is found


def test_of_a_huge_page_the_beginning_is_looked_at() -> None:
    link = f'<a href="{SITE}">x</a>'
    assert relation(page(" " * MOST_BYTES + link), SITE) is None
    assert relation(page(link + " " * MOST_BYTES), SITE) is Kind.ARTICLE


@pytest.mark.parametrize(
    "piece", ["<div>", f'<a href="{SITE}">', "<", "<!--", '<a href="', "<template>", f'<p class="h-cite"><a href="{SITE}">']
)
def test_a_hostile_page_takes_seconds_at_most(piece: str) -> None:
    began = time.perf_counter()
    relation(page(piece * (200_000 // len(piece))), SITE)
    assert time.perf_counter() - began < 5


@given(st.binary(max_size=300), st.sampled_from(["text/html", "application/json", "text/plain", "text/html; charset=x", ""]))
def test_no_page_is_too_odd(body: bytes, kind: str) -> None:
    assert relation(page(body, kind), SITE) is None
