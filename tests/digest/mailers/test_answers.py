"""What a server's answer means for a recipient, and what of it may be kept."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from aggregator.digest.mailers import answers


@pytest.mark.parametrize(
    ("code", "text", "hard"),
    [
        # Postfix, Exim, Gmail, Exchange, qmail and others, as they say it.
        (550, "5.1.1 <ada@example.org>: Recipient address rejected: User unknown in virtual mailbox table", True),
        (550, "5.1.1 The email account that you tried to reach does not exist.", True),
        (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", True),
        (550, "5.2.1 The email account that you tried to reach is disabled.", True),
        (550, "Unknown user", True),
        (550, "No such user here", True),
        (551, "user not local", True),
        (550, "5.1.1 <ada@example.org>: Recipient address rejected: User unknown in relay recipient table", True),
        (553, "sorry, that domain isn't in my list of allowed rcpthosts", False),
        (556, "domain does not accept mail", True),
        (552, "5.2.2 The email account that you tried to reach is over quota.", False),
        (550, "5.7.1 Our system has detected that this message is likely unsolicited mail", False),
        (550, "5.7.26 This mail is unauthenticated", False),
        (550, "Message rejected as spam", False),
        (550, "Blocked by our blacklist", False),
        (550, "Mailbox quota exceeded", False),
        (553, "5.1.8 Domain of sender address does not exist", False),
        (554, "delivery error: dd This user does not have an account", False),
        (521, "this host takes no mail", False),
        (552, "mailbox is full", False),
    ],
)
def test_an_address_is_condemned_only_by_what_can_be_about_nothing_else(code: int, text: str, hard: bool) -> None:
    assert answers.hard(code, text) is hard


@pytest.mark.parametrize(
    ("code", "text", "relay"),
    [
        (554, "5.7.1 <ada@example.org>: Relay access denied", True),
        (550, "5.7.1 <ada@example.org>... Relaying denied. Proper authentication required.", True),
        (550, "relay not permitted", True),
        (550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain", True),
        (553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", True),
        (550, "5.1.1 <ada@example.org>: Recipient address rejected: User unknown in relay recipient table", False),
        (550, "5.7.1 Blocked by policy", False),
    ],
)
def test_a_server_that_passes_nothing_on_for_us_is_understood(code: int, text: str, relay: bool) -> None:
    assert answers.relay(code, text) is relay


@pytest.mark.parametrize(
    ("code", "text", "tired"),
    [
        (421, "4.7.0 Try again later, closing connection", True),
        (452, "4.5.3 Too many recipients", True),
        (451, "Too many messages in this session", True),
        (450, "4.2.0 Greylisted", False),
        (452, "4.2.2 Mailbox full", False),
        (550, "too many messages", False),
    ],
)
def test_a_server_that_wants_another_connection_is_understood(code: int, text: str, tired: bool) -> None:
    assert answers.tired(code, text) is tired


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("5.1.1 <ada.lovelace@example.org>: unknown", "550 5.1.1 <…>: unknown"),
        ("mailto:ada.lovelace@example.org", "550 mailto:…"),
        ("see https://mx.example.net/?email=ada.lovelace%40example.org&code=1", "550 see https://mx.example.net/?…&code=1"),
        ("bounces+ada.lovelace=example.org@mx.example.net is bad", "550 … is bad"),
        ('"ada lovelace"@example.org is bad', "550 … is bad"),
        ("no mailbox here by the name of ADA.LOVELACE", "550 no mailbox here by the name of …"),
        ("two\r\nlines\x00 and\ta tab", "550 two lines and a tab"),
        ("2.0.0 Ok: queued as 4XyZ1", "550 2.0.0 Ok: queued as 4XyZ1"),
    ],
)
def test_an_answer_is_kept_in_one_line_without_an_address(said: str, kept: str) -> None:
    assert answers.cleaned(550, said, "ada.lovelace+news@example.org") == kept


def test_an_endless_answer_is_looked_at_in_part_and_cuts_no_address_in_two() -> None:
    said = "<ada@example.org> " * 55 + " ".join(["ada.lovelace@example.org"] * 400) + "x" * 1_000_000
    assert set(answers.cleaned(550, said).removeprefix("550 ")) == {"<", "…", ">", " "}


@settings(deadline=None)
@given(before=some.text(max_size=40), after=some.text(max_size=400), local=some.from_regex(r"[a-z0-9._+-]{3,20}", fullmatch=True))
@example(before="a=", after="", local="ada")
def test_no_answer_keeps_the_address_wherever_it_stands(before: str, after: str, local: str) -> None:
    kept = answers.cleaned(550, f"{before}<{local}@reader.example.org>{after} {local}@reader.example.org", f"{local}@reader.example.org")
    assert f"{local}@" not in kept.casefold()
    assert "reader.example" not in kept.casefold() or "reader.example" in f"{before}{after}".casefold()
    assert len(kept) <= answers.LONGEST
    assert kept.isprintable() or not (before + after).isprintable()


def test_a_local_part_that_is_a_word_of_every_answer_does_not_make_holes_in_it() -> None:
    said = "5.1.1 no such user: a mailbox of a person"
    assert answers.cleaned(550, said, "a@example.org") == f"550 {said}"
