"""Services that send for us: one small protocol. The finished edition is handed over whole, and has one row in the ledger.

listmonk.py and buttondown.py speak the two APIs · handing.py is the conversation they share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK, Doors
from aggregator.digest.mailers import Reply
from aggregator.errors import ConfigError
from aggregator.fetch import Auth, Pace
from aggregator.fetch.bound import BoundHttp
from aggregator.model import Edition, Rendered
from aggregator.settings import Secret, Settings

# Stand in the frozen edition where the service's own placeholders will: addresses, so that a template takes them as such, at a name that
# is nobody's (RFC 2606 §2).
LEAVE_DOOR = f"https://service.invalid/{LEAVE_MARK}"
CHANGE_DOOR = f"https://service.invalid/{CHANGE_MARK}"


class Service(Protocol):
    """One service that keeps the readers and sends to them."""

    @property
    def name(self) -> str:
        """For people: "listmonk"."""

    @property
    def recipient(self) -> str:
        """Of its row in the ledger: "listmonk" or "buttondown"."""

    def doors(self) -> Doors:
        """What an edition for this service is rendered with; `hand_over` puts the service's placeholders there."""

    def hand_over(self, edition: Edition, rendered: Rendered, message_id: str, begin: Callable[[], None]) -> Reply:
        """Hand the edition over, to be sent at once. What is there already under the edition's id is not handed over again.

        Args:
            begin: as in `mailers.Line`: called once, right before the request after which the edition may go out although we never
                hear of it.

        Raises:
            DeliveryError: it cannot be reached, does not take our key, or does not take the edition; the sentence says what to do. It
                was surely not handed over.
        """

    def seek(self, edition: str) -> bool | None:
        """Whether the edition with this id was handed over there. None: the service could not be asked, or what it says may change yet.

        Raises nothing."""


class Connect(Protocol):
    """Makes the HTTP client bound to one service; `fetch.client.Client.bound` is it."""

    def __call__(self, *, host: str, pace: Pace, auth: Auth, secret: Secret | None) -> BoundHttp: ...


def service_of(settings: Settings, connect: Connect) -> Service | None:
    """The service that the digest goes through; None when it goes through none.

    Raises:
        ConfigError: its key is not in the environment.
    """
    digest = settings.digest
    if digest is None or digest.through not in ("listmonk", "buttondown"):
        return None
    raise ConfigError(f"digest.through: {digest.through} is not spoken yet. Write smtp or folder.")


__all__ = ["CHANGE_DOOR", "LEAVE_DOOR", "Connect", "Service", "service_of"]
