"""What the three kinds of TXT record say that mail is judged by: SPF (RFC 7208), DKIM keys (RFC 6376 §3.6.1), DMARC (RFC 7489 §6.3). Pure.

They are read well enough to tell what is there and what is wrong with it; nothing here judges a mail.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_LOOKUPS = 10
"""Terms of an SPF record that ask the DNS again; with more of them every mail fails (RFC 7208 §4.6.4)."""

_ASKING = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_KNOWN = _ASKING | {"all", "ip4", "ip6", "exp"}
_TERM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9_.-]*)(?:([:=])(\S*?))?(/\S*)?")
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One mechanism or modifier of an SPF record."""

    # "+", "-", "~" or "?"; "+" where none is written.
    sign: str
    # In lower case: "include", "ip4", "all".
    name: str
    # What stands behind ":" or "="; "".
    value: str = ""
    # The end that says how much of an address counts: "/24".
    prefix: str = ""

    @property
    def asks(self) -> bool:
        """True when it costs one of the ten look-ups."""
        return self.name in _ASKING


@dataclass(frozen=True, slots=True, kw_only=True)
class Spf:
    """An SPF record."""

    terms: tuple[Term, ...]
    # Terms that are none: one of them makes every mail fail (RFC 7208 §4.6, "permerror").
    broken: tuple[str, ...] = ()

    @property
    def end(self) -> str:
        """What is said of every other server: "-all", "~all", "?all", "+all", "redirect", or "" (as good as "?all")."""
        for term in self.terms:
            if term.name == "all":
                return f"{term.sign}all"
        return "redirect" if any(term.name == "redirect" for term in self.terms) else ""

    @property
    def following(self) -> tuple[str, ...]:
        """Domains whose records it leads to, in order."""
        # "redirect" counts only where there is no "all" (§6.1).
        closed = self.end not in ("redirect", "")
        return tuple(term.value for term in self.terms if term.name == "include" or (term.name == "redirect" and not closed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dmarc:
    """A DMARC policy."""

    # "none", "quarantine" or "reject"; "" when it has none that is valid, which makes the record none (§6.6.3).
    policy: str
    # True: the domain that SPF proves must be the same, not only related. Keys are the domain's own, so that "adkim" does not matter.
    strict_spf: bool = False
    # Where reports go; none: nobody gets any.
    reports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """A public key for signatures."""

    # "rsa", "ed25519".
    kind: str
    # True: "p=" is empty, so that every signature fails.
    revoked: bool = False
    # True: "t=y", the domain only tries it out.
    testing: bool = False
    # Bits of an RSA key, near enough to tell 512 from 1024 from 2048; 0: not known.
    bits: int = 0
    # True: "p=" is no base64.
    broken: bool = False


def spf_records(texts: Iterable[str]) -> tuple[str, ...]:
    """Those that are SPF records (RFC 7208 §4.5)."""
    return tuple(text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 "))


def spf(text: str) -> Spf:
    """An SPF record, term by term."""
    terms: list[Term] = []
    broken: list[str] = []
    for word in text.split()[1:]:
        found = _TERM.fullmatch(word)
        name = found[2].lower() if found else ""
        # A modifier that nobody knows is passed over (§6); a mechanism that nobody knows is an error.
        if found is None or (name not in _KNOWN and found[3] != "=") or (name == "include" and not found[4]):
            broken.append(word)
        else:
            terms.append(Term(sign=found[1] or "+", name=name, value=found[4] or "", prefix=found[5] or ""))
    return Spf(terms=tuple(terms), broken=tuple(broken))


def dmarc_records(texts: Iterable[str]) -> tuple[str, ...]:
    """Those that are DMARC records (RFC 7489 §6.6.3)."""
    return tuple(text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(?:;|\Z)", text))


def dmarc(text: str) -> Dmarc:
    """A DMARC record; a record without a valid policy that has an address for reports counts as "none" (§6.6.3)."""
    tags = _tags(text)
    reports = tuple(filter(None, (one.strip() for one in tags.get("rua", "").split(","))))
    policy = tags.get("p", "").lower()
    if policy not in ("none", "quarantine", "reject"):
        policy = "none" if reports else ""
    return Dmarc(
        policy=policy,
        strict_spf=tags.get("aspf", "r").lower() == "s",
        reports=reports,
    )


def dkim(text: str) -> DkimKey | None:
    """A key record; None when the text is none."""
    tags = _tags(text)
    if "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        return None
    kind, written = tags.get("k", "rsa").lower(), re.sub(r"\s", "", tags["p"])
    testing = "y" in re.split(r"\s*:\s*", tags.get("t", ""))
    try:
        raw = base64.b64decode(written, validate=True)
    except binascii.Error:
        return DkimKey(kind=kind, testing=testing, broken=True)
    return DkimKey(kind=kind, revoked=not raw, testing=testing, bits=_bits(raw) if kind == "rsa" else 0)


def _tags(text: str) -> dict[str, str]:
    """Tags of a record by name (RFC 6376 §3.2); of a name that comes twice the first."""
    tags: dict[str, str] = {}
    for part in text.split(";"):
        found = _TAG.fullmatch(part)
        if found:
            tags.setdefault(found[1].lower() if len(found[1]) > 1 else found[1], found[2])
    return tags


def _bits(raw: bytes) -> int:
    """Of an RSA key from the length of its SubjectPublicKeyInfo (RFC 5280 §4.1): modulus and about 38 bytes more."""
    length = max(len(raw) - 38, 0)
    return min((512, 768, 1024, 1536, 2048, 3072, 4096), key=lambda bits: abs(bits // 8 - length)) if raw else 0
