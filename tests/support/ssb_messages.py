"""Messages of Scuttlebutt as a server prints them; ids are hashes of a name, and nothing is signed, since nobody but a server looks."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

Message = dict[str, Any]
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def hashed(words: str) -> str:
    return base64.b64encode(hashlib.sha256(words.encode()).digest()).decode()


def feed(name: str) -> str:
    return f"@{hashed(f'feed {name}')}.ed25519"


def message(name: str, content: Mapping[str, Any] | str, *, by: str = "ada", at: float, sequence: int = 1) -> Message:
    """A message that came when it was written; `at` in milliseconds since 1970."""
    value = {"author": feed(by), "sequence": sequence, "timestamp": at, "content": content}
    return {"key": f"%{hashed(f'message {name}')}.sha256", "value": value, "timestamp": at}


def about(by: str, *, sequence: int = 1, **said: Any) -> Message:
    """What somebody says of themselves."""
    return about_feed(feed(by), sequence=sequence, **said)


def about_feed(author: str, *, sequence: int = 1, **said: Any) -> Message:
    value = {"author": author, "sequence": sequence, "timestamp": 1.0, "content": {"type": "about", "about": author, "name": "Ada", **said}}
    return {"key": f"%{hashed(f'about {author} {sequence}')}.sha256", "value": value, "timestamp": 1.0}


AGREED = about("ada", publicWebHosting=True)


@lru_cache(maxsize=4096)
def received(number: int) -> Message:
    """A post with the hashtag "crews", by somebody who agreed to be shown on the web."""
    at = (BEGAN + timedelta(minutes=number)).timestamp() * 1000
    return message(str(number), {"type": "post", "text": f"{number} #crews", "mentions": [{"link": "#crews"}]}, at=at)
