"""Bluesky against a real network: a PDS that takes sessions, and an AppView whose search is a LIKE over the texts of posts."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator import clock
from aggregator.collectors import _bluesky_service
from aggregator.collectors.base import Standing
from aggregator.collectors.bluesky import Bluesky
from aggregator.errors import Unauthorized
from aggregator.fetch import Pace
from aggregator.fetch.auth import Sessions
from aggregator.fetch.bound import BoundHttp
from aggregator.fetch.client import Client
from aggregator.model import Entry
from aggregator.settings import Fetch, Secret
from tests.support.atproto import Network, needs_network

pytestmark = [pytest.mark.servers, needs_network]

POSTS = 7
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
AT_ONCE = Pace(gap=timedelta(0))


@dataclass(frozen=True, kw_only=True)
class There:
    """A network on which Ada wrote posts, oldest first."""

    network: Network
    did: str
    uris: tuple[str, ...]


@pytest.fixture(scope="module")
def there() -> Iterator[There]:
    with Network() as network:
        did = network.person("ada")
        uris = [network.post("ada", f"Number {n} of #crews", at=(BEGAN + timedelta(hours=n)).isoformat()) for n in range(POSTS)]
        network.post("ada", "Of bread, and of crews without the tag")
        network.settle()
        yield There(network=network, did=did, uris=tuple(uris))


@pytest.fixture(autouse=True)
def _moved(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    """The services are where the network is; pages are so short that there are several."""
    monkeypatch.setattr(_bluesky_service, "SERVICE", there.network.pds)
    for name in ("APP_VIEW", "PUBLIC"):
        monkeypatch.setattr(_bluesky_service, name, there.network.app_view)
    monkeypatch.setattr(_bluesky_service, "LIMIT", 3)


@pytest.fixture
def http(there: There, tmp_path: Path) -> Iterator[Callable[..., BoundHttp]]:
    """A client for one run; sessions are kept in a file across them."""
    opened: list[Client] = []

    def one(secret: str | None = "ada.test:ada-pass") -> BoundHttp:
        auth = Bluesky.manifest.auth
        assert auth
        fetch = Fetch(contact="https://example.org/about", allow_networks=("127.0.0.0/8",))
        opened.append(Client(settings=fetch, version="1", clock=clock.now, sessions=Sessions(tmp_path / "sessions.json")))
        auth = replace(auth, name=there.network.pds)
        return opened[-1].bound(host="bsky.social", pace=AT_ONCE, auth=auth, secret=Secret(secret) if secret else None)

    yield one
    for client in opened:
        client.close()


def found(collector: Bluesky, http: BoundHttp, cursor: str = "") -> tuple[list[Entry], str]:
    pages = list(collector.poll(http, cursor))
    return [entry for page in pages for entry in page.entries], pages[-1].cursor


def test_a_hashtag_is_searched_with_a_session_page_by_page(there: There, http: Callable[..., BoundHttp]) -> None:
    entries, _ = found(Bluesky(tag="crews"), http())
    assert [entry.native_id for entry in entries] == list(reversed(there.uris))
    newest = entries[0]
    assert (newest.text, newest.tags) == (f"Number {POSTS - 1} of #crews", ("crews",))
    assert newest.published == BEGAN + timedelta(hours=POSTS - 1)
    assert newest.author
    assert newest.author.handle == "ada.test"
    assert newest.url == f"https://bsky.app/profile/{there.did}/post/{newest.native_id.rpartition('/')[2]}"


def test_the_next_run_uses_the_session_of_the_first_and_reads_the_newest_page(
    there: There, http: Callable[..., BoundHttp], tmp_path: Path
) -> None:
    _, cursor = found(Bluesky(tag="crews"), http())
    kept = (tmp_path / "sessions.json").read_bytes()
    entries, after = found(Bluesky(tag="crews"), http(), cursor)
    assert [entry.native_id for entry in entries] == list(reversed(there.uris))[:3]
    assert after == cursor
    assert (tmp_path / "sessions.json").read_bytes() == kept


def expired(token: str) -> str:
    """A token as the network's own PDS would have signed it two hours ago (its secret is a constant of dev-env)."""
    head, said, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    old = json.dumps(claims | {"iat": claims["iat"] - 10_000, "exp": claims["iat"] - 3_000}, separators=(",", ":"))
    signed = f"{head}.{_encoded(old.encode())}"
    return f"{signed}.{_encoded(hmac.digest(b'jwt-secret', signed.encode(), 'sha256'))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_token_that_has_expired_is_refreshed_and_the_new_one_is_kept(http: Callable[..., BoundHttp], tmp_path: Path) -> None:
    found(Bluesky(tag="crews"), http())
    file = tmp_path / "sessions.json"
    kept = json.loads(file.read_text())
    ((name, session),) = kept["sessions"].items()
    old = expired(session["access"])
    file.write_text(json.dumps({"sessions": {name: {**session, "access": old}}}))
    entries, _ = found(Bluesky(tag="crews"), http())
    assert len(entries) == POSTS
    ((_, renewed),) = json.loads(file.read_text())["sessions"].items()
    # Two tokens that are signed in one second are the same text.
    assert renewed["access"] != old
    assert renewed["refresh"] != session["refresh"]


def test_a_wrong_app_password_is_refused(http: Callable[..., BoundHttp]) -> None:
    with pytest.raises(Unauthorized) as caught:
        found(Bluesky(tag="crews"), http("ada.test:wrong-pass"))
    assert "wrong-pass" not in str(caught.value)


def test_a_visitor_is_shown_the_newest_page(there: There, http: Callable[..., BoundHttp]) -> None:
    entries, _ = found(Bluesky(tag="crews"), http(None))
    assert [entry.native_id for entry in entries] == list(reversed(there.uris))[:3]


def test_an_account_is_read_without_a_session(there: There, http: Callable[..., BoundHttp]) -> None:
    entries, _ = found(Bluesky(actor="ada.test"), http(None))
    assert set(there.uris) < {entry.native_id for entry in entries}
    assert len(entries) == POSTS + 1


def test_looking_back_goes_on_from_any_page_to_the_beginning(there: There, http: Callable[..., BoundHttp]) -> None:
    collector, cursor, seen = Bluesky(tag="crews"), "", list[str]()
    for _ in range(POSTS):
        page = next(collector.backfill(http(), None, cursor), None)
        if page is None:
            break
        cursor = page.cursor
        seen += [entry.native_id for entry in page.entries]
    assert seen == list(reversed(there.uris))


def test_a_post_that_its_author_deleted_is_gone(there: There, http: Callable[..., BoundHttp]) -> None:
    uri = there.network.post("ada", "Of #bread alone")
    there.network.settle()
    (entry,), _ = found(Bluesky(tag="bread"), http())
    collector = Bluesky(tag="bread")
    assert list(collector.recheck(http(), [entry])) == [Standing(native_id=uri, found=True)]
    there.network.remove("ada", uri)
    there.network.settle()
    assert list(collector.recheck(http(), [entry])) == [Standing(native_id=uri, found=False)]
