"""Who gets the digest: asking, confirming, leaving, changing, and what comes back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aggregator.digest.limits import LARGE, PER_ADDRESS, PER_DAY, PER_DAY_BY_MAIL, PER_DOMAIN, PER_NETWORK
from aggregator.digest.membership import Membership
from aggregator.digest.tokens import Purpose
from aggregator.errors import ConfigError
from aggregator.model import Bounce, Delivery, DeliveryState, Edition, Period, Rendered, Subscriber, SubscriberState, Topic
from aggregator.settings import Digest, Mailbox, Serve, Settings, Site
from aggregator.store.private.opening import SqlPrivateStore, open_private

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA = "ada@example.org"
PENDING, ACTIVE, LEFT, SUPPRESSED = SubscriberState
SETTINGS = Settings(
    file=Path("sources.yaml"),
    site=Site(title="Discussing crews"),
    topics=(Topic(id="care", title="Care", any_of=("care",)), Topic(id="crews", title="Crews", any_of=("crews",))),
    sources=(),
    digest=Digest(
        sender="Crew news <digest@example.org>",
        rhythms={"weekly": "0 8 * * mon", "monthly": "0 8 1 * *"},
        serve=Serve(url="https://digest.example.org/"),
        mailbox=Mailbox(address="box@example.org", host="imap.example.org"),
    ),
)


class Club:
    """A membership whose clock is moved by hand, and what its letters would say."""

    def __init__(self, private: SqlPrivateStore) -> None:
        self.private = private
        self.now = START
        self.membership = Membership(private, SETTINGS, lambda: self.now)

    @property
    def everybody(self) -> tuple[Subscriber, ...]:
        return self.private.subscribers.all()

    @property
    def only(self) -> Subscriber:
        [one] = self.everybody
        return one

    def token(self, purpose: Purpose, one: Subscriber | None = None) -> str:
        return self.membership.tokens.sign(purpose, (one or self.only).id)

    def asks(self, address: str = ADA) -> Subscriber:
        self.membership.ask(address, source="form")
        return self.only

    def joins(self) -> Subscriber:
        """Asks, gets the letter and confirms."""
        self.asks()
        self.private.subscribers.claim_letter(self.only.id, self.now)
        assert self.membership.confirm(self.token(Purpose.CONFIRM)) is not None
        return self.only


@pytest.fixture
def club() -> Iterator[Club]:
    with closing(open_private(":memory:", clock=lambda: START)) as private:
        yield Club(private)


# -- asking


def test_who_asks_is_pending_with_what_they_want_and_gets_nothing_yet(club: Club) -> None:
    club.membership.ask(" Ada@B\u00fccher.example ", source="mail", rhythm="monthly", topics=("crews", "care", "crews"))
    expected = Subscriber(
        id=club.only.id,
        address="Ada@xn--bcher-kva.example",
        state=PENDING,
        rhythm="monthly",
        topics=("care", "crews"),
        source="mail",
        asked_at=START,
    )
    assert club.everybody == (expected,)
    assert club.private.subscribers.receiving("crews", "monthly") == ()
    assert club.private.subscribers.unmailed(10) == (expected,)


def test_who_does_not_choose_gets_every_topic_in_the_first_rhythm(club: Club) -> None:
    assert (club.asks().rhythm, club.only.topics) == ("weekly", ())


def test_who_asks_again_within_a_week_is_owed_no_second_letter(club: Club) -> None:
    first = club.asks()
    club.private.subscribers.claim_letter(first.id, club.now)
    club.now += 7 * DAY
    assert club.asks("ADA@example.org") == replace(first, mailed_at=START)
    assert club.private.subscribers.unmailed(10) == ()


def test_who_asks_again_after_a_week_is_asked_anew_and_the_old_letter_does_nothing(club: Club) -> None:
    club.asks()
    old = club.token(Purpose.CONFIRM)
    club.now += 7 * DAY + HOUR
    again = club.asks()
    assert (again.state, again.asked_at, again.mailed_at) == (PENDING, club.now, None)
    assert club.membership.confirm(old) is None
    assert club.membership.confirm(club.token(Purpose.CONFIRM)) is not None


def test_who_gets_the_digest_already_is_left_as_they_are(club: Club) -> None:
    reader = club.joins()
    club.membership.ask(ADA, source="mail", rhythm="monthly")
    assert club.only == reader
    assert club.private.subscribers.unmailed(10) == ()


def test_who_left_comes_back_by_confirming_under_another_id(club: Club) -> None:
    before = club.joins()
    leave = club.token(Purpose.LEAVE)
    club.membership.leave(leave)
    assert club.asks().state is PENDING
    assert club.only.id != before.id
    assert club.private.subscribers.suppressed(ADA)
    assert club.membership.confirm(club.token(Purpose.CONFIRM)) is not None
    assert not club.private.subscribers.suppressed(ADA)
    # The link of an old mail is nobody's any more.
    assert not club.membership.leave(leave)
    assert club.only.state is ACTIVE


def test_who_complained_comes_back_only_by_confirming(club: Club) -> None:
    club.membership.came_back(club.joins().id, Bounce.COMPLAINT)
    club.asks()
    assert club.private.subscribers.receiving("crews", "weekly") == ()
    club.membership.confirm(club.token(Purpose.CONFIRM))
    assert (club.only.state, club.only.bounce) == (ACTIVE, None)
    assert not club.private.subscribers.suppressed(ADA)


def test_who_was_erased_may_ask_again(club: Club) -> None:
    club.joins()
    token = club.token(Purpose.CHANGE)
    club.private.subscribers.erase(ADA, club.now)
    assert club.asks().state is PENDING
    assert club.membership.view(token, Purpose.CHANGE) is None


@pytest.mark.parametrize(
    "address",
    [
        "", "ada", "@example.org", "ada@", "ada@example", "ada@@example.org", "ada@example..org", "ada@-example.org", "a da@example.org",
        "ada@example.org, bo@example.org", "Ada <ada@example.org>", "ada@example.org\r\nBcc: bo@example.org", "ada@[192.0.2.1]",
        "ada@192.0.2.1", ".ada@example.org", "ada.@example.org", "a..da@example.org", '"a da"@example.org', "äda@example.org",
        "a" * 65 + "@example.org", "ada@" + "a" * 64 + ".org", "ada@" + "a." * 125 + "org", "ada\0@example.org", "ada@exa%6dple.org",
        "ada@ex\u200bample_.org",
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_without_repeating_it(club: Club, address: str) -> None:
    with pytest.raises(ValueError, match=r"^Write .*[.]$") as told:
        club.membership.ask(address, source="form")
    assert address.strip() == "" or address not in str(told.value).replace("such as ada@example.org", "")
    assert club.everybody == ()


@pytest.mark.parametrize(
    "address", ["o'neill+news@sub.example.co.uk", "a@b.example", "x" * 64 + "@example.org", "ada@xn--bcher-kva.example"]
)
def test_addresses_that_look_odd_and_are_good_are_taken(club: Club, address: str) -> None:
    assert club.asks(address).address == address


@pytest.mark.parametrize(
    "address", ["digest@example.org", "Box@Example.org", "box+aeaacennpws3ou7k5qcy2dernlr426dpned3nc6zj7d4k@example.org"]
)
def test_the_digest_cannot_subscribe_itself(club: Club, address: str) -> None:
    with pytest.raises(ValueError, match="your own address"):
        club.membership.ask(address, source="mail")


def test_an_unknown_rhythm_or_topic_is_told_with_those_that_there_are(club: Club) -> None:
    with pytest.raises(ValueError, match=r"Choose one of: weekly, monthly\."):
        club.membership.ask(ADA, source="form", rhythm="daily")
    with pytest.raises(ValueError, match=r"Choose among the topics: care, crews\."):
        club.membership.ask(ADA, source="form", topics=("care", "cats"))
    assert club.everybody == ()


def test_without_a_digest_the_operator_is_told_what_to_add() -> None:
    with closing(open_private(":memory:")) as private, pytest.raises(ConfigError, match=r"Add one, .*digest: \{from:"):
        Membership(private, replace(SETTINGS, digest=None), lambda: START)


# -- confirming


def test_who_confirms_gets_the_digest(club: Club) -> None:
    asked = club.asks()
    club.now += DAY
    expected = replace(asked, state=ACTIVE, confirmed_at=club.now)
    assert club.membership.confirm(club.token(Purpose.CONFIRM)) == expected
    assert club.everybody == (expected,)
    assert club.private.subscribers.receiving("care", "weekly") == (asked.id,)


def test_confirming_twice_is_confirming_once(club: Club) -> None:
    reader = club.joins()
    club.now += 30 * DAY
    assert club.membership.confirm(club.token(Purpose.CONFIRM)) == reader
    assert club.only == reader


@pytest.mark.parametrize(("waited", "good"), [(7 * DAY, True), (7 * DAY + timedelta(seconds=1), False)])
def test_a_letter_is_good_for_a_week(club: Club, waited: timedelta, good: bool) -> None:
    club.asks()
    club.now += waited
    token = club.token(Purpose.CONFIRM)
    assert (club.membership.view(token, Purpose.CONFIRM) is not None) is good
    assert (club.membership.confirm(token) is not None) is good
    assert club.only.state is (ACTIVE if good else PENDING)


def test_an_old_letter_brings_nobody_back_who_left(club: Club) -> None:
    club.joins()
    letter = club.token(Purpose.CONFIRM)
    club.membership.leave(club.token(Purpose.LEAVE))
    assert club.membership.view(letter, Purpose.CONFIRM) is None
    assert club.membership.confirm(letter) is None
    assert club.only.state is LEFT


# -- leaving


def test_who_leaves_gets_nothing_more_and_leaving_twice_is_leaving_once(club: Club) -> None:
    reader = club.joins()
    token = club.token(Purpose.LEAVE)
    club.now += DAY
    assert club.membership.leave(token)
    left = replace(reader, state=LEFT, left_at=club.now)
    club.now += DAY
    assert club.membership.leave(token)
    assert club.everybody == (left,)
    assert club.private.subscribers.receiving("care", "weekly") == ()


def test_who_has_not_confirmed_can_leave_and_cannot_confirm_then(club: Club) -> None:
    club.asks()
    assert club.membership.leave(club.token(Purpose.LEAVE))
    assert club.membership.confirm(club.token(Purpose.CONFIRM)) is None
    assert club.only.state is LEFT
    assert club.private.subscribers.unmailed(10) == ()


def test_leaving_takes_nothing_back_of_a_complaint(club: Club) -> None:
    club.membership.came_back(club.joins().id, Bounce.COMPLAINT)
    before = club.only
    assert club.membership.leave(club.token(Purpose.LEAVE))
    assert club.only == before


def test_leaving_while_another_changes_the_row_leaves_all_the_same(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and writing the other one confirms."""
    asked = club.asks()
    genuine = club.private.subscribers.change

    def change(subscriber: Subscriber, *, was: SubscriberState) -> bool:
        monkeypatch.setattr(club.private.subscribers, "change", genuine)
        assert genuine(replace(asked, state=ACTIVE, confirmed_at=club.now), was=PENDING)
        return genuine(subscriber, was=was)

    monkeypatch.setattr(club.private.subscribers, "change", change)
    assert club.membership.leave(club.token(Purpose.LEAVE))
    assert club.only.state is LEFT


