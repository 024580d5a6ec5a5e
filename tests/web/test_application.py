"""What somebody meets who subscribes, confirms, changes and leaves, over real HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.digest import limits
from aggregator.digest.tokens import Purpose
from aggregator.model import SubscriberState
from aggregator.settings import Serve
from aggregator.store.private.opening import open_private
from tests.support.reception import Pigeon, Reception, reception, value_of
from tests.web.conftest import Kept

ONE_CLICK = "List-Unsubscribe=One-Click"
MULTIPART = (
    '--xyz\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--xyz--\r\n',
    "multipart/form-data; boundary=xyz",
)


def heading(page: str) -> str:
    found = re.search(r"<h1>\s*(.*?)\s*</h1>", page, re.DOTALL)
    assert found is not None
    return found[1]


def state(desk: Reception, id: str) -> SubscriberState | None:
    found = desk.private.subscribers.one(id)
    return found.state if found else None


def test_somebody_subscribes_and_confirms(desk: Reception) -> None:
    asked = desk.subscribes("Ada@example.org", rhythm="monthly", topic=["crews"])
    assert (asked.status_code, heading(asked.text)) == (200, "Now look into your mailbox")
    (mail,) = desk.pigeon.waits_for(1)
    assert mail.address == "Ada@example.org"
    link = re.search(rb"http://\S+/confirm/[a-z2-7]{45}", mail.content)
    assert link is not None
    path = link[0].decode().removeprefix(desk.url)
    shown = desk.asks("GET", path)
    assert (shown.status_code, heading(shown.text)) == (200, "One step left")
    assert state(desk, mail.recipient) is SubscriberState.PENDING
    done = desk.sends(path)
    assert (done.status_code, heading(done.text)) == (200, "You are subscribed")
    ada = desk.private.subscribers.one(mail.recipient)
    assert ada is not None
    assert (ada.state, ada.rhythm, ada.topics, ada.source) == (SubscriberState.ACTIVE, "monthly", ("crews",), "form")


def test_an_international_address_is_written_to_as_mail_servers_know_it(desk: Reception) -> None:
    assert desk.subscribes(" ada@bücher.example ").status_code == 200
    assert [mail.address for mail in desk.pigeon.waits_for(1)] == ["ada@xn--bcher-kva.example"]


def test_the_first_page_that_is_asked_for_writes_nothing(desk: Reception) -> None:
    before = desk.private.keys.signing()
    desk.asks("GET", "")
    assert desk.private.keys.signing() == before != ()


def test_no_page_behind_a_link_says_the_address(desk: Reception) -> None:
    ada = desk.person("ada.lovelace@example.org")
    for what in ("confirm", "leave", "change"):
        for answer in (desk.asks("GET", desk.path(what, ada)), desk.sends(desk.path(what, ada))):
            assert "lovelace" not in answer.text


def test_confirming_twice_says_the_same(desk: Reception) -> None:
    ada = desk.person("ada@example.org", SubscriberState.PENDING)
    first, second = desk.sends(desk.path("confirm", ada)), desk.sends(desk.path("confirm", ada))
    assert (first.status_code, first.text) == (second.status_code, second.text) == (200, first.text)
    assert heading(desk.asks("GET", desk.path("confirm", ada)).text) == "You are subscribed"


def test_a_request_that_waited_for_eight_days_cannot_be_confirmed(desk: Reception) -> None:
    ada = desk.person("ada@example.org", SubscriberState.PENDING)
    desk.watch.goes(days=8)
    for answer in (desk.asks("GET", desk.path("confirm", ada)), desk.sends(desk.path("confirm", ada))):
        assert (answer.status_code, heading(answer.text)) == (404, "This link does not work")
    assert state(desk, ada.id) is not SubscriberState.ACTIVE


def test_leaving_is_one_press_and_a_second_says_the_same(desk: Reception) -> None:
    ada = desk.person("ada@example.org")
    assert heading(desk.asks("GET", desk.path("leave", ada)).text) == "Do you want to leave?"
    assert state(desk, ada.id) is SubscriberState.ACTIVE
    first = desk.sends(desk.path("leave", ada))
    assert (first.status_code, heading(first.text)) == (200, "You have left")
    assert "erased on 20 December 2026" in first.text
    assert state(desk, ada.id) is SubscriberState.LEFT
    second, seen = desk.sends(desk.path("leave", ada)), desk.asks("GET", desk.path("leave", ada))
    assert second.text == seen.text == first.text


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(ONE_CLICK, "application/x-www-form-urlencoded"), MULTIPART, ("", ""), ("\xff\xfe", "text/plain")],
    ids=["form", "multipart", "nothing", "nonsense"],
)
def test_one_click_leaves_at_once(desk: Reception, body: str, content_type: str) -> None:
    """RFC 8058 §3.1: no cookie, no redirect, form-urlencoded or multipart."""
    ada = desk.person("ada@example.org")
    answer = desk.asks("POST", desk.path("leave", ada), data=body.encode("latin-1"), headers={"Content-Type": content_type})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert state(desk, ada.id) is SubscriberState.LEFT


def test_a_mail_server_that_writes_the_token_in_capitals_can_leave(desk: Reception) -> None:
    ada = desk.person("ada@example.org")
    what, _, token = desk.path("leave", ada).partition("/")
    assert desk.sends(f"{what}/{token.upper()}").status_code == 200
    assert state(desk, ada.id) is SubscriberState.LEFT


def test_who_left_can_come_back_from_the_page(desk: Reception) -> None:
    ada = desk.person("ada@example.org")
    left = desk.sends(desk.path("leave", ada))
    desk.watch.goes(seconds=20)
    fields = {"address": "ada@example.org", "rhythm": "weekly", "topic": ["crews"], "homepage": "", "shown": value_of(left.text, "shown")}
    assert desk.sends("subscribe", fields).status_code == 200
    (mail,) = desk.pigeon.waits_for(1)
    assert mail.recipient != ada.id
    assert state(desk, mail.recipient) is SubscriberState.PENDING


def test_leaving_after_the_address_is_erased_says_that_it_is_done(desk: Reception) -> None:
    ada = desk.person("ada@example.org", SubscriberState.LEFT)
    desk.watch.goes(days=29)
    desk.membership.tidy()
    assert state(desk, ada.id) is None
    for answer in (desk.asks("GET", desk.path("leave", ada)), desk.sends(desk.path("leave", ada))):
        assert (answer.status_code, heading(answer.text)) == (200, "You have left")
        assert "Your address is erased." in answer.text


def test_a_link_of_the_time_before_does_not_say_that_who_came_back_has_left(desk: Reception) -> None:
    before = desk.path("leave", desk.person("ada@example.org", SubscriberState.LEFT))
    assert "subscribe again since" not in desk.asks("GET", before).text
    after = desk.person("ada@example.org")
    assert "Then this link is of the time before, and the one in a newer mail leaves." in desk.sends(before).text
    assert state(desk, after.id) is SubscriberState.ACTIVE


def test_somebody_changes_what_they_get(desk: Reception) -> None:
    ada = desk.person("ada@example.org")
    path = desk.path("change", ada)
    page = desk.asks("GET", path).text
    assert re.findall(r'value="(\w+)" checked', page) == ["weekly", "crews", "microsolidarity"]
    saved = desk.sends(path, {"rhythm": "monthly", "topic": "crews"})
    assert (saved.status_code, "Saved. It holds" in saved.text) == (200, True)
    assert re.findall(r'value="(\w+)" checked', saved.text) == ["monthly", "crews"]
    found = desk.private.subscribers.one(ada.id)
    assert found is not None
    assert (found.rhythm, found.topics, found.state) == ("monthly", ("crews",), SubscriberState.ACTIVE)


def test_who_takes_every_topic_gets_those_to_come_as_well(desk: Reception) -> None:
    ada = desk.person("ada@example.org")
    desk.sends(desk.path("change", ada), {"rhythm": "weekly", "topic": ["microsolidarity", "crews"]})
    found = desk.private.subscribers.one(ada.id)
    assert found is not None
    assert found.topics == ()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"topic": "crews"}, "Choose how often it comes."),
        ({"rhythm": "hourly", "topic": "crews"}, "Choose how often it comes."),
        ({"rhythm": "monthly"}, "Choose at least one topic."),
        ({"rhythm": "monthly", "topic": "tax"}, "Choose at least one topic."),
    ],
)
def test_a_change_that_chooses_nothing_changes_nothing(desk: Reception, fields: dict[str, str], wrong: str) -> None:
    ada = desk.person("ada@example.org")
    answer = desk.sends(desk.path("change", ada), fields)
    assert (answer.status_code, wrong in answer.text) == (422, True)
    assert desk.private.subscribers.one(ada.id) == ada


def test_every_link_opens_its_own_door_alone(desk: Reception) -> None:
    ada = desk.person("ada@example.org")
    before = desk.private.subscribers.one(ada.id)
    tokens = desk.membership.tokens
    for what, own in (("confirm", Purpose.CONFIRM), ("leave", Purpose.LEAVE), ("change", Purpose.CHANGE)):
        for purpose in set(Purpose) - {own}:
            answer = desk.sends(f"{what}/{tokens.sign(purpose, ada.id)}", {"rhythm": "monthly", "topic": "crews"})
            assert (answer.status_code, heading(answer.text)) == (404, "This link does not work")
    assert desk.private.subscribers.one(ada.id) == before


def test_bad_foreign_and_expired_links_get_the_same_answer(desk: Reception, tmp_path: Path) -> None:
    ada = desk.person("ada@example.org", SubscriberState.PENDING)
    gone = desk.path("confirm", ada)
    foreign_store = open_private(tmp_path / "foreign" / "private.db", clock=desk.watch)
    from aggregator.digest.membership import Membership

    foreign = Membership(foreign_store, desk.settings, desk.watch).tokens
    links = [
        gone,
        f"confirm/{foreign.sign(Purpose.CONFIRM, ada.id)}",
        "confirm/" + "a" * 45,
        "confirm/short",
        "confirm/%C3%A9%00",
        "confirm/..%2e",
    ]
    foreign_store.close()
    desk.watch.goes(days=8)
    answers = {(answer.status_code, answer.text) for path in links for answer in (desk.asks("GET", path), desk.sends(path))}
    assert len(answers) == 1


def test_a_retired_key_opens_nothing_while_the_server_runs(desk: Reception) -> None:
    ada = desk.person("ada@example.org")
    path = desk.path("leave", ada)
    desk.watch.goes(minutes=1)
    desk.private.keys.rotate(desk.watch.now, retire_before=desk.watch.now)
    assert desk.sends(path).status_code == 404
    assert state(desk, ada.id) is SubscriberState.ACTIVE


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("", "Write one mail address"),
        ("ada", "Write one mail address"),
        ("ada@example.org, eve@example.org", "Write one mail address"),
        ("ada@example.org\r\nBcc: eve@example.org", "Write one mail address"),
        ("\ufffd@example.org", "plain letters"),
        ("digest@example.org", "Write your own address"),
        ("a" * 300 + "@example.org", "Write a shorter address"),
    ],
)
def test_what_is_no_address_comes_back_with_the_field_named(desk: Reception, address: str, wrong: str) -> None:
    answer = desk.subscribes(address)
    assert answer.status_code == 422
    assert wrong in answer.text
    assert '<a href="#address">' in answer.text
    assert 'aria-invalid="true" aria-describedby="address-wrong"' in answer.text
    assert len(value_of(answer.text, "address")) <= 254
    assert desk.private.subscribers.all() == ()


def test_what_was_written_stands_in_the_form_again_and_is_only_text(desk: Reception) -> None:
    answer = desk.subscribes('"><script>alert(1)</script>', rhythm="monthly", topic="crews")
    assert value_of(answer.text, "address") == '"><script>alert(1)</script>'
    assert "<script" not in answer.text
    assert re.findall(r'value="(\w+)" checked', answer.text) == ["monthly", "crews"]


def test_a_form_that_comes_back_at_once_is_asked_for_once_more(desk: Reception) -> None:
    fields = desk.form("ada@example.org")
    fields["shown"] = desk.stamp()
    desk.watch.goes(seconds=2)
    early = desk.sends("subscribe", fields)
    assert (early.status_code, "faster than anybody writes" in early.text) == (422, True)
    assert value_of(early.text, "address") == "ada@example.org"
    desk.watch.goes(seconds=1)
    assert desk.sends("subscribe", {**fields, "shown": value_of(early.text, "shown")}).status_code == 200
    desk.pigeon.waits_for(1)


def test_a_tab_that_was_open_for_a_day_keeps_the_address(desk: Reception) -> None:
    fields = desk.form("ada@example.org")
    desk.watch.goes(hours=25)
    late = desk.sends("subscribe", fields)
    assert (late.status_code, "open for more than a day" in late.text) == (422, True)
    assert value_of(late.text, "address") == "ada@example.org"
    desk.watch.goes(seconds=4)
    assert desk.sends("subscribe", {**fields, "shown": value_of(late.text, "shown")}).status_code == 200
    desk.pigeon.waits_for(1)


@pytest.mark.parametrize("stamp", ["", "x", "6b02d940.", "6b02d940." + "0" * 32, "\ufffd.\ufffd"])
def test_a_stamp_that_is_made_up_does_not_count(desk: Reception, stamp: str) -> None:
    assert desk.subscribes("ada@example.org", shown=stamp).status_code == 422


def test_a_program_that_fills_in_everything_is_told_nothing(desk: Reception) -> None:
    answer = desk.subscribes("ada@example.org", homepage="https://spam.example")
    assert (answer.status_code, heading(answer.text)) == (200, "Now look into your mailbox")
    desk.subscribes("bea@example.org")
    assert [mail.address for mail in desk.pigeon.waits_for(1)] == ["bea@example.org"]
    assert desk.private.subscribers.find("ada@example.org") is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "null"}, 200),
        ({"Origin": "OWN"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_a_form_of_another_site_is_not_taken(desk: Reception, headers: dict[str, str], status: int) -> None:
    own = desk.url.removesuffix("/digest/")
    given = {name: own if value == "OWN" else value for name, value in headers.items()}
    answer = desk.sends("subscribe", desk.form("ada@example.org"), headers=given)
    assert answer.status_code == status
    if status == 403:
        assert "sent from another site" in answer.text
        assert value_of(answer.text, "address") == "ada@example.org"


def test_a_body_that_is_no_form_is_refused(desk: Reception) -> None:
    answer = desk.asks("POST", "subscribe", json={"address": "ada@example.org"})
    assert (answer.status_code, heading(answer.text)) == (415, "That was not our form")
    assert desk.sends("subscribe", {f"field{number}": "x" for number in range(109)}).status_code == 415


def test_the_second_letter_of_a_week_is_not_mailed(desk: Reception) -> None:
    desk.subscribes("ada@example.org")
    desk.pigeon.waits_for(1)
    desk.subscribes("ada@example.org")
    desk.subscribes("bea@example.org")
    assert [mail.address for mail in desk.pigeon.waits_for(2)] == ["ada@example.org", "bea@example.org"]


def test_an_address_over_its_limit_gets_the_same_answer_and_no_mail(desk: Reception) -> None:
    """Three a day; all of them written otherwise, and from other people's networks."""
    answers = {desk.subscribes(f"ada+{number}@example.org").text.replace(f"ada+{number}@", "ada@") for number in range(1, 6)}
    assert len(answers) == 1
    desk.subscribes("bea@example.org")
    assert [mail.address for mail in desk.pigeon.waits_for(4)] == [
        *(f"ada+{number}@example.org" for number in (1, 2, 3)),
        "bea@example.org",
    ]


