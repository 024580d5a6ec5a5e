"""What a mail server's answer means for a recipient, and the answer as it may be kept: without any address. Pure."""

from __future__ import annotations

import re

from aggregator.digest import status_codes
from aggregator.digest.encoding import one_line

# Of an answer that is kept.
LONGEST = 200
_LOOKED_AT = 1000
# With no enhanced code: no such mailbox, somebody else's, a name that cannot be (RFC 5321 §4.2.3), a domain without mail (RFC 7504 §3).
_ABOUT_THE_ADDRESS = frozenset((550, 551, 553, 556))
# And yet, with those codes, also said of the sender, of what the mail looks like, or of today.
_NOT_THE_ADDRESS = re.compile(
    r"polic|spam|spoof|block|black|deny|denied|reject(?:ed)? (?:by|due)|reputation|listed|rbl|dnsbl|dmarc|spf|dkim|ptr|reverse|sender|relay"
    r"|rcpthosts|authenticat|auth(?:ori[sz])|content|virus|quota|full|exceed|too (?:many|large|big)"
    r"|rate|limit|temporar|try again|later|greylist|tls",
    re.IGNORECASE,
)
# Postfix, sendmail, Exim, Exchange, qmail. "User unknown in relay recipient table" is another matter.
_RELAY = re.compile(
    r"relay(?:ing)?\b[^.]{0,40}\b(?:denied|refused|prohibited|not (?:permitted|allowed))|(?:unable to|not|no) relay|rcpthosts",
    re.IGNORECASE,
)
_TIRED = re.compile(
    r"too many (?:messages|mails|e-?mails|recipients|transactions)|(?:on|in|per|for) (?:this |the )?(?:connection|session)", re.IGNORECASE
)
# A local part may be quoted (RFC 5321 §4.1.2); in links a server names, "@" is written as %40.
_ADDRESS = re.compile(r"""(?:"[^"]*"|[^\s<>()\[\],;:"'/?&=]*(?:=[^\s<>()\[\],;:"'/?&=]*)*)(?:@|%40)[^\s<>()\[\],;"'&]+""", re.IGNORECASE)
# A shorter local part is in too many words.
_SHORTEST_LOCAL = 3


def hard(code: int, text: str) -> bool:
    """Whether a refusal of a recipient (5xx) says that the address itself is bad, for good.

    The enhanced status code decides where there is one. Without it 550, 551, 553 and 556 do, unless the words speak of anything but the
    address: wrong in that direction costs two more mails, in the other a reader.
    """
    if status := status_codes.enhanced(text):
        return status_codes.hard(status)
    return code in _ABOUT_THE_ADDRESS and not _NOT_THE_ADDRESS.search(text)


def ours(code: int) -> bool:
    """Whether a refusal at RCPT is about us and not the recipient: a login (530, 538) is wanted (RFC 4954 §6)."""
    return code in (530, 538)


def relay(code: int, text: str) -> bool:
    """Whether a refusal at RCPT says that nothing is passed on for us: a matter of settings, which the operator will repair."""
    return bool(_RELAY.search(text)) and not hard(code, text)


def tired(code: int, text: str) -> bool:
    """Whether the server wants another connection, and says nothing of this mail: 421, or too many messages on this one."""
    return code == 421 or (400 <= code < 500 and bool(_TIRED.search(text)))


def cleaned(code: int, text: str, address: str = "") -> str:
    """An answer in one line, without the recipient's address and any other."""
    words = one_line(text)
    if len(words) > _LOOKED_AT:
        # No address is cut in two, of which one half would not be known for what it is.
        words = words[:_LOOKED_AT].rpartition(" ")[0]
    words = _ADDRESS.sub("…", words)
    # Most answers name nobody, and an expression of its own for each recipient is dear.
    for part in (part for part in _parts(address) if part.casefold() in words.casefold()):
        words = re.sub(rf"(?<![^\W_]){re.escape(part)}(?![^\W_])", "…", words, flags=re.IGNORECASE)
    return f"{code} {words}".strip()[:LONGEST]


def _parts(address: str) -> tuple[str, ...]:
    """What names a person, as servers repeat it: the local part, also without what stands behind a plus."""
    local = address.rpartition("@")[0]
    return tuple(part for part in (local, local.partition("+")[0]) if len(part) >= _SHORTEST_LOCAL)
