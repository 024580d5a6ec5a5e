"""Addresses that the operator keeps in the environment: secrets wherever they stand, whatever they look like."""

from __future__ import annotations

import pytest

from aggregator.text.secret_address import is_secret, keep_secret, masked, name_of, secrets

PLAIN = "https://alerts.example/of/ada-0123456789/crews?lang=en"


def test_an_address_is_a_secret_from_when_it_is_kept() -> None:
    assert (is_secret(PLAIN), masked(PLAIN, "…"), name_of(PLAIN)) == (False, PLAIN, PLAIN)
    keep_secret(PLAIN)
    assert is_secret(PLAIN)
    assert masked(PLAIN, "…") == "https://alerts.example/…"
    assert masked(f"see {PLAIN}&page=2#x", "…") == "see https://alerts.example/…&page=2#x"
    assert name_of(PLAIN).startswith("https://alerts.example/…#")


def test_the_parts_that_tell_it_apart_are_secrets_and_its_words_are_not() -> None:
    keep_secret(PLAIN)
    assert set(secrets(PLAIN)) == {"alerts.example/of/ada-0123456789/crews?lang=en", "ada-0123456789"}


def test_other_addresses_of_the_host_stay_as_they_are() -> None:
    keep_secret(PLAIN)
    assert masked("https://alerts.example/about", "…") == "https://alerts.example/about"


def test_a_host_alone_is_nothing_to_keep() -> None:
    keep_secret("https://alerts.example")
    keep_secret("https://alerts.example/")
    assert not is_secret("https://alerts.example/about")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://bridge.example/?action=display&bridge=X&token=5up3r-s3cr3t", "https://bridge.example/?action=display&bridge=X&token=…"),
        ("https://rsshub.example/a/b?key=4cc355", "https://rsshub.example/a/b?key=…"),
        ("https://rsshub.example/a/b?code=0cc175b9c0f1b6a831c399e269772661", "https://rsshub.example/a/b?code=…"),
        ("https://kagi.com/search?token=aaaa.bbbb&q=crews", "https://kagi.com/search?token=…&q=crews"),
        ("https://www.google.com/alerts/feeds/01234567890123456789/987", "https://www.google.com/alerts/feeds/…"),
    ],
)
def test_keys_and_tokens_of_services_are_masked_without_being_kept(address: str, shown: str) -> None:
    assert is_secret(address)
    assert masked(address, "…") == shown


def test_a_feed_of_google_names_its_account_apart() -> None:
    found = set(secrets("https://www.google.com/alerts/feeds/01234567890123456789/9876543210987654321"))
    assert found == {"01234567890123456789/9876543210987654321", "01234567890123456789", "9876543210987654321"}