def test_confirming_while_the_same_person_leaves_does_not_undo_it(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = club.asks()
    genuine = club.private.subscribers.change

    def change(subscriber: Subscriber, *, was: SubscriberState) -> bool:
        monkeypatch.setattr(club.private.subscribers, "change", genuine)
        assert genuine(replace(asked, state=LEFT, left_at=club.now), was=PENDING)
        return genuine(subscriber, was=was)

    monkeypatch.setattr(club.private.subscribers, "change", change)
    assert club.membership.confirm(club.token(Purpose.CONFIRM)) is None
    assert club.only.state is LEFT


# -- changing


def test_a_reader_changes_rhythm_and_topics(club: Club) -> None:
    reader = club.joins()
    assert club.membership.change(club.token(Purpose.CHANGE), rhythm="monthly", topics=("crews",))
    assert club.only == replace(reader, rhythm="monthly", topics=("crews",))
    assert club.membership.change(club.token(Purpose.CHANGE), rhythm="", topics=())
    assert club.only == reader


def test_who_has_not_confirmed_or_has_left_changes_nothing(club: Club) -> None:
    club.asks()
    assert not club.membership.change(club.token(Purpose.CHANGE), rhythm="monthly", topics=())
    club.membership.leave(club.token(Purpose.LEAVE))
    assert not club.membership.change(club.token(Purpose.CHANGE), rhythm="monthly", topics=())
    assert club.only.rhythm == "weekly"


def test_a_wrong_choice_is_told_and_changes_nothing(club: Club) -> None:
    reader = club.joins()
    with pytest.raises(ValueError, match="Choose one of"):
        club.membership.change(club.token(Purpose.CHANGE), rhythm="daily", topics=())
    assert club.only == reader


# -- tokens


@pytest.mark.parametrize("purpose", Purpose)
def test_a_leaked_token_does_what_it_is_for_and_nothing_else(club: Club, purpose: Purpose) -> None:
    club.joins()
    token = club.token(purpose)
    done = {
        Purpose.CONFIRM: club.membership.confirm(token) is not None,
        Purpose.CHANGE: club.membership.change(token, rhythm="monthly", topics=()),
        Purpose.LEAVE: club.membership.leave(token),
    }
    assert done == {other: other is purpose for other in done}


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_shows_the_subscriber_for_its_purpose_alone(club: Club, purpose: Purpose) -> None:
    reader = club.joins()
    token = club.token(purpose)
    assert {other: club.membership.view(token, other) for other in Purpose} == {
        other: reader if other is purpose else None for other in Purpose
    }


def test_a_token_works_after_a_rotation_and_not_after_its_key_is_retired(club: Club) -> None:
    club.joins()
    token = club.token(Purpose.LEAVE)
    club.private.keys.rotate(club.now + HOUR)
    assert club.membership.view(token, Purpose.LEAVE) is not None
    club.private.keys.rotate(club.now + 2 * HOUR, retire_before=club.now + 2 * HOUR)
    assert not club.membership.leave(token)
    assert club.membership.leave(club.token(Purpose.LEAVE))


# -- what comes back


def test_a_hard_bounce_suppresses_at_once(club: Club) -> None:
    reader = club.joins()
    club.now += DAY
    club.membership.came_back(reader.id, Bounce.HARD)
    assert club.everybody == (replace(reader, state=SUPPRESSED, left_at=club.now, bounce=Bounce.HARD),)


def test_a_letter_to_nobody_suppresses_the_address(club: Club) -> None:
    club.membership.came_back(club.asks().id, Bounce.HARD)
    assert club.only.state is SUPPRESSED
    assert club.membership.confirm(club.token(Purpose.CONFIRM)) is None


def test_a_bounce_for_nobody_we_know_changes_nothing(club: Club) -> None:
    reader = club.joins()
    for recipient in ("listmonk", "b" * 16, ""):
        club.membership.came_back(recipient, Bounce.HARD)
    assert club.only == reader


def sent(club: Club, week: int) -> None:
    """Send an edition of that week to everybody who is active."""
    until = START + week * timedelta(weeks=1)
    id = f"crews/weekly/{week}"
    edition = Edition(
        id=id,
        topic="crews",
        rhythm="weekly",
        period=Period(name=str(week), since=until - timedelta(weeks=1), until=until),
        path=f"digest/{week}.html",
        title="Crews",
        subject="Crews",
        language="en",
        days="",
    )
    ledger, recipients = club.private.ledger, club.private.subscribers.receiving("crews", "weekly")
    rendered = Rendered(html="", text="")
    message_ids = {one: f"{week}.{one}@example.org" for one in recipients}
    assert ledger.freeze(edition, rendered, hash="0", report="", message_ids=message_ids, told=(), at=until)
    claimed = ledger.claim(id, 100, until)
    ledger.settle([replace(one.delivery, state=DeliveryState.HANDED_OVER, attempts=1, at=until) for one in claimed])


def bounces(club: Club, week: int, bounce: Bounce = Bounce.SOFT) -> None:
    club.membership.came_back(club.only.id, bounce, message_id=f"{week}.{club.only.id}@example.org")


def test_three_soft_bounces_in_a_row_suppress(club: Club) -> None:
    club.joins()
    states = []
    for week in (1, 2, 3):
        sent(club, week)
        bounces(club, week)
        states.append(club.only.state)
    assert states == [ACTIVE, ACTIVE, SUPPRESSED]
    assert club.only.bounce is Bounce.SOFT


def test_soft_bounces_of_one_edition_count_once(club: Club) -> None:
    club.joins()
    sent(club, 1)
    for _ in range(5):
        bounces(club, 1)
    assert club.only.state is ACTIVE


def test_an_edition_that_arrived_begins_the_count_anew(club: Club) -> None:
    club.joins()
    for week in (1, 2, 3, 4, 5):
        sent(club, week)
        if week != 3:
            bounces(club, week)
    assert club.only.state is ACTIVE
    sent(club, 6)
    bounces(club, 6)
    assert club.only.state is SUPPRESSED


def test_late_bounces_count_in_whatever_order_they_come(club: Club) -> None:
    club.joins()
    for week in (1, 2, 3, 4):
        sent(club, week)
    # Week 4 is on its way still.
    for week in (3, 1):
        bounces(club, week)
        assert club.only.state is ACTIVE
    bounces(club, 2)
    assert club.only.state is SUPPRESSED


def test_a_soft_bounce_that_names_no_copy_is_about_the_newest(club: Club) -> None:
    club.joins()
    for week in (1, 2, 3):
        sent(club, week)
        club.membership.came_back(club.only.id, Bounce.SOFT)
    assert club.only.state is SUPPRESSED


def test_a_soft_bounce_of_a_letter_or_of_an_unknown_copy_changes_nothing(club: Club) -> None:
    reader = club.joins()
    sent(club, 1)
    for _ in range(5):
        club.membership.came_back(reader.id, Bounce.SOFT, message_id="letter@example.org")
    assert club.only == reader
    assert [copy.bounce for copy in club.private.ledger.recent(reader.id, 5)] == [None]


def test_a_bounce_that_names_another_readers_copy_is_not_noted_there(club: Club) -> None:
    ada = club.joins()
    club.membership.ask("bo@example.org", source="form")
    bo = next(one for one in club.everybody if one.id != ada.id)
    club.membership.confirm(club.token(Purpose.CONFIRM, bo))
    sent(club, 1)
    club.membership.came_back(bo.id, Bounce.SOFT, message_id=f"1.{ada.id}@example.org")
    assert bounced(club, ada) == bounced(club, bo) == [None]


def bounced(club: Club, one: Subscriber) -> list[Bounce | None]:
    recent: tuple[Delivery, ...] = club.private.ledger.recent(one.id, 5)
    return [copy.bounce for copy in recent]


def test_a_bounce_is_noted_with_its_copy(club: Club) -> None:
    club.joins()
    sent(club, 1)
    sent(club, 2)
    bounces(club, 1, Bounce.HARD)
    assert bounced(club, club.only) == [None, Bounce.HARD]


@pytest.mark.parametrize("bounce", Bounce)
def test_who_did_not_want_the_letter_gets_no_second_one_that_week(club: Club, bounce: Bounce) -> None:
    first = club.asks()
    assert club.private.subscribers.claim_letter(first.id, club.now)
    club.private.subscribers.suppress(ADA, bounce, club.now)
    club.now += 7 * DAY
    assert club.asks().id == first.id
    assert club.private.subscribers.unmailed(9) == ()
    club.now += HOUR
    assert (club.asks().state, club.only.id == first.id) == (PENDING, False)


# -- limits


def admitted(club: Club, times: int, *, network: str = "", address: str = ADA) -> int:
    return sum(club.membership.admit(network=network, address=address.format(number), now=club.now) for number in range(times))


def test_one_address_is_asked_for_a_few_times_a_day_whoever_asks_and_whatever_its_tag(club: Club) -> None:
    assert admitted(club, 20, address="ada+{}@example.org") == PER_ADDRESS
    assert admitted(club, 1, address="ADA@example.org", network="192.0.2.0/24") == 0
    club.now += DAY + HOUR
    assert admitted(club, 1) == 1


@pytest.mark.parametrize(
    "spellings",
    [
        ("ada.byron@gmail.com", "adabyron@gmail.com", "a.d.a.b.y.r.o.n@googlemail.com", "A.dabyron+crews@Gmail.com"),
        ("ada-byron@proton.me", "ada_byron@pm.me", "adabyron@protonmail.com", "ada.byron+x@proton.me"),
        ("ada@icloud.com", "ada@me.com", "ada@mac.com", "ada+x@icloud.com"),
    ],
)
def test_a_mailbox_is_not_flooded_by_the_many_ways_its_provider_lets_it_be_spelled(club: Club, spellings: tuple[str, ...]) -> None:
    assert sum(admitted(club, 1, address=one, network=f"192.0.{at}.0/24") for at, one in enumerate(spellings)) == PER_ADDRESS


def test_where_the_server_tells_dots_apart_so_do_the_limits(club: Club) -> None:
    assert [admitted(club, 1, address=one) for one in ("a.da@example.org", "ad.a@example.org", "ada@example.org", "ada@gmail.example")] == [
        1
    ] * 4


def test_one_network_asks_for_a_few_dozen_addresses_a_day(club: Club) -> None:
    assert admitted(club, 80, address="ada{}@gmail.com", network="192.0.2.0/24") == PER_NETWORK
    assert admitted(club, 1, address="bo@gmail.com", network="198.51.100.0/24") == 1


def test_a_small_domain_is_not_flooded_and_a_large_one_is_not_shut(club: Club) -> None:
    assert admitted(club, 80, address="ada{}@example.org") == PER_DOMAIN
    assert admitted(club, 80, address="ada{}@gmail.com") == 80


def test_what_comes_by_mail_has_no_network_to_count(club: Club) -> None:
    assert admitted(club, PER_NETWORK + 10, address="ada{}@gmail.com") == PER_NETWORK + 10


def test_no_more_is_mailed_in_a_day_than_a_young_sender_may_mail(club: Club) -> None:
    assert admitted(club, PER_DAY_BY_MAIL + 5, address="ada{}@gmail.com") == PER_DAY_BY_MAIL
    networks = [f"10.{number // 250}.{number % 250}.0/24" for number in range(PER_DAY + 5)]
    assert sum(admitted(club, 1, address=f"bo{at}@gmail.com", network=one) for at, one in enumerate(networks)) == PER_DAY


def test_the_large_domains_are_written_as_they_are_compared() -> None:
    assert {domain.lower().strip() for domain in LARGE} == LARGE
    assert {"gmail.com", "outlook.com", "yahoo.com", "icloud.com", "gmx.de"} <= LARGE


def test_what_is_no_address_is_counted_without_harm(club: Club) -> None:
    assert club.membership.admit(network="", address="\ud800 nobody", now=club.now)


# -- forgetting


def test_stale_requests_go_after_a_week_and_those_who_left_after_four(club: Club) -> None:
    club.joins()
    club.membership.leave(club.token(Purpose.LEAVE))
    club.now += 21 * DAY
    club.membership.ask("bo@example.org", source="form")
    club.now += 7 * DAY
    assert club.membership.tidy() == (0, 0)
    club.now += HOUR
    assert club.membership.tidy() == (1, 1)
    assert club.everybody == ()
    assert club.private.subscribers.suppressed(ADA)
    assert not club.private.subscribers.suppressed("bo@example.org")


def test_who_asked_from_where_is_forgotten_after_a_day_also_when_nobody_asks_any_more(tmp_path: Path) -> None:
    with closing(open_private(tmp_path / "private.db")) as private, closing(sqlite3.connect(tmp_path / "private.db")) as connection:
        club = Club(private)
        admitted(club, 1, network="192.0.2.0/24")
        kept = []
        for _ in range(2):
            club.now += 13 * HOUR
            club.membership.tidy()
            kept.append(connection.execute("SELECT count(*) FROM request").fetchone()[0])
    assert kept == [4, 0]


def test_a_reader_is_never_forgotten(club: Club) -> None:
    reader = club.joins()
    club.now += 3650 * DAY
    assert club.membership.tidy() == (0, 0)
    assert club.only == reader


# -- whatever happens


class Life(RuleBasedStateMachine):
    """One address, and whoever has its links: new ones, and those of every time it asked before."""

    def __init__(self) -> None:
        super().__init__()
        self.private = open_private(":memory:")
        self.club = Club(self.private)
        # Whether its owner confirmed after they last left.
        self.wants = False
        self.former: list[str] = []
        self.letters: list[str] = []

    def teardown(self) -> None:
        self.private.close()

    @property
    def one(self) -> Subscriber | None:
        return self.club.everybody[0] if self.club.everybody else None

    @rule()
    def ask(self) -> None:
        before = self.one
        self.club.asks()
        if before and before.id != self.club.only.id:
            self.former.append(before.id)

    @precondition(lambda self: self.one)
    @rule()
    def mail_the_letter(self) -> None:
        if self.private.subscribers.claim_letter(self.club.only.id, self.club.now):
            self.letters.append(self.club.only.id)

    @precondition(lambda self: self.one)
    @rule()
    def confirm(self) -> None:
        self.wants |= self.club.membership.confirm(self.club.token(Purpose.CONFIRM)) is not None

    @precondition(lambda self: self.one)
    @rule()
    def leave(self) -> None:
        assert self.club.membership.leave(self.club.token(Purpose.LEAVE))
        self.wants = False

    @precondition(lambda self: self.one)
    @rule()
    def change(self) -> None:
        assert self.club.membership.change(self.club.token(Purpose.CHANGE), rhythm="", topics=()) is self.wants

    @precondition(lambda self: self.one)
    @rule(bounce=st.sampled_from((Bounce.HARD, Bounce.COMPLAINT)))
    def come_back(self, bounce: Bounce) -> None:
        self.club.membership.came_back(self.club.only.id, bounce)
        self.wants = False

    @precondition(lambda self: self.former)
    @rule(choice=st.data())
    def use_every_link_of_an_earlier_time(self, choice: st.DataObject) -> None:
        id = choice.draw(st.sampled_from(self.former))
        sign, membership = self.club.membership.tokens.sign, self.club.membership
        assert membership.confirm(sign(Purpose.CONFIRM, id)) is None
        assert not membership.leave(sign(Purpose.LEAVE, id))
        assert not membership.change(sign(Purpose.CHANGE, id), rhythm="", topics=())
        membership.came_back(id, Bounce.HARD)

    @rule()
    def tidy(self) -> None:
        before = self.one
        self.club.membership.tidy()
        if before and not self.one:
            self.former.append(before.id)

    @precondition(lambda self: self.one)
    @rule()
    def erase(self) -> None:
        self.former.append(self.club.only.id)
        assert self.private.subscribers.erase(ADA, self.club.now)
        self.wants = False

    @rule(days=st.sampled_from((1, 8, 30)))
    def wait(self, days: int) -> None:
        self.club.now += days * DAY

    @invariant()
    def nobody_gets_the_digest_who_did_not_confirm_after_they_last_left(self) -> None:
        assert bool(self.private.subscribers.receiving("crews", "weekly")) is self.wants

    @invariant()
    def there_is_one_row_and_one_letter_for_each_time_of_asking(self) -> None:
        assert len(self.club.everybody) <= 1
        assert len(set(self.letters)) == len(self.letters)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=25)
