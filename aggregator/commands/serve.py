"""The small server for subscribing, confirming and leaving."""

from __future__ import annotations

import argparse
import os
import threading
from contextlib import closing
from importlib.util import find_spec
from typing import TYPE_CHECKING

from aggregator.commands.common import application, settings_of, talk
from aggregator.errors import ConfigError
from aggregator.settings import Serve, Settings

if TYPE_CHECKING:
    from aggregator.app import App
    from aggregator.digest.mailers import Mailer

# After a signal: what still waits then, for a client, a mail server or the database, is broken off. The whole must end within ten seconds.
_LAST_SECONDS = 8.0
_NEEDED = ("starlette", "uvicorn")


def serve(options: argparse.Namespace) -> int:
    """Answer requests until a signal comes."""
    if any(find_spec(name) is None for name in _NEEDED):
        raise ConfigError(
            "The server needs Starlette and uvicorn. Install them: pip install 'aggregator[serve]', or in a checkout: make serve"
        )
    from aggregator.run.timer import on_signals
    from aggregator.web.opening import opened
    from aggregator.web.serving import listen, place_of

    settings = settings_of(options)
    place = _serve_of(settings)
    with closing(listen(options.listen or place.listen)) as listening, application(options, settings) as app:
        with opened(settings, app.private, mailer=_mailer(app), clock=app.clock, listening=listening) as serving:

            def end() -> None:
                _give_up_after(_LAST_SECONDS)
                serving.end()

            on_signals(end)
            if app.settings.digest and app.settings.digest.through == "folder":
                talk(options, f"Mails are written into {app.settings.digest.folder}, and nobody gets them: digest.through says folder.")
            talk(options, f"Listening at {place_of(listening)}; readers come to {place.url}. Stop with Ctrl-C or SIGTERM.")
            serving.serve_until_ended()
        talk(options, "Stopped.")
    return 0


def _serve_of(settings: Settings) -> Serve:
    from aggregator.digest.membership import configured

    if settings.digest is None:
        raise ConfigError(
            f"{settings.file} has no digest, and the server's settings stand there, also where it takes webmentions and suggestions alone. "
            'Add one: digest: {from: digest@example.org, serve: {url: "https://digest.example.org/", webmentions: true}}'
        )
    digest = configured(settings)
    if digest.by_service:
        raise ConfigError(
            f"{settings.file} hands editions over to {digest.through}, which mails them to its own subscribers: whoever subscribed here "
            "would get nothing. Let people subscribe there, or set digest.through to smtp."
        )
    found = digest.serve
    if found is None:
        raise ConfigError(
            f'{settings.file} does not say where readers reach the server. Add its address to the digest: serve: {{url: "https://digest.example.org/"}}'
        )
    return found


def _mailer(app: App) -> Mailer | None:
    """What mails the letters that are owed; in a dry run nothing does."""
    from aggregator.digest.mailers.opening import mailer_of

    mailer = mailer_of(app.settings)
    return None if app.dry_run else mailer


def _give_up_after(seconds: float) -> None:
    """End the process at the latest then. What is committed is kept; the rest was not promised to anybody."""
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()
