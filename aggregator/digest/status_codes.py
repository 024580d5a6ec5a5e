"""What a mail server's enhanced status code says of an address: bad for good, or not (RFC 3463, and the IANA registry "SMTP Enhanced Status
Codes", read 2026-11-22). The same for a reply at sending and for a bounce that comes later. Pure.

A wrong "hard" costs a reader; a wrong "soft" costs two more mails, as three soft bounces in a row suppress as well. So a code is hard only
when it can be about nothing but the recipient's address.
"""

from __future__ import annotations

import re

_HARD = frozenset(
    (
        # No such mailbox; no such domain; not an address; moved, and nobody says where to; a domain that takes no mail (RFC 7505 §4.2).
        "5.1.1",
        "5.1.2",
        "5.1.3",
        "5.1.6",
        "5.1.10",
        # Disabled for good.
        "5.2.1",
        # The mailbox or its domain belongs to somebody else now (RFC 7293 §14.3).
        "5.7.17",
        "5.7.18",
    )
)
# Not soft by chance: 5.1.0 ("something about an address") is also said of senders, and 5.1.7 and 5.1.8 of nothing else; 5.2.2 is a full
# mailbox; 5.4.1 and 5.5.0 stand for missing users at Microsoft and for much else; 5.7.x is what a server thinks of us.
# A code stands after the reply code ("550 5.1.1", "550-5.1.1") or alone, and is part of no longer number (an IP address has four).
_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)")


def enhanced(text: str) -> str:
    """The first enhanced status code in a server's words: "5.1.1"; "" when there is none."""
    found = _CODE.search(text)
    return ".".join(str(int(part)) for part in found.groups()) if found else ""


def hard(status: str) -> bool:
    """Whether a code ("5.1.1") says that the address itself is bad, for good. An unknown one, or "", does not."""
    return status in _HARD
