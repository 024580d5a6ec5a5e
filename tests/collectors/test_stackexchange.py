"""Stack Exchange: what is asked, credit, escaped texts, addresses."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from aggregator.collectors.base import build
from aggregator.collectors.stackexchange import StackExchange
from aggregator.errors import BadOption, RateLimited
from aggregator.fetch.status import error_for
from aggregator.model import Entry, Page
from aggregator.pipeline.identify import identify
from aggregator.text.urls import canonical
from tests.support.exchanges import RecordedHttp, cases, replayed


def pages_of(name: str) -> tuple[list[Page], list[str]]:
    (case,) = (one for one in cases("stackexchange") if one.name == name)
    http = RecordedHttp(case.exchanges)
    return list(replayed(case, http)), http.asked


def entries_of(name: str) -> dict[str, Entry]:
    return {entry.native_id: entry for page in pages_of(name)[0] for entry in page.entries}


def test_texts_are_unescaped_once_and_names_are_given_with_their_pages() -> None:
    found = entries_of("ordinary")
    question, answer, plain = found["question:111"], found["answer:113"], found["question:110"]
    assert question.title == 'How do "crews" work?'
    assert question.author is not None
    assert (question.author.name, question.author.url) == ("Ada 'A' Lovelace", "https://workplace.stackexchange.com/users/111/ada")
    assert plain.title == "A <b> question"
    assert answer.html == "Yes: &quot;microsolidarity&quot; &amp; trust."
    assert plain.author is not None
    assert (plain.author.name, plain.author.url) == ("user110", None)


def test_an_answer_is_about_its_question() -> None:
    answer = entries_of("ordinary")["answer:113"]
    assert identify(answer, links=()).subject == canonical("https://workplace.stackexchange.com/questions/111/how-do-crews-work").key
    assert canonical(answer.url).key == canonical("https://workplace.stackexchange.com/questions/111/x/113#113").key


def test_what_cannot_be_credited_is_left_out_and_said() -> None:
    pages, _ = pages_of("uncredited")
    assert [entry.native_id for page in pages for entry in page.entries] == ["question:9"]
    assert [remark for page in pages for remark in page.remarks] == ["2 posts left out: no author to credit"]


def test_the_authors_of_a_page_are_asked_for_all_at_once() -> None:
    _, asked = pages_of("ordinary")
    assert len(asked) == 2
    assert "/posts/110;111;113?" in asked[1].replace("%3B", ";")


def test_nothing_more_is_asked_when_nothing_was_found() -> None:
    assert len(pages_of("empty")[1]) == 1


def test_a_violation_waits_as_long_as_it_says() -> None:
    body = b'{"error_id":502,"error_name":"throttle_violation","error_message":"too many requests"}'
    for status in (400, 502, 503):
        assert type(error_for("https://api.stackexchange.com/2.3/x", status, {}, now=None, body=body)) is RateLimited


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("stackoverflow", "stackoverflow.com"), ("workplace", "workplace.stackexchange.com"), ("mathoverflow", "mathoverflow.net"),
        ("https://www.stackoverflow.com/questions", "stackoverflow.com"), ("pt.stackoverflow.com", "pt.stackoverflow.com"),
    ],
)  # fmt: skip
def test_a_site_is_named_by_its_host_or_its_short_name(written: str, host: str) -> None:
    assert build(StackExchange, {"site": written, "tag": "groups"}) == StackExchange(site=host, tag="groups")


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://stackoverflow.com/questions/tagged/c%23", {"site": "stackoverflow.com", "tag": "c#"}),
        ("https://pm.stackexchange.com/questions/tagged/groups?tab=Newest", {"site": "pm.stackexchange.com", "tag": "groups"}),
        ("https://workplace.stackexchange.com/tags/groups/info", {"site": "workplace.stackexchange.com", "tag": "groups"}),
        ("https://www.superuser.com/feeds/tag/groups", {"site": "superuser.com", "tag": "groups"}),
        ("https://stackoverflow.com/feeds/tag?tagnames=groups&sort=newest", {"site": "stackoverflow.com", "tag": "groups"}),
        ("https://superuser.com/search?q=%5Bgroups%5D+crew+of+5", {"site": "superuser.com", "tag": "groups", "search": "crew of 5"}),
        ("https://stackoverflow.com/search?q=crews", {"site": "stackoverflow.com", "search": "crews"}),
        ("https://stackoverflow.com/questions/1/x", None),
        ("https://stackoverflow.com/", None),
        ("https://stackoverflow.example/questions/tagged/x", None),
    ],
)  # fmt: skip
def test_pasted_addresses(address: str, options: Mapping[str, str] | None) -> None:
    assert StackExchange.recognise(address) == options
    if options is None:
        assert (StackExchange.declined(address) is None) == (".example" in address)


def test_a_feed_of_the_site_is_left_to_who_reads_feeds() -> None:
    assert StackExchange.recognise("https://stackoverflow.com/feeds/question/1") is None
    assert StackExchange.declined("https://stackoverflow.com/feeds/question/1") is None


def test_something_is_wanted_of_a_site() -> None:
    for options in (
        {"site": "workplace"},
        {"search": "a"},
        {"site": "example.org", "search": "a"},
        {"site": "workplace", "tag": "two tags"},
    ):
        with pytest.raises(BadOption):
            build(StackExchange, options)
    assert [build(StackExchange, one) for one in StackExchange.proposals("crews")]
