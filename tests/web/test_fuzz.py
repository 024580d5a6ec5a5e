"""Whatever is asked, the server answers, and never with a bug."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.web.bodies import FORM
from tests.support.reception import Reception

METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X-1"])
SEGMENTS = st.one_of(
    st.sampled_from(
        ["", "subscribe", "confirm", "leave", "change", "health", "digest", ".", "..", "%00", "%ff", "%2f", "a" * 45, "{token}"]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#?\\"), max_size=60),
)
PATHS = st.lists(SEGMENTS, max_size=4).map("/".join)
NAMES = st.sampled_from(["address", "rhythm", "topic", "homepage", "shown", "List-Unsubscribe", "", "x"])
FORMS = st.lists(st.tuples(NAMES, st.text(max_size=40)), max_size=12)
BODIES = st.one_of(st.binary(max_size=200), st.binary(min_size=8000, max_size=9000), FORMS)
TYPES = st.sampled_from([FORM, FORM + "; charset=utf-7", "multipart/form-data; boundary=x", "application/json", "", "x" * 300])
HEADERS = st.dictionaries(
    st.sampled_from(["X-Forwarded-For", "Origin", "Sec-Fetch-Site", "Host", "Cookie", "Accept-Encoding", "Range", "If-None-Match"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).map(str.strip),
    max_size=3,
)
FEW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(
    method=METHODS,
    path=PATHS,
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
    body=BODIES,
    kind=TYPES,
    headers=HEADERS,
)
def test_any_request_is_answered_calmly(
    window: Reception, method: str, path: str, query: str, body: Any, kind: str, headers: dict[str, str]
) -> None:
    given = {**headers, "Content-Type": kind}
    answer = window.session.request(method, f"{window.url}{path}?{query}", data=body, headers=given, allow_redirects=False, timeout=20)
    assert answer.status_code in (200, 400, 403, 404, 405, 413, 415, 422, 429)
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert window.private.subscribers.all() == ()


@FEW
@given(
    purpose=st.sampled_from(["confirm", "leave", "change"]),
    token=st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567ABC=189%"), max_size=50),
)
def test_no_token_can_be_guessed(window: Reception, purpose: str, token: str) -> None:
    answer = window.asks("POST", f"{purpose}/{token}", headers={"Content-Type": FORM})
    assert answer.status_code == 404
