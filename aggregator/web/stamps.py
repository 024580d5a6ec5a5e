"""When a form was shown, signed so that it cannot be made up. Pure.

A program fills a form in at once; a person takes seconds. Without JavaScript only the form itself can carry the time.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aggregator.store.private import SigningKey

# Shorter than anybody needs to write an address, longer than a program waits.
LEAST = timedelta(seconds=3)
# A tab may stay open over night.
MOST = timedelta(hours=24)

# Keeps these signatures apart from those of tokens, which the same keys make.
_PURPOSE = b"shown at: "


class Stamps:
    """Signs with the newest key, and reads what any good key has signed."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        """`keys`: newest first, as `Keys.signing` gives them."""
        self._secrets = tuple(key.secret for key in keys)

    def stamp(self, at: datetime) -> str:
        """The text for a form that is shown now."""
        shown = f"{int(at.timestamp()):x}"
        return f"{shown}.{_mac(self._secrets[0], shown)}"

    def shown_at(self, text: str) -> datetime | None:
        """When the form was shown, UTC; None when the text is not ours."""
        shown, _, mac = text.partition(".")
        if not text.isascii() or not any(hmac.compare_digest(_mac(secret, shown), mac) for secret in self._secrets):
            return None
        return datetime.fromtimestamp(int(shown, 16), UTC)


def _mac(secret: bytes, shown: str) -> str:
    return hmac.digest(secret, _PURPOSE + shown.encode(), hashlib.sha256).hex()[:32]
