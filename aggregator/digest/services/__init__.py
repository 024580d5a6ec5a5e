"""Services that send for us: one small protocol. The finished edition is handed over whole, and has one row in the ledger.

listmonk.py and buttondown.py speak the two APIs · handing.py is the conversation they share · escaping.py keeps what titles say from being
read as the service's own template language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK, Doors
from aggregator.digest.mailers import Reply
from aggregator.errors import MissingSecret
from aggregator.model import Edition, Rendered
from aggregator.settings import Secret, Settings

if TYPE_CHECKING:
    from aggregator.fetch.client import Client

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

    def hand_over(self, edition: Edition, rendered: Rendered, begin: Callable[[], None]) -> Reply:
        """Hand the edition over, to be sent at once. What is there already under the edition's id is not handed over again.

        Args:
            begin: as in `mailers.Line`: called once, right before the request after which the edition may go out although we never
                hear of it.

        Raises:
            DeliveryError: it cannot be reached, does not take our key, or does not take the edition; the sentence says what to do. It
                was surely not handed over.
        """

    def seek(self, edition: str) -> bool | None:
        """Whether the edition with this id was handed over there. None: the service could not be asked.

        What is not there, or is there as a draft alone, may be handed over again: a draft is found and gone on with, and no service
        sends one twice. Raises nothing."""


def service_of(settings: Settings, connect: Callable[[], Client]) -> Service | None:
    """The service that the digest goes through; None when it goes through none.

    Args:
        connect: gives the HTTP client; it is slow to load, and not called when there is no service.

    Raises:
        MissingSecret: its key is not in the environment.
    """
    digest = settings.digest
    if digest is None:
        return None
    if digest.through == "listmonk" and digest.listmonk is not None:
        from aggregator.digest.services.listmonk import ListmonkService

        secret = _secret(settings, "LISTMONK_TOKEN", "make an API user at listmonk, under Admin and Users, and take its token")
        return ListmonkService(connect(), digest.listmonk, secret, sender=digest.sender)
    if digest.through == "buttondown":
        from aggregator.digest.services.buttondown import ButtondownService
        from aggregator.settings import Buttondown

        secret = _secret(settings, "BUTTONDOWN_API_KEY", "take a key at https://buttondown.com/keys that may write and send emails")
        return ButtondownService(connect(), digest.buttondown or Buttondown(), secret)
    return None


def _secret(settings: Settings, variable: str, how: str) -> Secret:
    secret = settings.secrets.get(variable)
    if secret is None:
        raise MissingSecret(variable, how)
    return secret
