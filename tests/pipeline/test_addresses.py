"""Sites and pages that a topic names: what leads to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.pipeline.addresses import Address, page, run_of, site
from aggregator.text.urls import canonical

CORPUS = Path(__file__).parents[1] / "corpus" / "urls.tsv"


def same_pages() -> list[tuple[str, str]]:
    """Pairs of addresses that are one page by their canonical URLs."""
    rows = (line.split("\t") for line in CORPUS.read_text(encoding="utf-8").splitlines() if line.startswith("same\t"))
    pairs = [(left, right) for _verdict, left, right, *_why in rows if canonical(left).key == canonical(right).key]
    return pairs + [(right, left) for left, right in pairs]


def test_nearly_every_form_of_an_address_has_the_run_of_its_page() -> None:
    pairs = same_pages()
    found = [page(canonical(left).key).is_led_to(Address(right)) for left, right in pairs]
    assert len(found) > 400
    # What is encoded otherwise than by percent signs, or has another id on another host, is not worth taking every link apart.
    assert sum(found) / len(found) >= 0.97


@pytest.mark.parametrize(
    ("key", "run"),
    [
        ("https://youtube.com/watch?v=_ShH3x1hgY0", "shh3x1hgy0"),
        ("https://medium.com/p/87bc81372a09", "87bc81372a09"),
        ("https://reddit.com/comments/1p2abcd", "1p2abcd"),
        ("https://example.org/2018/12/a-long-title.html", "title"),
        ("https://example.org/a", "example.org"),
        ("https://example.org/", "example.org"),
    ],
)
def test_the_run_of_a_page_is_its_id(key: str, run: str) -> None:
    assert run_of(key) == run


@pytest.mark.parametrize(
    ("link", "leads"),
    [
        ("https://www.example.org/a/b?c", True),
        ("HTTP://BLOG.Example.ORG./", True),
        ("https://www.google.com/url?url=https%3A%2F%2Fexample.org%2Fx&sa=t", True),
        ("https://web.archive.org/web/2019/https://example.org/x", True),
        ("https://notexample.org/", False),
        ("https://example.org.evil.test/", False),
        ("https://evil.test/example.org", False),
        ("mailto:ada@example.org", False),
        ("http://[", False),
    ],
)
def test_a_link_to_a_site_or_its_sub_domain_leads_there(link: str, leads: bool) -> None:
    assert site("example.org").is_led_to(Address(link)) is leads


def test_a_page_is_itself_and_not_its_neighbours() -> None:
    target = page(canonical("https://example.org/on-crews").key)
    assert target.is_led_to(Address("http://www.example.org/on-crews/?utm_source=x"))
    assert not target.is_led_to(Address("https://example.org/on-crews-again"))
    assert not target.is_led_to(Address("https://example.org/"))
