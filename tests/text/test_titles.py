"""Titles as feeds and pages give them. All names are made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.titles import clean_title

BLOG, MEDIUM, YOUTUBE = "https://blog.example.org/crews", "https://medium.com/p/5f1c9d2e7a10", "https://youtube.com/watch?v=abcdefghijk"
SUBSTACK, SPOTIFY, APPLE = "https://ada.substack.com/p/crews", "https://open.spotify.com/episode/x", "https://podcasts.apple.com/x"


@pytest.mark.parametrize(
    ("title", "url", "site", "author", "shown"),
    [
        # -- the name of its site
        ("Crews that last | Crew Letters", BLOG, "Crew Letters", "", "Crews that last"),
        ("Crews that last – Crew Letters", BLOG, "Crew Letters", "", "Crews that last"),
        ("Crews that last - CREW LETTERS", BLOG, "Crew Letters", "", "Crews that last"),
        ("Crews that last » The Crew Letters", BLOG, "Crew Letters", "", "Crews that last"),
        ("Crew Letters | Crews that last", BLOG, "Crew Letters", "", "Crews that last"),
        ("Crews that last - YouTube", YOUTUBE, "", "", "Crews that last"),
        ("Crews that last | Medium", MEDIUM, "", "", "Crews that last"),
        ("Crews that last on Apple Podcasts", APPLE, "", "", "Crews that last"),
        ("Crews that last | Podcast on Spotify", SPOTIFY, "", "", "Crews that last"),
        ("Why I left Medium", MEDIUM, "", "", "Why I left Medium"),
        ("Crews that last | A reader", BLOG, "Crew Letters", "", "Crews that last | A reader"),
        ("Care – a political word", BLOG, "Crew Letters", "", "Care – a political word"),
        ("Episode 12: Crews that last", BLOG, "Crew Letters", "", "Episode 12: Crews that last"),
        ("Crew Letters", BLOG, "Crew Letters", "", "Crew Letters"),
        ("Kleine Gruppen | Rundbrief", "https://example.de/a", "Rundbrief", "", "Kleine Gruppen"),
        # -- who made it
        ("Crews that last by Ada Lovelace", BLOG, "", "Ada Lovelace", "Crews that last"),
        ("Crews that last, by Ada Lovelace", BLOG, "", "Ada Lovelace", "Crews that last"),
        ("Crews that last | by Ada Lovelace | Crew Letters | Medium", MEDIUM, "", "", "Crews that last"),
        ("Crews that last | by Ada Lovelace | Medium", MEDIUM, "", "Ada Lovelace", "Crews that last"),
        ("Crews that last - by Ada Lovelace - Crew Letters", SUBSTACK, "", "", "Crews that last"),
        ("Crews that last – by Ada Lovelace", BLOG, "", "", "Crews that last"),
        ("Crews that last – von Ada Beispiel", BLOG, "", "", "Crews that last"),
        ("Des équipes qui durent par Ada Exemple", BLOG, "", "Ada Exemple", "Des équipes qui durent"),
        ("Grupos que duran por Ada Ejemplo", BLOG, "", "Ada Ejemplo", "Grupos que duran"),
        ("Saved by strangers", BLOG, "", "Ada Lovelace", "Saved by strangers"),
        ("Stand by me", BLOG, "", "", "Stand by me"),
        ("A letter from Ada Lovelace", BLOG, "", "Ada Lovelace", "A letter from Ada Lovelace"),
        ("Step by step", BLOG, "", "Ada", "Step by step"),
        # -- cut off
        ("Crews that last and why they…", BLOG, "", "", "Crews that last and why they"),
        ("Crews that last and why they ...", BLOG, "", "", "Crews that last and why they"),
        ("Crews that last and why they [...]", BLOG, "", "", "Crews that last and why they"),
        ("…", BLOG, "", "", "…"),
        # -- hashtags
        ("Crews that last #crews #care #microsolidarity", BLOG, "", "", "Crews that last"),
        ("Four quiet days in Ghent. #crews", BLOG, "", "", "Four quiet days in Ghent."),
        ("Discussing #microsolidarity", BLOG, "", "", "Discussing #microsolidarity"),
        ("Crews that last #shorts - YouTube", YOUTUBE, "", "", "Crews that last #shorts"),
        ("#12 Crews that last", BLOG, "", "", "#12 Crews that last"),
        # -- left alone
        ("CREWS THAT LAST", BLOG, "", "", "CREWS THAT LAST"),
        ("What is care?", BLOG, "", "", "What is care?"),
        ("  Crews\n that   last ", BLOG, "", "", "Crews that last"),
        ("3:10 to Yuma", BLOG, "", "", "3:10 to Yuma"),
        ("Teams / Crews / Congregations", BLOG, "", "", "Teams / Crews / Congregations"),
        ("C++ for gardeners", BLOG, "", "", "C++ for gardeners"),
        ("", BLOG, "", "", ""),
    ],
)
def test_a_title_is_what_its_author_called_it(title: str, url: str, site: str, author: str, shown: str) -> None:
    assert clean_title(title, url=url, sites=[site], author=author) == shown


@given(st.text(), st.text(), st.text())
def test_a_title_is_never_lost(title: str, site: str, author: str) -> None:
    shown = clean_title(title, url=BLOG, sites=[site], author=author)
    assert bool(shown.strip()) == bool(title.strip())
    assert len(shown) <= len(title)


@given(st.text(alphabet="ab |-by.…#", max_size=40))
def test_a_clean_title_stays_as_it_is(title: str) -> None:
    once = clean_title(title, url=BLOG, sites=["ab"], author="b")
    assert len(clean_title(once, url=BLOG, sites=["ab"], author="b")) <= len(once)


def test_a_hostile_title_costs_no_time() -> None:
    for title in ("a by " * 5_000, "| " * 20_000, "#a " * 10_000, "- by a" * 4_000, "…" * 20_000):
        clean_title(title, url=BLOG, sites=["a"], author="a")
