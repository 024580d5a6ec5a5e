"""One variable that holds a token for each of several servers: no server sees another's."""

from __future__ import annotations

import pytest

from aggregator.clock import now
from aggregator.fetch import Auth, AuthScheme
from aggregator.fetch.auth import headers_for, own_secret
from aggregator.fetch.recording import REDACTED, Redactor
from aggregator.settings import Secret
from tests.fetch.conftest import AT_ONCE, Open
from tests.support.server import Asked, Script, Server

TOKENS = Secret("photos.example:f00d-token\n Small.Example:8443:beef-token lonely")
EACH = Auth(scheme=AuthScheme.SERVERS, variable="SOME_TOKENS", how="Ask for one.", without="", name="Authorization")
ONE = Auth(scheme=AuthScheme.BEARER, variable="SOME_TOKEN", how="Ask for one.", without="")


@pytest.mark.parametrize(
    ("host", "token"),
    [("photos.example", "f00d-token"), ("small.example:8443", "beef-token"), ("small.example", None), ("other.example", None)],
)
def test_a_server_gets_its_own_token_and_no_other(host: str, token: str | None) -> None:
    found = own_secret(EACH, TOKENS, host)
    assert (found.reveal() if found else None) == token


def test_a_token_of_a_server_travels_as_a_bearer_token() -> None:
    own = own_secret(EACH, TOKENS, "photos.example")
    assert own is not None
    assert headers_for(EACH, own, now()) == {"Authorization": "Bearer f00d-token"}


def test_a_secret_of_another_scheme_is_whole() -> None:
    assert own_secret(ONE, TOKENS, "photos.example") is TOKENS
    assert own_secret(ONE, None, "photos.example") is None


def test_each_of_several_tokens_is_kept_out_of_recordings() -> None:
    shown = Redactor([TOKENS]).text("f00d-token, beef-token, lonely")
    assert shown == f"{REDACTED}, {REDACTED}, {REDACTED}"


def test_a_server_that_repeats_the_key_in_a_redirect_or_a_validator_gives_it_to_nobody(open_client: Open, server: Server) -> None:
    key, auth = "k/ey+1234=", Auth(scheme=AuthScheme.QUERY, variable="SOME_KEY", how="Ask for one.", without="", name="api_key")
    http = open_client().bound(host=server.host, pace=AT_ONCE, auth=auth, secret=Secret(key))

    def answer(asked: Asked) -> Script:
        if "again" not in asked.path:
            return Script.redirect(f"{asked.path}&again=1")
        return Script(body=b"[]", headers={"ETag": f'"{asked.path}"', "Last-Modified": f"Sun {key}"})

    server.answer("/a", answer)
    reply = http.get(server.url("/a"), params={"x": "1"}, auth=True)
    assert reply.url == server.url("/a?x=1&again=1")
    assert server.last("/a").path.count("api_key=") == 1
    (validators,) = http.take().validators.values()
    assert (validators.etag, validators.last_modified) == (None, None)
