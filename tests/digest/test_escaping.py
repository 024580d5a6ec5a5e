"""Texts from anywhere in the template languages of services: they reach readers as the letters that they are."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.services import LEAVE_DOOR, escaping
from tests.support.listmonk import filled

HOSTILE = st.lists(
    st.sampled_from(["{{", "}}", "{%", "%}", "{#", "{", "}", '"', "\\", "\n", "@TrackLink", "https://a.example/?b=c&d=e", "é", "𝔸", "x"])
)


@given(HOSTILE.map("".join))
def test_a_text_for_listmonk_is_given_back_as_it_is(text: str) -> None:
    places = {LEAVE_DOOR: "{{ UnsubscribeURL }}"}
    assert filled(escaping.go_text(f"{text}<{LEAVE_DOOR}>{text}", places)) == f"{text}<<UnsubscribeURL>>{text}"
    assert filled(escaping.go_line(text)) == text
    assert "@TrackLink" not in escaping.go_text(text, places)


@given(HOSTILE.map("".join))
def test_no_template_begins_in_markup(text: str) -> None:
    from html import escape, unescape

    done = escaping.html(f"<style>a{{{{b:c}}}}</style><p>{escape(text)}</p>", {LEAVE_DOOR: "x"})
    assert not re.search(r"\{[{%#]|@TrackLink", done)
    assert unescape(done.partition("</style>")[2]) == f"<p>{text}</p>"
