"""What every mailer promises, run over each implementation: by SMTP, one command at a time and pipelined, over TLS, and into a folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from aggregator.digest.mailers import Fate, Mailer
from aggregator.digest.mailers.folder import FolderMailer
from aggregator.digest.mailers.smtp import SmtpMailer
from aggregator.errors import DeliveryError
from aggregator.settings import Secret, Smtp
from tests.digest.mailers.handing import Began, mail
from tests.support.certificates import certificate
from tests.support.smtp import SmtpServer


@dataclass(frozen=True, kw_only=True)
class Place:
    """A mailer, and what has arrived where it leads."""

    mailer: Mailer
    arrived: Callable[[], list[bytes]]


def _by_smtp(server: SmtpServer, *, security: str = "none", user: str = "") -> Place:
    settings = Smtp(host="127.0.0.1", port=server.port, security=security, user=user, per_connection=3)
    mailer = SmtpMailer(settings, password=Secret("pass") if user else None)
    return Place(mailer=mailer, arrived=lambda: [copy.content.encode("latin-1") for copy in server.copies])


@pytest.fixture(params=["smtp", "smtp pipelined", "smtp starttls", "smtp tls", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "folder":
        folder = tmp_path / "mail"
        yield Place(mailer=FolderMailer(folder), arrived=lambda: [path.read_bytes() for path in sorted(folder.glob("*.eml"))])
        return
    security = str(request.param).removeprefix("smtp").strip().replace("pipelined", "") or "none"
    if security == "none":
        with SmtpServer(pipelining="pipelined" in request.param) as server:
            yield _by_smtp(server)
        return
    own = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(own.authority))
    with SmtpServer(security=security, tls=own.context(), users={"ada": "pass"}) as server:
        yield _by_smtp(server, security=security, user="ada")


def test_a_mail_arrives_as_it_is_and_is_accepted(place: Place) -> None:
    sent = mail(body=b".\r\n..\r\n.leading dot\r\n" + b"x" * 900 + b"\r\n\r\n")
    with place.mailer.line() as line:
        assert line.hand_over(sent, Began()).fate is Fate.ACCEPTED
    assert place.arrived() == [sent.content]


def test_many_mails_go_on_one_line_each_to_its_own_recipient(place: Place) -> None:
    sent = [mail(f"reader{number}@example.org", recipient=f"reader{number}") for number in range(8)]
    with place.mailer.line() as line:
        assert {line.hand_over(one, Began()).fate for one in sent} == {Fate.ACCEPTED}
    assert sorted(place.arrived()) == sorted(one.content for one in sent)


def test_it_says_once_that_it_begins_and_nothing_has_arrived_before(place: Place) -> None:
    seen: list[list[bytes]] = []
    with place.mailer.line() as line:
        line.hand_over(mail(), lambda: seen.append(place.arrived()))
    assert seen == [[]]


def test_what_fails_when_it_begins_is_not_handed_over_and_the_line_goes_on(place: Place) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    with place.mailer.line() as line:
        with pytest.raises((OSError, DeliveryError)):
            line.hand_over(mail(number=1), full)
        assert place.arrived() == []
        assert line.hand_over(mail(number=2), Began()).fate is Fate.ACCEPTED
    assert place.arrived() == [mail(number=2).content]


def test_a_line_without_mails_connects_to_nothing(place: Place) -> None:
    with place.mailer.line():
        pass
    assert place.arrived() == []


def test_lines_work_side_by_side(place: Place) -> None:
    def send(first: int) -> None:
        with place.mailer.line() as line:
            for number in range(first, first + 4):
                assert line.hand_over(mail(recipient=f"reader{number}"), Began()).fate is Fate.ACCEPTED

    threads = [threading.Thread(target=send, args=(first,)) for first in (0, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(set(place.arrived())) == 8


def test_no_reply_holds_an_address(place: Place) -> None:
    with place.mailer.line() as line:
        for address in ("ada@example.org", "ada lovelace@example.org", "ada@example.org\r\nRCPT TO:<eve@example.org>"):
            reply = line.hand_over(replace(mail(), address=address), Began())
            assert "@" not in reply.text
            assert "ada" not in reply.text
            assert "\n" not in reply.text


def test_width_and_pace_are_numbers_that_can_be_kept_to(place: Place) -> None:
    assert place.mailer.width >= 1
    assert place.mailer.per_second >= 0
