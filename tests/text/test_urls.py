"""Canonical URLs: the labelled corpus, and what must hold for every address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from aggregator.text import urls
from aggregator.text.urls import Step, canonical, host_of, is_public_web, is_web, repair, trace

CORPUS = Path(__file__).parents[1] / "corpus"
_CODES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


def _decoded(text: str) -> str:
    return re.sub(r"\\(u[0-9a-fA-F]{4}|[nrt\\])", lambda match: _CODES.get(match[1]) or chr(int(match[1][1:], 16)), text)


def _rows(name: str) -> list[list[str]]:
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("# ")]


PAIRS = [tuple(row) for row in _rows("urls.tsv")]
BROKEN = [tuple(_decoded(cell) for cell in row) for row in _rows("urls_broken.tsv")]
KNOWN = sorted({address for _, left, right, _ in PAIRS for address in (left, right)} | {address for row in BROKEN for address in row[:2]})


@pytest.mark.parametrize(("verdict", "left", "right", "why"), PAIRS)
def test_a_pair_of_the_corpus_comes_out_as_labelled(verdict: str, left: str, right: str, why: str) -> None:
    assert (canonical(left).key == canonical(right).key) == (verdict == "same"), why


@pytest.mark.parametrize(("broken", "whole", "why"), BROKEN)
def test_a_broken_link_is_made_whole(broken: str, whole: str, why: str) -> None:
    assert repair(broken) == whole, why
    assert canonical(broken) == canonical(whole), why


@pytest.mark.parametrize("whole", sorted({whole for _, whole, _ in BROKEN}))
def test_a_repaired_link_stays_as_it_is(whole: str) -> None:
    assert repair(whole) == whole


def test_the_corpus_is_large_enough_to_judge_by() -> None:
    assert len(PAIRS) >= 200
    assert len(BROKEN) >= 80
    assert {row[0] for row in PAIRS} == {"same", "apart"}


@pytest.mark.parametrize("address", KNOWN)
def test_a_known_address_is_stable(address: str) -> None:
    _assert_stable(address)


def _assert_stable(text: str) -> None:
    form = canonical(text)
    assert canonical(form.key).key == form.key
    assert canonical(form.href).key == form.key
    assert repair(repair(text)) == repair(text)


# Good addresses of every ordinary kind, among them the ones that look broken and are not.
_NAMES = st.sampled_from(
    (
        "example.org",
        "www.example.com",
        "blog.example",
        "bücher.example",
        "xn--bcher-kva.example",
        "a-b.example.co.uk",
        "medium.com",
        "github.com",
    )
)
_PORTS = st.sampled_from(("", ":8080", ":443"))
_HOSTS = st.one_of(
    st.builds("{}{}".format, _NAMES, _PORTS), st.sampled_from(("[2001:db8::1]", "[2001:db8::1]:8080", "192.0.2.7", "localhost:8000"))
)
_SEGMENTS = st.sampled_from(
    (
        "a",
        "wiki",
        "Solidarity_(film)",
        "~ada",
        "c++",
        "a%2Fb",
        "café",
        "2024",
        "how-we-crew",
        "x,y",
        "a;b=c",
        "@ada",
        "été_(1968)",
        "p",
        "t",
        "users",
        "amp",
    )
)
_PATHS = st.builds(
    lambda parts, slash: "".join(f"/{part}" for part in parts) + slash, st.lists(_SEGMENTS, max_size=4), st.sampled_from(("", "/"))
)
_PARAMETERS = st.sampled_from(
    ("a=1", "b=", "c", "a=2", "q=etc.", "q=a+b", "q=%26", "p=42", "v=x", "tag=x", "d=(1)", "list=a,b", "e=é", "ref=part2")
)
_QUERIES = st.lists(_PARAMETERS, max_size=3).map(lambda parts: f"?{'&'.join(parts)}" if parts else "")
_FRAGMENTS = st.sampled_from(("", "#top", "#/route", "#!route/a", "#a=1"))
GOOD = st.builds("{}://{}{}{}{}".format, st.sampled_from(("http", "https")), _HOSTS, _PATHS, _QUERIES, _FRAGMENTS)


@given(GOOD)
def test_a_good_address_is_never_changed_by_repair(address: str) -> None:
    assert repair(address) == address


@given(GOOD)
@example("http://medium.com/amp/amp")
def test_a_good_address_is_stable(address: str) -> None:
    _assert_stable(address)


@given(st.text())
@example("https://\ud800/")
@example("http://[::1")
@example("https://example.org:99999999999/")
@example("https://%zz%/%")
@example("at://")
@example("nostr:nevent1qqqq")
def test_no_text_makes_it_fail_and_every_text_is_stable(text: str) -> None:
    _assert_stable(text)
    trace(text)


_ALPHABET = "".join(sorted(set("".join(KNOWN)) | set("\\_()[]<>\"'“”«»\n\r\t \u200b&;#?%.,!*`")))
_BITS = st.one_of(
    st.sampled_from(KNOWN),
    st.sampled_from(("https://", "http//", "&amp;", "](", "\\_", "%5C_", "%25", "http:", "www.", ").", "%E2%80%8B", "#/", "../")),
)


@given(st.lists(st.one_of(_BITS, st.text(_ALPHABET, max_size=6)), min_size=1, max_size=4).map("".join))
def test_what_is_glued_together_at_random_is_stable(text: str) -> None:
    _assert_stable(text)


@given(GOOD | st.sampled_from(KNOWN), st.sampled_from(("utm_source=x", "fbclid=1", "mc_cid=2", "_hsenc=3", "UTM_Medium=mail", "gclid=")))
def test_tracking_parameters_do_not_matter(address: str, parameter: str) -> None:
    assume(is_web(address) and repair(address) == address and not trace_has(address, "wrapper", "redirect", "measuring prefix"))
    front, mark, fragment = address.partition("#")
    # Parameters glued to a path without a "?" are dropped only where they end the address; a second tail after them is none of ours.
    assume("&" not in front.partition("?")[0])
    tracked = f"{front}{'&' if '?' in front else '?'}{parameter}{mark}{fragment}"
    assert canonical(tracked).key == canonical(address).key


def trace_has(address: str, *names: str) -> bool:
    return any(step.name in names for step in trace(address))


@given(GOOD)
def test_scheme_case_of_the_host_and_www_do_not_matter(address: str) -> None:
    scheme, _, rest = address.partition("://")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    other = f"{'http' if scheme == 'https' else 'https'}://{host.upper() if host.isascii() else host}{rest[len(host) :]}"
    assert canonical(other).key == canonical(address).key
    if host.startswith(("example.org", "blog.example")):
        assert canonical(f"{scheme}://www.{rest}").key == canonical(address).key


@given(GOOD)
def test_a_slash_at_the_end_does_not_matter(address: str) -> None:
    front = re.split(r"[?#]", address, maxsplit=1)[0]
    rest = address[len(front) :]
    assert canonical(f"{front.rstrip('/')}/{rest}").key == canonical(front.rstrip("/") + rest).key


@given(GOOD | st.sampled_from(KNOWN))
def test_the_trace_ends_in_the_canonical_address(address: str) -> None:
    steps = trace(address)
    form = canonical(address)
    if not steps:
        assert form.key == _rooted(address.strip())
        return
    assert [step.rule for step in steps] == [urls.RULE_BOOK[step.name] for step in steps]
    assert all(step.before != step.after for step in steps)
    assert form.key == _rooted(steps[-1].after)


def _rooted(address: str) -> str:
    return re.sub(r"\A(https?://[^/?#]+)(?=[?#]|\Z)", r"\1/", address)


def test_the_trace_names_the_rules_in_their_order() -> None:
    steps = trace("<http://www.example.org/a/?utm_source=x&b=2&a=1#top>")
    assert [step.name for step in steps] == [
        "frame",
        "tracking",
        "http and https",
        "host",
        "folder page",
        "fragment",
        "order",
    ]
    assert steps[0] == Step(
        6, "frame", "<http://www.example.org/a/?utm_source=x&b=2&a=1#top>", "http://www.example.org/a/?utm_source=x&b=2&a=1#top"
    )


def test_every_rule_has_a_number_of_its_own() -> None:
    assert len(set(urls.RULE_BOOK.values())) == len(urls.RULE_BOOK)


def test_what_opens_a_page_stays_in_href_and_leaves_the_key() -> None:
    form = canonical("https://ada.medium.com/on-leaving-c84668df5acb?sk=abc&source=rss")
    assert form == ("https://medium.com/p/c84668df5acb", "https://ada.medium.com/on-leaving-c84668df5acb?sk=abc")


def test_href_keeps_what_the_key_leaves_away() -> None:
    assert canonical("http://www.example.org/a/?utm_source=x&id=4#top") == (
        "https://example.org/a?id=4",
        "http://www.example.org/a/?id=4#top",
    )


def test_a_user_and_a_password_are_shown_nowhere() -> None:
    assert canonical("https://ada:secret@example.org/a") == ("https://example.org/a", "https://example.org/a")


def test_a_local_viewer_is_never_followed() -> None:
    form = canonical("http://localhost:8807/%255GsyAWXuyR5jRPoQNA1bMggwTWytKdDVrtGEZtHZ2A4%3D.sha256")
    assert form.href == form.key == "https://viewer.scuttlebot.io/%255GsyAWXuyR5jRPoQNA1bMggwTWytKdDVrtGEZtHZ2A4%3D.sha256"


@pytest.mark.parametrize(
    "text",
    [
        "mailto:ada@example.org",
        "research-questions.md",
        "javascript:location='https://example.org'",
        "ada@example.org",
        "",
        "#top",
        "hello world",
    ],
)
def test_what_is_no_web_address_comes_back_as_it_is(text: str) -> None:
    assert canonical(text) == (text, text)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Example.org:8080/a", "www.example.org"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("mailto:a@b.example", ""),
        ("https:///a", ""),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/a",
        "http://127.0.0.1/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://169.254.1.1/",
        "http://127.1/",
        "http://printer.local/",
        "http://intranet/",
    ],
)
def test_an_address_that_only_this_machine_can_follow_is_not_public(url: str) -> None:
    assert is_web(url)
    assert not is_public_web(url)


def test_an_ordinary_address_is_public() -> None:
    assert is_public_web("https://example.org/a")
    assert not is_public_web("mailto:ada@example.org")


def test_a_chain_of_many_wrappers_is_unwrapped() -> None:
    address = "https://example.org/a"
    for _ in range(20):
        address = f"https://op3.dev/e/{address}"
    assert canonical(address) == ("https://example.org/a", "https://example.org/a")


@pytest.mark.parametrize(
    "address",
    [
        "https://en.wikipedia.org/wiki/Apple_Inc.",
        "https://en.wikipedia.org/wiki/Martin_Luther_King_Jr.",
        "https://en.wikipedia.org/wiki/George_W.",
        "https://en.wikipedia.org/wiki/Yahoo!",
        "https://en.wikipedia.org/wiki/Solidarity_(film)",
        "https://en.wikipedia.org/wiki/C++",
        "https://example.org/search?q=etc.",
        "https://example.org/search?q=what?",
        "https://example.org/search?q=(a|b)&x=[1]",
        "https://example.org/it's",
        "https://fa.wikipedia.org/wiki/می‌خواهم",
        "https://example.org/don’t-panic",
        "https://example.org/?next=https://example.com/",
        "https://example.org/a,b,c",
        "https://example.org/~ada/",
        "http://[2001:db8::1]",
        "https://www.youtube.com/watch?v=aDWuHsyznf_",
        "https://youtu.be/aDWuHsyznf-",
        "https://docs.google.com/document/d/12Ded5lXwlHjH1ILULHg5ZZek0iu9kOPhLXPKHefq-Ss/edit#",
        "https://web.archive.org/web/2020/https://example.org/a",
    ],
)
def test_a_good_address_that_looks_broken_is_left_alone(address: str) -> None:
    assert repair(address) == address
    _assert_stable(address)


def test_a_text_longer_than_any_address_is_not_taken_apart() -> None:
    text = "https://example.org/" + "a/../" * 4000
    assert canonical(text) == (text, text)
    assert trace(text) == ()
