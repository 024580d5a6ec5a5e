"""Which enhanced status codes say that an address is bad for good."""

from __future__ import annotations

import pytest

from aggregator.digest.status_codes import enhanced, hard


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("550 5.1.1 <…>: Recipient address rejected: User unknown", "5.1.1"),
        ("smtp; 550-5.1.1 The email account that you tried to reach does not exist", "5.1.1"),
        ("#5.2.2 smtp;552 5.2.2 mailbox full", "5.2.2"),
        ("(#5.1.2)", "5.1.2"),
        ("5.01.001", "5.1.1"),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", "5.1.10"),
        ("550 blocked [192.5.1.1]", ""),
        ("550 5.1.1.9 is an address of the network", ""),
        ("3.1.1", ""),
        ("550 no such user", ""),
        ("", ""),
    ],
)
def test_the_code_is_found_in_a_servers_words(words: str, code: str) -> None:
    assert enhanced(words) == code


@pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.7.17", "5.7.18"])
def test_a_code_about_the_address_alone_is_hard(code: str) -> None:
    assert hard(code)


@pytest.mark.parametrize("code", ["", "4.1.1", "4.2.2", "4.4.7", "5.0.0", "5.1.0", "5.1.7", "5.1.8", "5.2.2", "5.4.1", "5.7.1", "5.7.26"])
def test_any_other_code_is_soft(code: str) -> None:
    assert not hard(code)
