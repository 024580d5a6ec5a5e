"""How many mails of an edition are built, and handed over to a sink with the ledger on, in a second; beside other ways to do it.

Each way is a process of its own.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.feeds import TOPIC, WORDS
from bench.measure import run
from bench.polling import ROOT

if TYPE_CHECKING:
    from aggregator.digest.mailers import Mail
    from aggregator.digest.mime import Blank
    from aggregator.model import Edition, Rendered
    from aggregator.settings import Settings

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
STORIES = 20


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What one way did."""

    per_second: float
    peak_megabytes: float


def measured(way: str, count: int, port: int = 0) -> Rate:
    """One way, as a whole process."""
    with TemporaryDirectory() as name:
        script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from bench.mailing import took; print(took({way!r}, {count}, {port}))"
        cost = run([sys.executable, "-c", script], folder=Path(name))
    return Rate(per_second=count / float(cost.output.split()[-1]), peak_megabytes=cost.peak_megabytes)


def settings() -> Settings:
    """A digest with every door."""
    from aggregator.settings import Digest, Mailbox, Serve, Settings, Site

    digest = Digest(
        sender="Bench <digest@example.org>",
        serve=Serve(url="https://digest.example.org/"),
        mailbox=Mailbox(address="news@example.org", host="imap.example.org"),
    )
    return Settings(file=Path("x"), site=Site(title="Bench", url="https://news.example.org/"), topics=(), sources=(), digest=digest)


def edition() -> Edition:
    """One of twenty stories."""
    from aggregator.model import Edition, Group, Item, Period

    luck = random.Random(1)
    items = tuple(
        Item(
            story=str(number),
            title=" ".join(luck.choices(WORDS, k=7)).capitalize(),
            href=f"https://example.org/{number}",
            page=f"story/{number}.html",
            group=list(Group)[number * len(Group) // STORIES],
            kind_text="Article",
            who=f"Ana {number}",
            where="Bench Weekly",
            sentence=" ".join(luck.choices(WORDS, k=20)).capitalize() + ".",
            voices="3 voices",
            talk="Mastodon (2) and Loomio",
        )
        for number in range(STORIES)
    )
    return Edition(
        id=f"{TOPIC}/weekly/2026-W47",
        topic=TOPIC,
        rhythm="weekly",
        period=Period(name="2026-W47", since=AT - timedelta(days=7), until=AT),
        path="digest/2026-W47.html",
        title="Bench",
        subject="Bench: 20 new stories",
        language="en",
        days="16 to 22 November 2026",
        items=items,
    )


def rendered() -> Rendered:
    from aggregator.digest.doors import doors
    from aggregator.digest.rendering import render
    from aggregator.publish.render import Templates

    chosen = settings()
    assert chosen.digest
    return render(edition(), chosen, doors(chosen.digest), Templates((ROOT / "templates",)))


def blank_of(what: Rendered) -> Blank:
    from aggregator.digest.mime import blank

    return blank(edition(), what, settings(), hash="0f" * 32, at=AT)


def readers(count: int) -> list[str]:
    from aggregator.digest.tokens import new_id

    return [new_id() for _ in range(count)]


def built(count: int) -> float:
    """Every recipient's copy, from what was rendered."""
    from aggregator.digest.mime import message_id
    from aggregator.digest.tokens import Tokens
    from aggregator.store.private import SigningKey

    what, ids = rendered(), readers(count)
    tokens = Tokens([SigningKey(number=1, secret=b"k" * 32, made_at=AT)])

    def work() -> None:
        made = blank_of(what)
        for at, id in enumerate(ids):
            name = message_id("t/weekly/2026-W47", id, salt=b"salt", sender="digest@example.org")
            made.mail(id, f"reader{at}@example.org", name, tokens)

    return seconds(work)


def email_message_each(count: int) -> float:
    """The standard library's EmailMessage for every recipient."""
    from email.message import EmailMessage

    what = rendered()

    def work() -> None:
        for at in range(count):
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "Bench <digest@example.org>", f"reader{at}@example.org", "Bench: 20 new stories"
            mail.set_content(what.text)
            mail.add_alternative(what.html, subtype="html")
            mail.as_bytes()

    return seconds(work)


def css_inline_each(count: int) -> float:
    """Styles inlined for every recipient by css-inline, and nothing else done."""
    import css_inline

    from aggregator.digest.doors import doors
    from aggregator.digest.rendering import mail_view
    from aggregator.publish.render import Templates

    chosen = settings()
    assert chosen.digest
    mail = mail_view(edition(), chosen, doors(chosen.digest))
    page = Templates((ROOT / "templates",)).fill("digest.html", mail=mail)
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False)
    return seconds(lambda: [inliner.inline(page) for _ in range(count)])


