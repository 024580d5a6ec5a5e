"""One variable that holds a token for each of several servers: no server sees another's."""

from __future__ import annotations

import pytest

from aggregator.clock import now
from aggregator.errors import MissingSecret
from aggregator.fetch import Auth, AuthScheme
from aggregator.fetch.auth import headers_for, own_secret, secret_texts
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


LOGINS = Secret(
    "imap.example.org:ada@example.org:pass:word\n  Mail.Example:1993:42:open\n"
    "locked.example:993:crew:a b \n[::1]:1143:ada:six\nada@example.net:old:form\n"
)
MAILBOX = Auth(scheme=AuthScheme.LOGIN, variable="SOME_IMAP", how="Write a line.", without="")


@pytest.mark.parametrize(
    ("host", "login"),
    [
        ("imap.example.org", "ada@example.org:pass:word"),
        ("IMAP.example.org", "ada@example.org:pass:word"),
        ("mail.example:1993", "42:open"),
        ("mail.example", None),
        ("locked.example", "crew:a b"),
        ("[::1]:1143", "ada:six"),
        ("imap.example.org:1993", None),
        ("example.org", None),
        ("evil.example", None),
        ("ada@example.net", None),
    ],
)
def test_a_mail_server_gets_its_own_login_and_no_other(host: str, login: str | None) -> None:
    found = own_secret(MAILBOX, LOGINS, host)
    assert (found.reveal() if found else None) == login


def test_a_login_is_never_read_without_its_server() -> None:
    assert own_secret(MAILBOX, Secret("ada@example.org:pass:word"), "imap.example.org") is None
    assert own_secret(MAILBOX, Secret("ada:password"), "ada") is None


def test_users_and_passwords_of_each_line_are_kept_out_of_what_is_said_and_servers_are_not() -> None:
    hidden = Redactor([])
    hidden.learn(secret_texts(LOGINS, AuthScheme.LOGIN))
    shown = hidden.text("imap.example.org ada@example.org pass:word, crew locked.example")
    assert shown == f"imap.example.org {REDACTED} {REDACTED}, {REDACTED} locked.example"


def test_a_server_without_a_login_is_named_with_what_to_write(open_client: Open, server: Server) -> None:
    http = open_client().bound(host="evil.example", pace=AT_ONCE, auth=MAILBOX, secret=own_secret(MAILBOX, LOGINS, "evil.example"))
    with pytest.raises(MissingSecret, match=r"^SOME_IMAP is not set for evil\.example: Write a line\.$"):
        http.messages("imaps://evil.example/INBOX", after=0, most=1)


def test_a_secret_of_another_scheme_is_whole() -> None:
    assert own_secret(ONE, TOKENS, "photos.example") is TOKENS
    assert own_secret(ONE, None, "photos.example") is None


def test_each_of_several_tokens_is_kept_out_of_recordings() -> None:
    hidden = Redactor([])
    hidden.learn(secret_texts(TOKENS, AuthScheme.SERVERS))
    shown = hidden.text("f00d-token, beef-token, lonely")
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
