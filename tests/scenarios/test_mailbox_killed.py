"""`aggregator mailbox` is killed at every commit and around every word to the IMAP server, and run again: all is as if it had not been."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from aggregator.digest.mailbox.imap import DONE
from aggregator.digest.tokens import Purpose
from aggregator.model import Bounce, SubscriberState
from aggregator.store.private.opening import open_private
from tests.support.correspondence import ADA, BO, correspondence, mail
from tests.support.dovecot import PASSWORD, Dovecot, needs_dovecot
from tests.support.rounds import Ended, Rounds

pytestmark = [pytest.mark.servers, needs_dovecot]

CONFIGURATION = """\
site: {{title: Discussing crews, url: "https://example.org/discussing/"}}
topics: {{microsolidarity: {{any_of: [microsolidarity]}}}}
sources: []
digest:
  from: Crew news <digest@example.org>
  mailbox: {{address: digest@example.org, host: 127.0.0.1, port: {port}, security: none, user: {user}}}
"""
CLEO, EVA = "cleocleocleocleo", "evaevaevaevaevae"


@dataclass(frozen=True, kw_only=True)
class World:
    """What can be seen of an installation and its mailbox."""

    # By address: state, and why.
    readers: dict[str, tuple[SubscriberState, Bounce | None]]
    # Whether the one copy to Ada came back.
    copy: Bounce | None
    inbox: list[bytes]
    aside: Counter[bytes]
    # How many letters lie there, by whom they are to.
    letters: Counter[bytes]


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where every try begins: a folder, and a mailbox at the server."""

    server: Dovecot
    rounds: Rounds
    template: Path
    mails: list[bytes]

    def begins(self, name: str, folder: Path) -> Path:
        """A copy of it."""
        place = folder / name
        shutil.copytree(self.template, place)
        (place / "sources.yaml").write_text(CONFIGURATION.format(port=self.server.port, user=f"{name}@example.org"))
        self.server.deliver(f"{name}@example.org", *self.mails)
        return place

    def looks(self, name: str, place: Path) -> World:
        user = f"{name}@example.org"
        with closing(open_private(place / "state" / "private.db")) as private:
            (copy,) = private.ledger.recent(ADA, 1)
            readers = {one.address: (one.state, one.bounce) for one in private.subscribers.all()}
        letters = [path.read_bytes().partition(b"\r\n")[0] for path in (place / "state" / "mail").glob("*.eml")]
        return World(
            readers=readers,
            copy=copy.bounce,
            inbox=[kept.raw for kept in self.server.mails(user)],
            aside=Counter(kept.raw for kept in self.server.mails(user, DONE)),
            letters=Counter(letters),
        )

    def runs(self, place: Path, at: int = 0) -> Ended:
        return self.rounds.run(place, "mailbox", at=at)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    template = tmp_path_factory.mktemp("template")
    (template / "state").mkdir()
    with correspondence(template / "state") as post:
        post.sends()
        post.subscribes(CLEO, "cleo@example.com", SubscriberState.PENDING)
        post.subscribes(EVA, "eva@example.com")
        assert post.private.subscribers.claim_letter(CLEO, post.at)
        mails = [
            mail(subject="subscribe", **{"from": "dan@example.com"}),
            mail("When is the next one?"),
            mail(to=f"digest+{post.token(Purpose.CONFIRM, CLEO)}@example.org", subject="Re: Please confirm: Crew news"),
            post.read("postfix-unknown-user"),
            mail(to=f"digest+{post.token(Purpose.LEAVE, BO)}@example.org"),
            mail(subject="subscribe", **{"from": "dan@example.com"}),
            post.read("away-exchange", id=EVA),
        ]
    with Dovecot() as server, Rounds({"AGGREGATOR_IMAP_PASSWORD": PASSWORD}) as rounds:
        yield Ground(server=server, rounds=rounds, template=template, mails=mails)


def test_killed_at_any_moment_and_run_again_it_has_done_each_thing_once(ground: Ground, tmp_path: Path) -> None:
    place = ground.begins("undisturbed", tmp_path)
    ended = ground.runs(place)
    assert (
        ended.output
        == "1 asked, 1 confirmed, 1 left, 1 came back (1 hard), 2 with nothing to do, 1 left for you to read, 1 letter mailed\n"
    )
    wanted = ground.looks("undisturbed", place)
    assert wanted.readers["ada@example.org"] == (SubscriberState.SUPPRESSED, Bounce.HARD)
    assert wanted.letters == {b"To: dan@example.com": 1}
    assert ended.moments > 40
    wrong = []
    for at in range(1, ended.moments + 1):
        name = f"killed{at}"
        place = ground.begins(name, tmp_path)
        assert ground.runs(place, at).killed
        again = ground.runs(place)
        assert again.code == 0, again.output
        found = ground.looks(name, place)
        # A letter whose end was not seen is not mailed again; none is mailed twice.
        lost = found.letters == Counter() and found.readers == wanted.readers
        same = (found.readers, found.copy, found.inbox, found.aside) == (wanted.readers, wanted.copy, wanted.inbox, wanted.aside)
        if not same or not (lost or found.letters == wanted.letters):
            wrong.append((at, found))
    print(f"killed at each of {ended.moments} moments: {ended.moments - len(wrong)} came to the same end")
    assert wrong == []
