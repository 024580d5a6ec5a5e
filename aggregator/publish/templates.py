"""Where the templates are, and whether they have changed. Nothing here loads the template engine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def folders(configured: Path) -> tuple[Path, ...]:
    """Where templates are looked for, in this order: the operator's folder, the packaged one, that of a checkout. Those that exist."""
    places = (configured, _PACKAGE / "_templates", _PACKAGE.parent / "templates")
    return tuple(dict.fromkeys(place.resolve() for place in places if place.is_dir()))


def fingerprint(places: Sequence[Path]) -> str:
    """SHA-256 in hexadecimal of every template's name and bytes."""
    digest = hashlib.sha256()
    for place in places:
        for path in sorted(one for one in place.rglob("*") if one.is_file()):
            digest.update(f"{path.relative_to(place).as_posix()}\x00".encode())
            digest.update(path.read_bytes() + b"\x00")
    return digest.hexdigest()
