"""Decisions for tests: one by one by what is particular about them, and any at all for laws."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from aggregator.model import Decision, DecisionKind, Kind
from aggregator.text.urls import canonical

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
# Canonical, and every sign that means something in YAML.
KEYS = [
    *(f"https://page.example.org/{letter}" for letter in "abcdef"),
    *(canonical(url).key for url in ("https://example.org/?q=1&p=a:b,c#!/route", "https://example.org/it's(one)*[2]{3}!?x=%23&y=a:")),
    "yezukynsz4",
    "2222222222",
    "retreat-2019.md",
]


def decision(kind: DecisionKind, subject: str = KEYS[0], *others: str, **rest: Any) -> Decision:
    """A decision by Ada."""
    return Decision(kind=kind, subject=subject, others=others, **{"by": "ada", "at": AT, **rest})


# One line without white space at its ends or twice: what is read from the file.
lines = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).map(lambda text: " ".join(text.split())).filter(bool)
)
texts = lines | st.sampled_from(
    ["no", "null", "~", "12:30", "- x", "a: b", "a #b", "'", '"', "[", "{x}", "!y", "&z", "*w", "%", "@q", "`", "|", ">"]
)
instants = st.datetimes(timezones=st.just(UTC), min_value=FIRST.replace(tzinfo=None))
keys = st.sampled_from(KEYS)
several = st.lists(keys, min_size=2, max_size=4, unique=True)
sites = st.sampled_from(["spam.example", "a.b.example.org", "xn--bcher-kva.example"])
blocked = st.one_of(
    texts.filter(lambda text: bool(text.lstrip("@ "))).map(lambda text: f"author:{text}"),
    sites.map(lambda site: f"domain:{site}"),
    st.just("source:my-feed"),
)


@st.composite
def any_decision(draw: st.DrawFn) -> Decision:
    """Any decision, as it is read from the file."""
    kind = draw(st.sampled_from(DecisionKind))
    named = draw(several)
    subject, others, value, until = named[0], tuple(named[1:]), "", None
    if kind is DecisionKind.ORDER:
        subject, others = "", tuple(named)
    elif kind is DecisionKind.SPLIT:
        others = others[:1]
    elif kind is not DecisionKind.MERGE:
        others = ()
    if kind in (DecisionKind.RETITLE, DecisionKind.NOTE):
        value = draw(texts)
    elif kind is DecisionKind.KIND:
        value = draw(st.sampled_from(Kind)).value
    elif kind is DecisionKind.BLOCK:
        subject, until = draw(blocked), draw(st.none() | instants)
    elif kind is DecisionKind.APPROVE and draw(st.booleans()):
        subject = "source:my-feed"
    return Decision(
        kind=kind,
        subject=subject,
        others=others,
        value=value,
        reason=draw(st.just("") | texts),
        by=draw(st.just("") | texts),
        at=draw(st.none() | instants),
        until=until,
    )


any_decisions = st.lists(any_decision(), max_size=5).map(tuple)
