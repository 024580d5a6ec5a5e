"""`aggregator doctor mail`: which rules of the large mail providers are met, and what to set in the DNS."""

from __future__ import annotations

import argparse

from aggregator.commands.common import application, complain, say, settings_of, show

MISSING = 6


def mail(options: argparse.Namespace) -> int:
    """0: nothing is missing that is asked of so many readers; 6: something is."""
    from aggregator.digest.dns import Resolver
    from aggregator.digest.doctor_checks import diagnose
    from aggregator.model import SubscriberState

    settings = settings_of(options)
    if settings.digest is None:
        complain("There is no digest in the configuration. Add a 'digest' with at least its 'from'; `aggregator check` says how.")
        return 3
    readers = None
    if not settings.digest.by_service:
        with application(options, settings) as app:
            readers = app.private.subscribers.counts()[SubscriberState.ACTIVE]
    found = diagnose(settings, Resolver(settings.digest.resolver), readers=readers)
    if options.json:
        show(found.plain())
    else:
        for line in found.text().splitlines():
            say(line)
    return MISSING if found.missing else 0
