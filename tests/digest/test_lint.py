"""The linter: a sound edition has nothing to say of it, and each rule finds the one thing that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK
from aggregator.digest.lint import RULES, STRUCTURAL, Draft, LinkState, LinkStatus, Report, Severity, lint
from aggregator.digest.lint_report import error, warning
from aggregator.model import EditionState, Group, Item, Period, Rendered
from tests.support.drafts import GOOD_DOMAIN, NOW, draft, found, last_week, the_only, whole_digest
from tests.support.editions import WEEK, edition, item, some_items

DEAD = LinkStatus(state=LinkState.DEAD, status=404, reason="there is nothing at this address (status 404)")
GOOD_LINK = LinkStatus(state=LinkState.GOOD, status=200)


def html(given: Draft, change: Callable[[str], str]) -> Draft:
    return replace(given, rendered=replace(given.rendered, html=change(given.rendered.html)))


def mail(given: Draft, before: bytes, after: bytes) -> Draft:
    assert given.sample is not None
    assert before in given.sample
    return replace(given, sample=given.sample.replace(before, after, 1))


def without_field(given: Draft, name: str) -> Draft:
    assert given.sample is not None
    head, _, body = given.sample.partition(b"\r\n\r\n")
    fields = head.replace(b"\r\n ", b"\x00").split(b"\r\n")
    kept = [field for field in fields if not field.lower().startswith(name.lower().encode() + b":")]
    assert len(kept) < len(fields)
    return replace(given, sample=b"\r\n".join(kept).replace(b"\x00", b"\r\n ") + b"\r\n\r\n" + body)


@pytest.mark.parametrize(
    "digest",
    [
        whole_digest(),
        whole_digest(serve=None),
        whole_digest(mailbox=None),
        whole_digest(through="folder"),
        whole_digest(sender='"Crew: the news" <digest@example.org>', reply_to="Ada <ada@example.org>", postal="Hill 1, TODO City"),
    ],
    ids=["both doors", "by mail", "by form", "folder", "names"],
)
def test_nothing_is_said_of_a_sound_edition(digest: Any) -> None:
    assert lint(draft(digest=digest)).text() == ""
    assert lint(draft(digest=digest, last=None, domain=None)).text() == ""


WORDS = st.sampled_from(
    (
        *("None", "TODO", "{{", "}}", "{% x %}", "undefined", "null", "lorem ipsum", "[[", "<b>", "&amp;", '"', "it's", "-", "*", "5."),
        *("https://x.example/?a=1&b=2", "<https://x.example/>", "mailto:a@b.example", "a@b.example", "crews", "x" * 90),
        *("“a”", "é", "日本", "אב", "👩🏽", "…", "—"),
    )
)
TEXTS = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
HREFS = st.sampled_from(
    [None, "https://x.example/a?b=c&d=e", "https://x.example/(a)_b,c", "http://x.example/%C3%A9", "https://x.example/a'b"]
)


@st.composite
def items(draw: st.DrawFn, number: int) -> Item:
    return item(
        draw(TEXTS),
        draw(HREFS),
        story=f"story{number}",
        group=draw(st.sampled_from(list(Group))),
        who=draw(TEXTS | st.just("")),
        sentence=draw(TEXTS | st.just("")),
        talk=draw(TEXTS | st.just("")),
        language=draw(st.sampled_from(["", "he", "de"])),
    )


@given(st.data())
@settings(max_examples=15, deadline=None)
def test_nothing_is_said_of_whatever_people_call_their_stories(data: st.DataObject) -> None:
    made = [data.draw(items(number)) for number in range(data.draw(st.integers(1, 6)))]
    full = sorted(made, key=lambda one: list(Group).index(one.group))
    also, talked = (tuple(data.draw(st.lists(items(100 + at), max_size=1))) for at in (0, 1))
    given = edition(full, also=also, talked=talked, more=data.draw(st.integers(0, 3)), coverage=data.draw(TEXTS | st.just("")))
    assert lint(draft(given)).text() == ""


@pytest.mark.parametrize(
    "name", ["From", "To", "Date", "Subject", "Message-ID", "MIME-Version", "List-Id", "Precedence", "Auto-Submitted", "Feedback-ID"]
)
def test_a_missing_header_is_found(name: str) -> None:
    assert name in the_only(lint(without_field(draft(), name)), "header")


@pytest.mark.parametrize("name", ["List-Unsubscribe", "List-Unsubscribe-Post"])
def test_a_missing_way_to_leave_in_the_header_is_found(name: str) -> None:
    report = lint(without_field(draft(), name))
    assert {one.rule for one in report.errors} == {"header"}
    assert any(name in one.sentence for one in report.errors)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (b"From: Discussing <digest@example.org>", b"From: Discussing <digest@elsewhere.example>", "From"),
        (b"@example.org>\r\nFrom", b"@elsewhere.example>\r\nFrom", "Message-ID"),
        (b"Date: Mon, 23 Nov 2026", b"Date: Mon, 16 Nov 2026", "Date"),
        (b"Date: Mon, 23 Nov", b"Date: some day in Nov", "Date"),
        (b"<microsolidarity.example.org>", b"microsolidarity", "List-Id"),
        (b"Precedence: bulk", b"Precedence: urgent", "Precedence"),
        (b"Auto-Submitted: auto-generated", b"Auto-Submitted: no", "Auto-Submitted"),
        (b":weekly:example-org", b":weekly:a:b:example-org", "Feedback-ID"),
        (b"To: reader@example.org", b"To: reader@example.org, other@example.org", "more than one"),
        (b"List-Unsubscribe=One-Click", b"One-Click", "One-Click"),
        (b"MIME-Version: 1.0", b"MIME-Version: 1.0\r\nSubject: again", "subject is there 2 times"),
        (b"MIME-Version: 1.0", b"MIME-Version: 1.0\r\nX-Name: caf\xc3\xa9", "ASCII"),
    ],
)
def test_a_wrong_header_is_found(before: bytes, after: bytes, words: str) -> None:
    assert words in the_only(lint(mail(draft(), before, after)), "header")


def test_an_https_door_that_the_header_lacks_is_found() -> None:
    given = draft()
    assert given.sample is not None
    way = given.sample.partition(b"List-Unsubscribe: ")[2].partition(b",")[0]
    report = lint(mail(mail(given, way + b",\r\n ", b""), b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""))
    assert "no https address" in the_only(report, "header")


def test_a_mailto_door_that_the_header_lacks_is_found() -> None:
    given = draft()
    assert given.sample is not None
    way = b"<mailto:" + given.sample.partition(b",\r\n <mailto:")[2].partition(b"\r\n")[0]
    assert "no mailto" in the_only(lint(mail(given, b",\r\n " + way, b"")), "header")


@pytest.mark.parametrize("line", [b"X-Long: " + b"x" * 998, b"X-Bare: a\nb"])
def test_a_line_that_servers_refuse_is_found(line: bytes) -> None:
    the_only(lint(mail(draft(), b"MIME-Version", line + b"\r\nMIME-Version")), "line-length")


def test_a_mail_that_is_too_large_is_found() -> None:
    given = draft()
    assert given.sample is not None
    padding = (b"x" * 76 + b"\r\n") * 6500
    the_only(lint(replace(given, sample=given.sample + padding)), "mail-size")


@pytest.mark.parametrize(("size", "rules"), [(89_999, []), (90_000, ["html-size"])])
def test_html_that_gmail_cuts_off_is_found(size: int, rules: list[str]) -> None:
    given = draft()
    missing = size - len(given.rendered.html.encode())
    report = lint(html(given, lambda text: text.replace("</body>", " " * missing + "</body>")))
    assert [one.rule for one in report.findings] == rules


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("Story number 2", "Story number 22"),
        lambda text: text.replace("<https://blog.example.org/2>", "<https://blog.example.org/3>"),
        lambda text: text.replace("Nadia", "", 1),
        lambda text: text + "More.\n",
        lambda text: text.replace("Story number 2 <", "Story <").replace("Story number 3 <", "Story number 2 number 3 <"),
    ],
    ids=["title", "link", "name", "more", "order"],
)
def test_texts_that_differ_are_found(change: Callable[[str], str]) -> None:
    given = draft()
    changed = replace(given, rendered=replace(given.rendered, text=change(given.rendered.text)))
    assert "the plain text says" in the_only(lint(changed), "texts-differ")


def test_the_sentence_about_texts_that_differ_names_no_mailbox_and_no_token() -> None:
    given = draft()
    text = given.rendered.text.replace("Answers to this mail reach digest@example.org", "Answers")
    sentence = the_only(lint(replace(given, rendered=replace(given.rendered, text=text))), "texts-differ")
    assert "@" not in sentence.replace("…@…", "")
    assert LEAVE_MARK not in sentence


def test_what_is_not_shown_need_not_be_in_the_plain_text() -> None:
    hidden = '<div style="display:none"><p>A taste</p> of <b>it</b></div><p hidden>more</p>'
    assert lint(html(draft(), lambda text: text.replace("<h1", hidden + "<h1", 1))).text() == ""
    shown = hidden.replace("display:none", "color:red")
    the_only(lint(html(draft(), lambda text: text.replace("<h1", shown + "<h1", 1))), "texts-differ")


IMAGE = '<img src="data:image/png;base64,AAAA"{}>'


@pytest.mark.parametrize("alt", ["", ' alt=""', ' alt="  "'])
def test_an_image_without_alt_is_found(alt: str) -> None:
    the_only(lint(html(draft(), lambda text: text.replace("</h1>", "</h1>" + IMAGE.format(alt)))), "image-without-alt")


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="https://x.example/a.png" alt="-">',
        '<img src="//x.example/a.png" alt="-">',
        '<table background="http://x.example/a.png"></table>',
        "<p style=\"background:url('https://x.example/a')\"></p>",
        '<link rel="stylesheet" href="https://x.example/a.css">',
        "<style>@import 'https://x.example/a.css';</style>",
        "<style>p{background:url(https://x.example/a)}</style>",
    ],
)
def test_what_would_be_loaded_is_found(markup: str) -> None:
    the_only(lint(html(draft(), lambda text: text.replace("</h1>", "</h1>" + markup))), "remote-content")


@pytest.mark.parametrize(
    "markup",
    ["<script>1</script>", "<form></form>", '<p onclick="x()"></p>', '<meta http-equiv="refresh" content="0">', "<iframe></iframe>"],
)
def test_what_would_run_is_found(markup: str) -> None:
    the_only(lint(html(draft(), lambda text: text.replace("</h1>", "</h1>" + markup))), "script")


@pytest.mark.parametrize("left", ["{{ mail.days }}", "None", "TODO", "undefined", "Lorem ipsum", "{% if x %}", "[object Object]"])
def test_what_was_left_in_is_found(left: str) -> None:
    given = draft(edition([item("None of us, or {{ all }}: TODO"), *some_items()]))
    assert lint(given).text() == ""
    rendered = Rendered(
        html=given.rendered.html.replace("You get this mail", f"{left} You get this mail"),
        text=given.rendered.text.replace("You get this mail", f"{left} You get this mail"),
    )
    the_only(lint(replace(given, rendered=rendered)), "placeholder")


@pytest.mark.parametrize("mark", [LEAVE_MARK, CHANGE_MARK])
def test_a_mark_that_was_not_filled_is_found(mark: str) -> None:
    given = draft()
    assert given.sample is not None
    inside = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    the_only(lint(mail(given, inside, inside + mark[:30].encode() + b"=\r\n" + mark[30:].encode())), "token-mark")


@pytest.mark.parametrize("href", ["javascript:alert(1)", "story/x.html", "ftp://x.example/", "", "#top", "https://", "//x.example/a"])
def test_a_link_that_no_mail_may_hold_is_found(href: str) -> None:
    given = draft()
    changed = html(given, lambda text: text.replace('<a href="https://blog.example.org/1"', f'<a href="{href}"', 1))
    report = lint(changed)
    assert "link-scheme" in {one.rule for one in report.errors}
    assert report.blocking(accept=set(RULES)) == tuple(one for one in report.errors if one.rule in STRUCTURAL)


def test_an_address_that_a_title_mentions_is_none_of_the_editions_links() -> None:
    given = draft(edition([item("What https://? is, and https://gone.example/"), *some_items()]), links={"https://gone.example/": DEAD})
    assert lint(given).text() == ""


def test_a_dead_link_is_found() -> None:
    links = {"https://blog.example.org/1": DEAD, "https://blog.example.org/2": LinkStatus(state=LinkState.GOOD, status=200)}
    assert "https://blog.example.org/1" in the_only(lint(draft(links=links)), "dead-link")


def test_a_link_that_nobody_answered_for_is_a_warning() -> None:
    links = {"https://blog.example.org/1": LinkStatus(state=LinkState.UNKNOWN, reason="no answer within 60 s")}
    the_only(lint(draft(links=links)), "dead-link", Severity.WARNING)


def test_a_link_that_does_not_show_itself_to_programs_is_not_told() -> None:
    links = {"https://blog.example.org/1": LinkStatus(state=LinkState.CLOSED, status=403, reason="access was refused")}
    assert lint(draft(links=links)).text() == ""


def test_a_page_of_our_own_that_is_not_there_yet_is_a_warning() -> None:
    own = f"https://example.org/discussing/{edition().items[0].page}"
    the_only(lint(draft(links={own: DEAD})), "dead-link", Severity.WARNING)


def test_pages_of_our_own_that_are_not_there_yet_are_one_warning() -> None:
    own = [f"https://example.org/discussing/{one.page}" for one in edition().items]
    said = the_only(lint(draft(links=dict.fromkeys([*own, "https://example.org/discussing/digest/"], DEAD))), "dead-link", Severity.WARNING)
    assert f"{len(own) + 1} pages of your site, as {own[0]}, are not there yet" in said


def test_links_of_one_host_that_answered_alike_are_one_finding_that_names_them() -> None:
    given = draft(edition([item(f"Story {at}", f"https://blog.example.org/{at}") for at in range(7)]))
    links = {f"https://blog.example.org/{at}": DEAD for at in range(7)}
    said = the_only(lint(replace(given, links=links)), "dead-link")
    assert said.startswith("https://blog.example.org/0, ")
    assert "https://blog.example.org/3 and 3 more lead nowhere" in said


def test_links_that_answered_otherwise_are_findings_of_their_own() -> None:
    given = draft(edition([item(f"Story {at}", f"https://{host}.example.org/{at}") for at, host in enumerate(("a", "a", "b", "c", "c"))]))
    dead, slow = DEAD, LinkStatus(state=LinkState.UNKNOWN, reason="no answer within 60 s")
    links = dict(zip((one.href or "" for one in given.edition.items), (dead, slow, dead, GOOD_LINK, GOOD_LINK), strict=True))
    assert found(lint(replace(given, links=links))) == [("dead-link", Severity.ERROR)] * 2 + [("dead-link", Severity.WARNING)]


def test_when_no_host_is_found_at_all_it_is_one_finding_about_this_machine() -> None:
    given = draft(edition([item(f"Story {at}", f"https://{at}.example.net/") for at in range(6)]))
    links = {one.href or "": LinkStatus(state=LinkState.DEAD, reason=f"no such host '{at}'") for at, one in enumerate(given.edition.items)}
    assert "None of the 6 hosts" in the_only(lint(replace(given, links=links)), "dead-link")
    one_answers = {**links, "https://0.example.net/": GOOD_LINK}
    assert found(lint(replace(given, links=one_answers))) == [("dead-link", Severity.ERROR)] * 5


def test_when_nobody_answers_at_all_it_is_one_warning() -> None:
    given = draft(edition([item(f"Story {at}", f"https://{at}.example.net/") for at in range(6)]))
    links = {one.href or "": LinkStatus(state=LinkState.UNKNOWN, reason="connection refused") for one in given.edition.items}
    assert "None of its 6 links" in the_only(lint(replace(given, links=links)), "dead-link", Severity.WARNING)


def test_a_server_for_readers_that_does_not_run_is_told_as_that() -> None:
    links = {"https://news.example.org/": LinkStatus(state=LinkState.UNKNOWN, reason="connection refused")}
    assert "aggregator serve" in the_only(lint(draft(links=links)), "dead-link", Severity.WARNING)


def test_a_story_of_the_last_edition_is_found() -> None:
    last = last_week(edition=replace(last_week().edition, items=edition().items[:1]))
    assert edition().items[0].title in the_only(lint(draft(last=last)), "told-before")


def test_a_story_that_was_told_is_found_by_its_id_and_by_its_address() -> None:
    one, two = edition().items[:2]
    report = lint(draft(told=frozenset({one.story, "https://blog.example.org/2"})))
    assert found(report) == [("told-before", Severity.ERROR)] * 2
    assert (one.title in report.errors[0].sentence, two.title in report.errors[1].sentence) == (True, True)


def test_a_story_that_is_there_twice_is_found() -> None:
    twice = edition([*some_items(), some_items()[-1]])
    assert "twice" in the_only(lint(draft(twice)), "told-before")


def test_a_story_that_is_talked_about_still_may_have_been_told() -> None:
    told = item("Told last week", "https://blog.example.org/last-week")
    assert lint(draft(edition(talked=(told,), pinned=(told,)), told=frozenset({told.story}))).text() == ""


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (replace(WEEK, since=WEEK.until), "before it begins"),
        (replace(WEEK, until=NOW + DAY), "in the future"),
        (replace(WEEK, since=WEEK.since - DAY), "repeats a part of 2026-W46"),
        (replace(WEEK, since=WEEK.since + DAY), "leaves a gap after 2026-W46"),
        (Period(name="2026-W45", since=WEEK.since - 9 * DAY, until=WEEK.since - 8 * DAY), "is not after 2026-W46"),
    ],
)
def test_a_wrong_period_is_found(period: Period, words: str) -> None:
    assert words in the_only(lint(draft(edition(period=period))), "period")


def test_a_rhythm_that_is_gone_is_found() -> None:
    assert "'hourly'" in the_only(lint(draft(edition(rhythm="hourly"))), "period")


def test_a_period_after_one_that_was_cancelled_may_begin_before_it() -> None:
    last = last_week(state=EditionState.CANCELLED)
    assert lint(draft(edition(period=replace(WEEK, since=WEEK.since - 7 * DAY)), last=last)).text() == ""


def test_a_period_of_many_weeks_is_a_warning() -> None:
    since = WEEK.until - 28 * DAY
    last = last_week(edition=replace(last_week().edition, period=Period(name="2026-W43", since=since - 7 * DAY, until=since)))
    the_only(lint(draft(edition(period=replace(WEEK, since=since)), last=last)), "period", Severity.WARNING)


@pytest.mark.parametrize(
    ("before", "now", "rules"), [(100, 50, []), (100, 49, ["recipients"]), (100, 150, []), (100, 151, ["recipients"]), (9, 90, [])]
)
def test_recipients_that_changed_by_more_than_half_are_found(before: int, now: int, rules: list[str]) -> None:
    report = lint(draft(last=last_week(recipients=before), recipients=now))
    assert [one.rule for one in report.errors] == rules


def test_nobody_to_send_to_is_a_warning() -> None:
    the_only(lint(draft(last=None, recipients=0)), "recipients", Severity.WARNING)


def test_an_edition_that_nobody_can_leave_is_found() -> None:
    given = draft()
    changed = replace(given, rendered=replace(given.rendered, text=given.rendered.text.replace(LEAVE_MARK, "x" * len(LEAVE_MARK))))
    assert "no-leave" in {one.rule for one in lint(changed).errors}
    bare = whole_digest(through="folder", serve=None, mailbox=None)
    the_only(lint(draft(digest=bare)), "no-leave", Severity.WARNING)


def test_an_empty_edition_is_found() -> None:
    the_only(lint(draft(edition([]))), "empty")


def test_every_rule_is_broken_by_a_test() -> None:
    from pathlib import Path

    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_lint*.py"))
    assert [rule for rule in RULES if f'"{rule}"' not in text] == []


def test_a_report_blocks_by_its_errors_unless_they_are_accepted() -> None:
    report = Report(findings=(error("script", "A."), error("dead-link", "B."), warning("recipients", "C.")))
    assert [one.rule for one in report.blocking()] == ["script", "dead-link"]
    assert [one.rule for one in report.blocking({"dead-link", "script"})] == ["script"]
    assert (len(report.errors), len(report.warnings)) == (2, 1)
    assert report.text() == "error   script: A.\nerror   dead-link: B.\nwarning recipients: C."


def test_a_report_is_read_as_it_was_written() -> None:
    report = lint(draft(recipients=10, domain=replace(GOOD_DOMAIN, spf=None), edition=edition([])))
    assert Report.from_json(report.to_json()) == report
    assert Report.from_json("") == Report()
    with pytest.raises(ValueError, match="list of findings"):
        Report.from_json("7")


def test_errors_come_before_warnings() -> None:
    report = lint(draft(recipients=0, domain=replace(GOOD_DOMAIN, dkim=None), last=None, links={"https://blog.example.org/1": DEAD}))
    assert [one.severity for one in report.findings] == [Severity.ERROR, Severity.WARNING, Severity.WARNING]
