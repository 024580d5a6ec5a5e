"""Who gets the digest after a mail, whatever the mail claims."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.digest.letters import mail_letters
from aggregator.digest.limits import PER_ADDRESS
from aggregator.digest.mailbox.acting import Outcome
from aggregator.digest.tokens import Purpose
from aggregator.model import SubscriberState
from tests.support.correspondence import ADA, ADDRESS, BO, FIXTURES, Correspondence, correspondence, mail
from tests.support.reception import Pigeon

ACTIVE, LEFT, PENDING, SUPPRESSED = SubscriberState.ACTIVE, SubscriberState.LEFT, SubscriberState.PENDING, SubscriberState.SUPPRESSED
CLEO = "cleocleocleocleo"
ANSWER = "Re: Please confirm: Crew news"


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Correspondence]:
    with correspondence(tmp_path) as post:
        post.sends()
        yield post


def address(post: Correspondence, purpose: Purpose, id: str = ADA) -> str:
    return f"digest+{post.token(purpose, id)}@example.org"


def letters(post: Correspondence) -> list[str]:
    """To whom letters go now."""
    pigeon = Pigeon()
    mail_letters(post.private, post.settings, pigeon, post.now)
    return [mail.address for mail in pigeon.mails]


def test_who_asks_gets_one_letter_and_no_edition(post: Correspondence) -> None:
    assert [post.arrives(mail(subject="subscribe")) for _ in range(3)] == [Outcome.ASKED, Outcome.NOTHING, Outcome.NOTHING]
    assert letters(post) == ["cleo@example.com"]
    assert letters(post) == []
    assert [one.address for one in post.private.subscribers.all([PENDING])] == ["cleo@example.com"]
    assert post.private.subscribers.receiving("microsolidarity", "weekly") == (ADA, BO)


def test_a_request_with_a_forged_sender_changes_nothing_for_who_gets_the_digest(post: Correspondence) -> None:
    before = post.reader(ADA)
    assert post.arrives(mail(subject="subscribe", **{"from": "ada@example.org"})) is Outcome.NOTHING
    assert (post.reader(ADA), letters(post)) == (before, [])


def test_nobody_can_have_letters_sent_to_others_on_and_on(post: Correspondence) -> None:
    sent = []
    for number in range(PER_ADDRESS + 4):
        post.arrives(mail(subject="subscribe", **{"from": f"cleo+{number}@example.com"}))
        sent += letters(post)
    assert len(sent) == PER_ADDRESS


def test_who_left_may_ask_again(post: Correspondence) -> None:
    assert post.arrives(mail(to=address(post, Purpose.LEAVE))) is Outcome.LEFT
    assert post.arrives(mail(subject="subscribe", **{"from": "ada@example.org"})) is Outcome.ASKED
    assert letters(post) == ["ada@example.org"]


def test_a_token_to_leave_leaves_whoever_writes(post: Correspondence) -> None:
    assert post.arrives(mail(to=address(post, Purpose.LEAVE), **{"from": "somebody@example.net"})) is Outcome.LEFT
    assert (post.state(ADA), post.state(BO)) == (LEFT, ACTIVE)


def test_a_machine_that_answers_does_not_leave(post: Correspondence) -> None:
    assert post.arrives(mail(to=address(post, Purpose.LEAVE), auto_submitted="auto-replied")) is Outcome.NOTHING
    assert post.state(ADA) is ACTIVE


def test_a_token_to_leave_does_not_confirm_and_none_to_change_or_return_does_anything(post: Correspondence) -> None:
    post.subscribes(CLEO, "cleo@example.com", PENDING)
    for purpose in (Purpose.CHANGE, Purpose.RETURN):
        assert post.arrives(mail(to=address(post, purpose, CLEO))) is Outcome.UNTOUCHED
    assert post.state(CLEO) is PENDING
    assert post.arrives(mail(to=address(post, Purpose.LEAVE, CLEO))) is Outcome.LEFT
    assert post.state(CLEO) is LEFT


def test_a_token_to_confirm_does_not_leave(post: Correspondence) -> None:
    assert post.arrives(mail(to=address(post, Purpose.CONFIRM), subject="leave")) is Outcome.UNTOUCHED
    assert post.arrives(mail(to=address(post, Purpose.CONFIRM), subject=ANSWER)) is Outcome.CONFIRMED
    assert post.state(ADA) is ACTIVE


def test_an_answer_with_a_subject_of_its_own_is_left_to_a_person(post: Correspondence) -> None:
    post.subscribes(CLEO, "cleo@example.com", PENDING)
    to = address(post, Purpose.CONFIRM, CLEO)
    assert post.arrives(mail(to=to, subject="Thank you for contacting us")) is Outcome.UNTOUCHED
    assert post.state(CLEO) is PENDING
    assert post.arrives(mail(to=to, subject=ANSWER)) is Outcome.CONFIRMED


def test_who_answers_too_late_is_left_to_a_person(post: Correspondence) -> None:
    post.subscribes(CLEO, "cleo@example.com", PENDING)
    answer = mail(to=address(post, Purpose.CONFIRM, CLEO), subject=ANSWER)
    post.at += timedelta(days=7)
    assert post.arrives(answer) is Outcome.UNTOUCHED
    assert post.state(CLEO) is PENDING


def test_a_token_in_the_subject_does_as_one_in_the_address(post: Correspondence) -> None:
    post.subscribes(CLEO, "cleo@example.com", PENDING)
    assert post.arrives(mail(subject=f"Re: confirm {post.token(Purpose.CONFIRM, CLEO)}")) is Outcome.CONFIRMED
    assert post.arrives(mail(subject=f"unsubscribe {post.token(Purpose.LEAVE)}")) is Outcome.LEFT
    assert (post.state(CLEO), post.state(ADA)) == (ACTIVE, LEFT)


def test_a_retired_key_signs_nothing_more(post: Correspondence) -> None:
    leaving = mail(to=address(post, Purpose.LEAVE))
    post.private.keys.rotate(post.at, retire_before=post.at + timedelta(days=1))
    assert post.arrives(leaving) is Outcome.UNTOUCHED
    assert post.state(ADA) is ACTIVE


def test_an_answer_to_an_edition_by_a_machine_is_no_bounce(post: Correspondence) -> None:
    text = "Your mail was not delivered to me: 550 5.1.1 I am away."
    away = mail(text, to=address(post, Purpose.RETURN), auto_submitted="auto-replied", return_path="<>")
    assert post.arrives(away) is Outcome.NOTHING
    (copy,) = post.private.ledger.recent(ADA, 1)
    assert (post.state(ADA), copy.bounce) == (ACTIVE, None)


def test_a_token_outranks_the_copy_of_somebody_else(post: Correspondence) -> None:
    raw = post.read("postfix-unknown-user").replace(post.message_id(ADA).encode(), post.message_id(BO).encode())
    assert post.arrives(raw) is Outcome.CAME_BACK_HARD
    (other,) = post.private.ledger.recent(BO, 1)
    assert (post.state(ADA), post.state(BO), other.bounce) == (SUPPRESSED, ACTIVE, None)


def test_the_parts_of_a_bounce_in_another_mail_are_no_bounce(post: Correspondence) -> None:
    raw = post.read("copy-of-no-token").replace(b"multipart/report; report-type=delivery-status", b"multipart/mixed")
    assert post.arrives(raw) is Outcome.UNTOUCHED
    assert post.state(ADA) is ACTIVE


def test_a_bounce_of_a_letter_suppresses_who_was_to_confirm(post: Correspondence) -> None:
    post.subscribes(CLEO, "ada2@example.org", PENDING)
    raw = post.read("postfix-unknown-user", id=CLEO).replace(b"ada@example.org", b"ada2@example.org")
    assert post.arrives(raw) is Outcome.CAME_BACK_HARD
    assert post.state(CLEO) is SUPPRESSED


def test_a_bounce_that_names_the_address_in_other_letters_is_hard(post: Correspondence) -> None:
    raw = post.read("postfix-unknown-user").replace(b"rfc822; ada@example.org", b"RFC822;<Ada@EXAMPLE.org>")
    assert post.arrives(raw) is Outcome.CAME_BACK_HARD


def test_a_complaint_about_a_copy_of_somebody_who_is_erased_harms_nobody(post: Correspondence) -> None:
    raw = post.read("arf-yahoo")
    post.private.subscribers.erase("ada@example.org", post.at)
    bystander = post.reader(BO)
    assert post.arrives(raw) is Outcome.COMPLAINED
    assert (post.reader(ADA), post.reader(BO)) == (None, bystander)


_FORGED = "b" * 45
_SHAPES = sorted(path.stem for path in FIXTURES.glob("*.eml"))
_ADDRESSES = (ADDRESS, f"digest+{_FORGED}@example.org", "digest+subscribe@example.org", "ada@example.org")
_SENDERS = ("ada@example.org", "bo@example.net", "MAILER-DAEMON@example.org", ADDRESS, "")
_SUBJECTS = (
    "subscribe",
    "unsubscribe",
    f"leave {_FORGED}",
    f"Re: confirm {_FORGED}",
    "failure notice",
    "complaint about message from 192.0.2.1",
)


@st.composite
def _forgeries(draw: st.DrawFn) -> bytes:
    """A mail made of what real ones are made of, by somebody who holds no token and knows no Message-ID."""
    if draw(st.booleans()):
        fields = {"to": st.sampled_from(_ADDRESSES), "from": st.sampled_from(_SENDERS), "subject": st.sampled_from(_SUBJECTS)}
        return mail(draw(st.text(max_size=40)), **draw(st.fixed_dictionaries(fields)))
    raw = (FIXTURES / f"{draw(st.sampled_from(_SHAPES))}.eml").read_bytes()
    for mark in (b"{return}", b"{leave}", b"{confirm}"):
        raw = raw.replace(mark, draw(st.sampled_from([b"", _FORGED.encode(), b"subscribe"])))
    raw = raw.replace(b"{message-id}", draw(st.sampled_from([b"", b"guessed@example.org"])))
    lines = raw.split(b"\n")
    del lines[draw(st.integers(0, len(lines) - 1)) : draw(st.integers(0, len(lines)))]
    return b"\n".join(lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(raws=st.lists(_forgeries(), min_size=1, max_size=8))
def test_mail_without_a_good_token_changes_nobodys_state(post: Correspondence, raws: list[bytes]) -> None:
    readers = [post.reader(ADA), post.reader(BO)]
    copies = [post.private.ledger.recent(id, 9) for id in (ADA, BO)]
    for raw in raws:
        assert post.arrives(raw) in (Outcome.ASKED, Outcome.NOTHING, Outcome.UNTOUCHED)
    assert [post.reader(ADA), post.reader(BO)] == readers
    assert [post.private.ledger.recent(id, 9) for id in (ADA, BO)] == copies
