"""What a reply makes of a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.digest.mailers import Fate, Reply
from aggregator.digest.outcomes import WAITS, after, released, wait_after
from aggregator.model import Bounce, Delivery, DeliveryState
from tests.support.offices import EDITION, MONDAY, id_of_reader
from tests.support.sinks import ACCEPTED, LATER, REFUSED, UNCERTAIN, UNKNOWN

CLAIMED = Delivery(
    edition=EDITION.id, recipient=id_of_reader(1), message_id="a@example.org", state=DeliveryState.CLAIMED, attempts=1, at=MONDAY
)
NOW = MONDAY + timedelta(seconds=3)


@pytest.mark.parametrize(
    ("reply", "state", "bounce"),
    [
        (ACCEPTED, DeliveryState.HANDED_OVER, None),
        (UNCERTAIN, DeliveryState.UNCERTAIN, None),
        (REFUSED, DeliveryState.REFUSED, Bounce.SOFT),
        (UNKNOWN, DeliveryState.REFUSED, Bounce.HARD),
    ],
)
def test_a_reply_settles_a_copy_with_the_servers_words(reply: Reply, state: DeliveryState, bounce: Bounce | None) -> None:
    assert after(CLAIMED, reply, NOW) == replace(CLAIMED, state=state, bounce=bounce, at=NOW, reply=reply.text)


def test_what_is_put_off_is_due_again_after_a_growing_wait_and_a_day_in_all() -> None:
    waits = [wait_after(replace(CLAIMED, attempts=attempt)) or timedelta() for attempt in range(1, len(WAITS) + 1)]
    assert waits == sorted(waits) or max(waits[-3:]) < timedelta(hours=7.3)
    assert timedelta(minutes=4) <= waits[0] <= timedelta(minutes=6)
    assert timedelta(hours=17) < sum(waits, timedelta()) < timedelta(hours=28)
    put_off = after(CLAIMED, LATER, NOW)
    assert (put_off.state, put_off.next_try_at, put_off.bounce) == (DeliveryState.DUE, NOW + waits[0], None)


def test_copies_that_were_put_off_together_do_not_come_back_together() -> None:
    waits = {wait_after(replace(CLAIMED, recipient=id_of_reader(number))) for number in range(50)}
    assert len(waits) == 50
    assert wait_after(CLAIMED) == wait_after(CLAIMED)


def test_what_was_put_off_for_a_day_is_refused_softly() -> None:
    given_up = after(replace(CLAIMED, attempts=len(WAITS) + 1), LATER, NOW)
    assert (given_up.state, given_up.bounce, given_up.reply) == (DeliveryState.REFUSED, Bounce.SOFT, LATER.text)


def test_a_copy_that_is_released_was_not_tried() -> None:
    assert released(CLAIMED) == replace(CLAIMED, state=DeliveryState.DUE, attempts=0)
    assert released(CLAIMED, "550 not you").reply == "550 not you"
    assert after(CLAIMED, Reply(fate=Fate.LATER, text=""), NOW).attempts == 1
