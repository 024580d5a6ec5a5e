"""By which way editions leave: mails of our own by a server or into a folder, or whole to a service that sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from aggregator.app import App
from aggregator.digest.doors import Doors, doors
from aggregator.digest.mailers import Line, Mail, Mailer, Reply
from aggregator.digest.membership import configured
from aggregator.digest.mime import blank, message_id
from aggregator.digest.services import Service
from aggregator.digest.tokens import Tokens
from aggregator.model import Issued
from aggregator.settings import Settings
from aggregator.store.private import Claimed, PrivateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """The configured way."""

    settings: Settings
    private: PrivateStore
    mailer: Mailer
    # None: the mails are our own.
    service: Service | None

    def recipients(self, topic: str, rhythm: str) -> tuple[str, ...]:
        """Who gets the next edition: ids of subscribers, or the service."""
        return (self.service.recipient,) if self.service else self.private.subscribers.receiving(topic, rhythm)

    def doors(self) -> Doors:
        """What an edition is rendered with."""
        return self.service.doors() if self.service else doors(configured(self.settings))

    def message_ids(self, edition: str, recipients: tuple[str, ...]) -> Mapping[str, str]:
        """By recipient."""
        salt, sender = self.private.keys.salt(), configured(self.settings).sender
        return {one: message_id(edition, one, salt=salt, sender=sender) for one in recipients}

    def mailer_of(self, issued: Issued) -> Mailer:
        """Who hands the copies of an edition over."""
        return _Whole(self.service, issued) if self.service else self.mailer

    def writer_of(self, issued: Issued) -> Callable[[Claimed], Mail]:
        """Makes the mail of each copy; of the whole edition for a service only its name is needed."""
        if self.service:
            return _name_alone
        assert issued.rendered is not None
        form = blank(issued.edition, issued.rendered, self.settings, hash=issued.hash, at=issued.at)
        tokens = Tokens(self.private.keys.signing())

        def write(copy: Claimed) -> Mail:
            return form.mail(copy.delivery.recipient, copy.address, copy.delivery.message_id, tokens)

        return write


def post_of(app: App) -> Post:
    """The way that is configured.

    Raises:
        ConfigError: there is no digest.
        MissingSecret: a password or key is not set.
    """
    from aggregator.digest.mailers.opening import mailer_of
    from aggregator.digest.services import service_of

    configured(app.settings)
    service = service_of(app.settings, lambda: app.client)
    return Post(settings=app.settings, private=app.private, mailer=mailer_of(app.settings), service=service)


def _name_alone(copy: Claimed) -> Mail:
    row = copy.delivery
    return Mail(recipient=row.recipient, address="", sender="", message_id=row.message_id, content=b"")


class _Whole:
    """A service as a `Mailer` that is handed one mail, the edition."""

    width = 1
    per_second = 0.0

    def __init__(self, service: Service, issued: Issued) -> None:
        self._service = service
        self._issued = issued

    @contextmanager
    def line(self) -> Iterator[Line]:
        yield self

    def hand_over(self, mail: Mail, begin: Callable[[], None]) -> Reply:
        assert self._issued.rendered is not None
        return self._service.hand_over(self._issued.edition, self._issued.rendered, begin)
