"""What mail servers, mail programs and people send, in their own shapes: what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.digest.mailbox.acting import Outcome
from aggregator.model import Bounce, SubscriberState
from tests.support.correspondence import ADA, BO, FIXTURES, Correspondence, correspondence

ACTIVE, LEFT, SUPPRESSED = SubscriberState.ACTIVE, SubscriberState.LEFT, SubscriberState.SUPPRESSED
# Of each mail: what came of it, Ada's state afterwards, and what is noted of the copy that she was sent.
EXPECTED: dict[str, tuple[Outcome, SubscriberState, Bounce | None]] = {
    "postfix-unknown-user": (Outcome.CAME_BACK_HARD, SUPPRESSED, Bounce.HARD),
    "postfix-mailbox-full": (Outcome.CAME_BACK, ACTIVE, Bounce.SOFT),
    "postfix-expired": (Outcome.CAME_BACK, ACTIVE, Bounce.SOFT),
    "postfix-delayed": (Outcome.NOTHING, ACTIVE, None),
    "postfix-delivered": (Outcome.NOTHING, ACTIVE, None),
    "exim-unknown-user": (Outcome.CAME_BACK_HARD, SUPPRESSED, Bounce.HARD),
    "exim-in-words": (Outcome.CAME_BACK, ACTIVE, Bounce.SOFT),
    "exim-warning": (Outcome.NOTHING, ACTIVE, None),
    "qmail": (Outcome.CAME_BACK, ACTIVE, Bounce.SOFT),
    "yahoo-in-words": (Outcome.CAME_BACK, ACTIVE, Bounce.SOFT),
    "exchange-not-found": (Outcome.CAME_BACK_HARD, SUPPRESSED, Bounce.HARD),
    "exchange-blocked": (Outcome.CAME_BACK, ACTIVE, Bounce.SOFT),
    "gmail-unknown-user": (Outcome.CAME_BACK_HARD, SUPPRESSED, Bounce.HARD),
    "international": (Outcome.CAME_BACK_HARD, SUPPRESSED, Bounce.HARD),
    "one-behind-an-alias": (Outcome.CAME_BACK, ACTIVE, Bounce.SOFT),
    "copy-of-no-token": (Outcome.CAME_BACK_HARD, SUPPRESSED, Bounce.HARD),
    "arf-yahoo": (Outcome.COMPLAINED, SUPPRESSED, Bounce.COMPLAINT),
    "arf-redacted": (Outcome.COMPLAINED, SUPPRESSED, Bounce.COMPLAINT),
    "arf-not-spam": (Outcome.NOTHING, ACTIVE, None),
    "microsoft-complaint": (Outcome.COMPLAINED, SUPPRESSED, Bounce.COMPLAINT),
    "away-exchange": (Outcome.NOTHING, ACTIVE, None),
    "leave-of-a-mail-program": (Outcome.LEFT, LEFT, None),
    "forwarded-by-a-person": (Outcome.UNTOUCHED, ACTIVE, None),
    "bounce-that-a-person-forwards": (Outcome.UNTOUCHED, ACTIVE, None),
}
# Of each mail to the address that confirms: what came of it, and the state of her who asked.
ANSWERS = {
    "answer-that-confirms": (Outcome.CONFIRMED, ACTIVE),
    "away-sieve-to-confirm": (Outcome.NOTHING, SubscriberState.PENDING),
    "ticket-to-confirm": (Outcome.NOTHING, SubscriberState.PENDING),
    "list-to-confirm": (Outcome.NOTHING, SubscriberState.PENDING),
}
CLEO = "cleocleocleocleo"


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Correspondence]:
    with correspondence(tmp_path) as post:
        post.sends()
        yield post


def test_every_recorded_mail_is_tried() -> None:
    assert {path.stem for path in FIXTURES.glob("*.eml")} == {*EXPECTED, *ANSWERS}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_mail_does_what_it_says_and_no_more(name: str, post: Correspondence) -> None:
    outcome, state, bounce = EXPECTED[name]
    bystander = post.reader(BO)
    assert post.arrives(post.read(name)) is outcome
    (copy,) = post.private.ledger.recent(ADA, 1)
    assert (post.state(ADA), copy.bounce) == (state, bounce)
    assert post.reader(BO) == bystander


@pytest.mark.parametrize("name", EXPECTED)
def test_a_mail_that_is_read_twice_does_the_same(name: str, post: Correspondence) -> None:
    raw = post.read(name)
    first = post.arrives(raw)
    reader = post.reader(ADA)
    assert post.arrives(raw) is first
    assert post.reader(ADA) == reader


@pytest.mark.parametrize("name", [*EXPECTED, *ANSWERS])
def test_a_mail_whose_tokens_and_ids_are_forged_does_nothing(name: str, post: Correspondence) -> None:
    raw = (FIXTURES / f"{name}.eml").read_bytes().replace(b"{message-id}", b"guessed@example.org")
    for mark in (b"{return}", b"{leave}", b"{confirm}"):
        raw = raw.replace(mark, b"a" * 45)
    readers = post.private.subscribers.all()
    copies = post.private.ledger.recent(ADA, 1)
    assert post.arrives(raw) is Outcome.UNTOUCHED
    assert (post.private.subscribers.all(), post.private.ledger.recent(ADA, 1)) == (readers, copies)


@pytest.mark.parametrize("name", ANSWERS)
def test_only_a_persons_answer_confirms(name: str, post: Correspondence) -> None:
    outcome, state = ANSWERS[name]
    post.subscribes(CLEO, "cleo@example.com", SubscriberState.PENDING)
    assert post.arrives(post.read(name, id=CLEO)) is outcome
    assert post.state(CLEO) is state


@pytest.mark.parametrize("name", ["postfix-mailbox-full", "exim-in-words", "qmail", "exchange-blocked"])
def test_three_editions_in_a_row_that_come_back_softly_suppress(name: str, post: Correspondence) -> None:
    post.sends(2)
    states = []
    for number in range(3):
        post.arrives(post.read(name, number=number))
        states.append(post.state(ADA))
    assert states == [ACTIVE, ACTIVE, SUPPRESSED]


def test_a_copy_whose_id_was_changed_on_the_way_is_taken_for_the_newest(post: Correspondence) -> None:
    for number in range(3):
        post.sends(1 if number else 0)
        post.arrives(post.read("postfix-mailbox-full").replace(post.message_id(ADA).encode(), b"rewritten@gateway.example"))
        assert [copy.bounce for copy in post.private.ledger.recent(ADA, 9)] == [Bounce.SOFT] * (number + 1)
    assert post.state(ADA) is SUPPRESSED


def test_a_report_without_any_status_is_soft(post: Correspondence) -> None:
    head, _, rest = post.read("gmail-unknown-user").partition(b"Reporting-MTA")
    assert (
        post.arrives(head + b"\n--000000000000ca2d9205f5a5444d" + rest.partition(b"--000000000000ca2d9205f5a5444d")[2]) is Outcome.CAME_BACK
    )


def test_the_same_copy_that_comes_back_three_times_is_one(post: Correspondence) -> None:
    for _ in range(3):
        post.arrives(post.read("qmail"))
    assert post.state(ADA) is ACTIVE