def handed_over(count: int, port: int) -> float:
    """An edition sent to so many subscribers as `digest send` does: claimed, journalled, handed over, settled."""
    from aggregator.digest.deliver import deliver, freeze
    from aggregator.digest.journal import Journal, Mark
    from aggregator.digest.mailers.smtp import SmtpMailer
    from aggregator.digest.mime import message_id
    from aggregator.digest.tokens import Tokens
    from aggregator.model import DeliveryState, Subscriber, SubscriberState
    from aggregator.settings import Smtp
    from aggregator.store.private.opening import open_private

    state = Path.cwd() / "state"
    state.mkdir()
    what, one = rendered(), edition()
    subscribers = [
        Subscriber(id=id, address=f"reader{at}@example.org", state=SubscriberState.ACTIVE, rhythm="weekly", source="form", asked_at=AT)
        for at, id in enumerate(readers(count))
    ]
    with closing(open_private(state / "private.db", clock=lambda: AT)) as private:
        private.subscribers.take(subscribers)
        salt = private.keys.salt()
        journal = Journal(state / "outbox.jsonl", salt=salt, mark=Mark.read(private.ledger.mark()), at=AT)
        names = {reader.id: message_id(one.id, reader.id, salt=salt, sender="digest@example.org") for reader in subscribers}
        issued = freeze(private, journal, one, what, report="", message_ids=names, told=(), clock=lambda: AT)
        assert issued is not None
        made, tokens = blank_of(what), Tokens(private.keys.signing())
        mailer = SmtpMailer(Smtp(host="127.0.0.1", port=port, security="none", per_second=0, per_connection=10_000))

        def work() -> None:
            done = deliver(
                private,
                issued,
                mailer,
                journal,
                write=lambda copy: made.mail(copy.delivery.recipient, copy.address, copy.delivery.message_id, tokens),
                came_back=lambda row, bounce: None,
                stop=threading.Event(),
                clock=lambda: AT,
            )
            assert done.counts[DeliveryState.HANDED_OVER] == count, done

        took = seconds(work)
        journal.close()
        return took


def smtplib_alone(count: int, port: int) -> float:
    """The same mails by smtplib's `sendmail` on one connection, with nothing remembered."""
    import smtplib

    mails = list(_mails(count))

    def work() -> None:
        with smtplib.SMTP("127.0.0.1", port, "localhost") as connection:
            for mail in mails:
                connection.sendmail(mail.sender, [mail.address], mail.content)

    return seconds(work)


def _mails(count: int) -> Iterator[Mail]:
    from aggregator.digest.tokens import Tokens
    from aggregator.store.private import SigningKey

    made, tokens = blank_of(rendered()), Tokens([SigningKey(number=1, secret=b"k" * 32, made_at=AT)])
    # As many as memory holds easily, again and again.
    few = [made.mail(id, f"reader{at}@example.org", f"{at}@example.org", tokens) for at, id in enumerate(readers(min(count, 500)))]
    return (few[at % len(few)] for at in range(count))


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


WAYS: Mapping[str, Callable[..., float]] = {
    "built": built,
    "email-message": email_message_each,
    "css-inline": css_inline_each,
    "handed-over": handed_over,
    "smtplib": smtplib_alone,
}


def took(way: str, count: int, port: int) -> float:
    """Seconds, in this process."""
    return WAYS[way](count, port) if port else WAYS[way](count)
