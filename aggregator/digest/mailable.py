"""Which addresses can be written to, by any mail server. Pure."""

from __future__ import annotations

import re

from aggregator.digest.encoding import parsed
from aggregator.settings import Digest
from aggregator.store.private.addresses import folded
from aggregator.text.address import host_form

# RFC 5321 §4.5.3.1.1, and §4.5.3.1.3 less the angle brackets.
_LONGEST_LOCAL, _LONGEST = 64, 254
# A dot-atom (RFC 5322 §3.2.3). Quoted local parts are legal and in no use; they can hold what ends a header.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# Letters, digits and hyphens (RFC 5321 §2.3.5); at least two labels, the last of which is no number.
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+(?![0-9]+$){_LABEL}")
# Providers at which one mailbox has several domains, and what they overlook in its name (help pages of Gmail, "Dots don't matter"; Proton,
# "Addresses and aliases"; Apple, "@icloud.com, @me.com, @mac.com"; all read 2026-11-22).
_DOTS, _SIGNS, _NOTHING = (str.maketrans("", "", signs) for signs in (".", "._-", ""))
_PROVIDERS = (
    (("gmail.com", "googlemail.com"), _DOTS),
    (("proton.me", "protonmail.com", "pm.me"), _SIGNS),
    (("icloud.com", "me.com", "mac.com"), _NOTHING),
)
_SAME = {domain: (domains[0], overlooked) for domains, overlooked in _PROVIDERS for domain in domains}


def mailable(address: str) -> str:
    """The address without the space around it, an international domain in the form that mail servers know (RFC 5891).

    Raises:
        ValueError: a sentence for who wrote it, without the address.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not domain:
        raise ValueError("Write one mail address, such as ada@example.org.")
    if not local.isascii():
        # Would need SMTPUTF8 (RFC 6531) at every server on the way, which nobody can know beforehand.
        raise ValueError("Write an address that has only plain letters, digits and signs before the @.")
    known = domain if domain.isascii() else host_form(domain) or ""
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(known.lower()):
        raise ValueError("Write one mail address, such as ada@example.org.")
    if len(local) > _LONGEST_LOCAL or len(local) + 1 + len(known) > _LONGEST:
        raise ValueError("Write a shorter address: mail servers take none that is so long.")
    return f"{local}@{known}"


def untagged(address: str) -> str:
    """The mailbox that an address leads to where "+signs" are a mailbox's own (RFC 5233 §1), folded; of the large providers that overlook
    more than that, in one spelling. For limits: not for telling people apart."""
    local, _, domain = folded(address).rpartition("@")
    domain, overlooked = _SAME.get(domain, (domain, _NOTHING))
    return f"{local.partition('+')[0].translate(overlooked)}@{domain}"


def ours(address: str, digest: Digest) -> bool:
    """Whether an address is the digest's own: what is mailed there would come back to the program."""
    own = (digest.sender, digest.reply_to, digest.mailbox.address if digest.mailbox else "")
    return untagged(address) in {untagged(parsed(one)[1]) for one in own if one}