def test_a_crowded_network_is_told_to_wait(tmp_path: Path) -> None:
    with reception(tmp_path, proxies=("127.0.0.0/8",)) as desk:
        fields = desk.form("ada@example.org")
        crowd = [desk.sends("subscribe", fields, headers={"X-Forwarded-For": f"198.51.100.{number}"}) for number in range(51)]
        assert {answer.status_code for answer in crowd[:50]} == {200}
        assert (crowd[50].status_code, crowd[50].headers["Retry-After"], heading(crowd[50].text)) == (429, "86400", "Too many at once")
        assert desk.sends("subscribe", fields, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 200
        desk.watch.goes(days=1)
        assert desk.subscribes("bea@example.org").status_code == 200


def test_when_a_day_is_full_everybody_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: Kept) -> None:
    monkeypatch.setattr(limits, "PER_DAY", 3)
    with reception(tmp_path, proxies=("127.0.0.0/8",)) as desk:
        fields = desk.form("")
        for at in range(9):
            desk.sends("subscribe", {**fields, "address": "bot@example.org", "homepage": "x"}, headers={"X-Forwarded-For": f"11.{at}.0.1"})
        sent = [
            desk.sends("subscribe", {**fields, "address": f"ada{at}@example.org"}, headers={"X-Forwarded-For": f"10.{at}.0.1"})
            for at in range(5)
        ]
        assert [answer.status_code for answer in sent] == [200, 200, 200, 503, 503]
        assert sum("3 people subscribed within a day" in line for line in logged.waits_for(1)) == 1
        assert (sent[3].headers["Retry-After"], heading(sent[3].text)) == ("86400", "Too many at once")
        assert "Try again tomorrow." in sent[3].text
        desk.watch.goes(days=1)
        assert desk.subscribes("bea@example.org").status_code == 200


