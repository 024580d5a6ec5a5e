"""Puts the parts of the server together: the one place that knows them all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.clock import Clock
from aggregator.digest.letters import mail_letters
from aggregator.digest.mailers import Mailer
from aggregator.digest.membership import Membership
from aggregator.publish.render import Templates
from aggregator.publish.templates import folders
from aggregator.settings import Settings
from aggregator.store.private import PrivateStore
from aggregator.web.afterwards import HELD_SECONDS, Afterwards, Stoppable, taking
from aggregator.web.application import application
from aggregator.web.pages import Pages
from aggregator.web.serving import Serving

# At the end: for what was taken in, and for the letter in hand.
_ENDING_SECONDS = 4.0


@contextmanager
def opened(
    settings: Settings,
    private: PrivateStore,
    *,
    mailer: Mailer | None,
    clock: Clock,
    listening: socket.socket,
    held_seconds: float = HELD_SECONDS,
) -> Iterator[Serving]:
    """A server that is ready to serve; at the end of the block what was taken in is written down.

    Args:
        settings: with `digest.serve`.
        mailer: for the letters that are owed; None: none is mailed.
        held_seconds: how long somebody's wish waits at most before it is looked up.

    Raises:
        AggregatorError: a template cannot be used.
    """
    pages = Pages(settings, Templates(folders(settings.templates)))
    pages.rehearse()
    # The first token or stamp makes a key; a GET must find it made.
    private.keys.signing()
    post = Stoppable(mailer) if mailer else None
    mail = (lambda: mail_letters(private, settings, post, clock)) if post else (lambda: None)
    membership = Membership(private, settings, clock)
    afterwards = Afterwards(taking(membership, clock), mail=mail, tidy=membership.tidy, held_seconds=held_seconds)
    app = application(settings, private, pages, clock=clock, afterwards=afterwards)
    afterwards.start()
    try:
        yield Serving(app, listening)
    finally:
        if post:
            post.end()
        afterwards.end(_ENDING_SECONDS)
