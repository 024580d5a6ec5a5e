"""`aggregator doctor mail`: which rules of the large mail providers are met, and what to set in the DNS."""

from __future__ import annotations

import argparse

from aggregator.commands.common import application, say, settings_of, show

MISSING = 6


def mail(options: argparse.Namespace) -> int:
    """0: nothing is missing that is asked of so many readers; 6: something is."""
    from aggregator.digest.dns import Resolver
    from aggregator.digest.doctor_checks import diagnose
    from aggregator.digest.membership import configured
    from aggregator.model import SubscriberState

    settings = settings_of(options)
    digest, readers = configured(settings), None
    if not digest.by_service:
        with application(options, settings) as app:
            readers = app.private.subscribers.counts()[SubscriberState.ACTIVE]
    found = diagnose(settings, Resolver(digest.resolver), readers=readers)
    if options.json:
        show(found.plain())
    else:
        for line in found.text().splitlines():
            say(line)
    return MISSING if found.missing else 0