def test_nobody_but_a_proxy_may_say_where_a_request_comes_from(desk: Reception) -> None:
    fields = desk.form("ada@example.org")
    answers = [desk.sends("subscribe", fields, headers={"X-Forwarded-For": f"198.51.{number}.7"}) for number in range(51)]
    assert answers[50].status_code == 429


def test_a_proxy_that_is_not_named_is_told_of_once(desk: Reception, logged: Kept) -> None:
    for number in range(3):
        desk.sends("subscribe", desk.form("ada@example.org"), headers={"X-Forwarded-For": f"198.51.100.{number}"})
    warned = [line for line in logged.waits_for(7) if "digest.serve.proxies" in line]
    assert warned == [
        "a proxy says for whom it asks, and is not believed: all readers count as one. Add its network to digest.serve.proxies"
    ]


@pytest.mark.parametrize("base", ["", "digest/", "a/b/", "le%20tre/"])
def test_a_proxy_may_hand_the_path_on_with_or_without_its_base(tmp_path: Path, base: str) -> None:
    with reception(tmp_path, base=base) as desk:
        ada = desk.person("ada@example.org")
        root = desk.url.removesuffix(base)
        for front in (desk.url, root):
            page = desk.session.get(front, timeout=20)
            assert page.status_code == 200
            assert f'action="/{base}subscribe"' in page.text
            left = desk.session.get(front + desk.path("leave", ada), timeout=20)
            assert f'action="/{base}{desk.path("leave", ada)}"' in left.text
            assert desk.session.get(front + "health", timeout=20).json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["digest", "digest/subscribe/", "digest/leave/", "subscribe/"])
