"""What makes two ways of writing an address the same, and what is kept of one that must not be kept. Pure."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from aggregator.text.address import host_form


def folded(address: str) -> str:
    """What two ways of writing one mailbox share: space around it, capitals, the spelling of an international domain.

    The local part belongs to its server alone (RFC 5321 §2.4), but no server in use gives "Ada" and "ada" to two people. Dots and "+signs"
    are left as they are: at most servers these are other mailboxes.
    """
    local, _, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local.casefold()}@{host_form(domain) or domain.casefold()}"


def hashed(address: str, salt: bytes) -> str:
    """HMAC-SHA256 of a folded address, hexadecimal: without the salt nobody can try addresses against it."""
    return hmac.digest(salt, folded(address).encode("utf-8", "surrogatepass"), hashlib.sha256).hex()
