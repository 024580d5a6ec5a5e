"""The TXT records that mail is judged by, read and merged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.records import DkimKey, Dmarc, dkim, dmarc, dmarc_records, spf, spf_records
from aggregator.digest.spf_merging import RELAYS, UNKNOWN, mechanism, merged


def test_spf_records_are_told_from_other_texts() -> None:
    assert spf_records(["v=spf1", "V=SPF1 -all", "v=spf10 -all", "x v=spf1"]) == ("v=spf1", "V=SPF1 -all")


@pytest.mark.parametrize(
    ("text", "end", "following"),
    [
        ("v=spf1 include:a.example redirect=b.example", "redirect", ("a.example", "b.example")),
        ("v=spf1 redirect=b.example -all", "-all", ()),
        ("v=spf1 ip6:2001:db8::/32 ALL", "+all", ()),
        ("v=spf1 a/24 mx:x.example/24//64 unknown=x", "", ()),
    ],
)
def test_an_spf_record_is_read(text: str, end: str, following: tuple[str, ...]) -> None:
    read = spf(text)
    assert (read.end, read.following, read.broken) == (end, following, ())


@pytest.mark.parametrize("word", ["include:", "ipv4:192.0.2.1", "a;", "include", "v=spf1;"])
def test_a_word_that_is_none_is_told(word: str) -> None:
    read = spf(f"v=spf1 mx {word} -all")
    assert (word in read.broken) == (word != "v=spf1;")


def test_dmarc_records_are_read() -> None:
    assert dmarc_records(["v=DMARC1", "v=DMARC1;p=none", "v = DMARC1 ; p=none", "v=DMARC12; p=none", "V=dmarc1; p=none"]) == (
        "v=DMARC1",
        "v=DMARC1;p=none",
        "v = DMARC1 ; p=none",
    )
    text = "v=DMARC1; p=Reject; aspf=s; adkim=r; rua=mailto:a@x.example, mailto:b@x.example"
    assert dmarc(text) == Dmarc(policy="reject", strict_spf=True, reports=("mailto:a@x.example", "mailto:b@x.example"))
    assert dmarc("v=DMARC1; rua=mailto:a@x.example").policy == "none"
    assert dmarc("v=DMARC1").policy == ""


def test_keys_are_read() -> None:
    assert dkim("v=DKIM1; k=rsa; p=" + "A" * 392) == DkimKey(kind="rsa", bits=2048)
    assert dkim("p=") == DkimKey(kind="rsa", revoked=True)
    assert dkim("v=DKIM2; p=AAAA") is None
    assert dkim("k=rsa; p=" + " ".join(["AAAA"] * 54)) == DkimKey(kind="rsa", bits=1024)


TERMS = st.sampled_from(
    ["mx", "a", "ip4:192.0.2.0/24", "ip6:2001:db8::/32", "include:a.example", "include:b.example", "redirect=c.example", "a:h.example/28"]
)
ENDS = st.sampled_from(["-all", "~all", "?all", "+all", ""])
RECORDS = st.tuples(st.lists(TERMS, max_size=4), ENDS).map(lambda given: " ".join(["v=spf1", *given[0], given[1]]).strip())


@given(st.lists(RECORDS, max_size=3), st.sampled_from(["", "include:new.example", "mx"]))
def test_merging_allows_all_that_was_allowed_and_is_done_once(records: list[str], needed: str) -> None:
    done = merged(records, needed)
    read = spf(done)
    allowed = {term.value or term.name for term in read.terms}
    for record in records:
        assert {term.value or term.name for term in spf(record).terms if term.name != "all"} <= allowed
    assert (read.broken, read.end in ("-all", "~all")) == ((), True)
    assert len(done.split()) == len(set(done.split()))
    assert merged([done], needed) == done


@pytest.mark.parametrize(
    ("host", "term"),
    [
        ("smtp-relay.gmail.com", "include:_spf.google.com"),
        ("Mail.Example.org.", "a:mail.example.org"),
        ("notgmail.com", UNKNOWN),
        ("2001:db8::1", "ip6:2001:db8::1"),
    ],
)
def test_a_relay_is_known_by_the_end_of_its_name(host: str, term: str) -> None:
    assert mechanism(host, "example.org") == term
    assert len({end for end, _ in RELAYS}) == len(RELAYS)