def test_no_answer_leads_anywhere(window: Reception, path: str) -> None:
    """A redirect would go to the host that the request names."""
    root = window.url.removesuffix("digest/")
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil", "Forwarded": "host=evil.example"}
    answer = window.session.get(root + path, headers=headers, allow_redirects=False, timeout=20)
    assert answer.status_code == 404
    assert "evil" not in answer.text + str(answer.headers)


def test_links_come_from_the_configuration_alone(window: Reception) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/evil"}
    assert "evil" not in window.asks("GET", "", headers=headers).text


@pytest.mark.parametrize(("method", "path", "allow"), [
    ("DELETE", "", "GET, HEAD"), ("POST", "", "GET, HEAD"), ("GET", "subscribe", "POST"), ("PUT", "leave/x", "GET, HEAD, POST"),
    ("OPTIONS", "confirm/x", "GET, HEAD, POST"), ("POST", "health", "GET, HEAD"),
])  # fmt: skip
def test_other_methods_are_refused_with_those_that_there_are(window: Reception, method: str, path: str, allow: str) -> None:
    answer = window.asks(method, path)
    assert (answer.status_code, answer.headers["Allow"], heading(answer.text)) == (405, allow, "This cannot be done here")


def test_an_unknown_address_gets_the_same_calm_page(window: Reception) -> None:
    answer = window.asks("GET", "wp-login.php?x=1")
    assert (answer.status_code, heading(answer.text)) == (404, "There is no such page")


@pytest.mark.parametrize("path", ["", "health", "leave/x", "nowhere"])
def test_head_is_get_without_the_body(window: Reception, path: str) -> None:
    got, head = window.asks("GET", path), window.asks("HEAD", path)
    assert head.content == b""
    assert (head.status_code, head.headers["Content-Length"]) == (got.status_code, got.headers["Content-Length"])


def test_health_says_ok_and_nothing_else(window: Reception) -> None:
    assert window.asks("GET", "health").text == '{"status":"ok"}'


def test_one_rhythm_and_one_topic_leave_nothing_to_choose(tmp_path: Path) -> None:
    with reception(tmp_path, rhythms={"weekly": "0 8 * * mon"}) as desk:
        page = desk.asks("GET", "").text
        assert 'name="rhythm"' not in page
        assert "in one mail (weekly)" in page
        fields = desk.form("ada@example.org")
        del fields["rhythm"]
        assert desk.sends("subscribe", fields).status_code == 200
        assert desk.pigeon.waits_for(1)


def test_several_servers_on_one_database_take_turns(tmp_path: Path) -> None:
    pigeon = Pigeon()
    with reception(tmp_path, pigeon=pigeon) as one, reception(tmp_path, pigeon=pigeon) as other:
        people = [f"reader{number}@host{number}.example" for number in range(12)]
        form = one.form("")
        other.watch.goes(seconds=10)
        for number, person in enumerate(people):
            assert (one, other)[number % 2].sends("subscribe", {**form, "address": person}).status_code == 200
        assert sorted(mail.address for mail in pigeon.waits_for(12)) == sorted(people)


def test_hsts_is_said_where_readers_come_by_https(tmp_path: Path) -> None:
    with reception(tmp_path) as desk:
        assert "Strict-Transport-Security" not in desk.asks("GET", "").headers
    url = "https://digest.example.org/"
    with reception(tmp_path / "secure", serve=Serve(url=url)) as desk:
        assert desk.asks("GET", "").headers["Strict-Transport-Security"] == "max-age=31536000"
