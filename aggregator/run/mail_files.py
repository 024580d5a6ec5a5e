"""Files of the digest that anybody can read: previews in the state folder, and mails that were handed over to a folder."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Collection, Iterator
from html import unescape
from pathlib import Path
from typing import Final

from aggregator.digest.forgetting import Gone, folded

PREVIEWS: Final = "preview"
"""Folder below the state folder. Nothing in it is private: the sample goes to nobody, by an address that is nobody's."""

_TAG = re.compile(r"<[^>]*>")
# The boundary of an edition's mail begins with the edition's hash (digest/mime.py).
_BOUNDARY = re.compile(rb'boundary="=_([0-9a-f]{40})"')
# No header is longer.
_HEADER_BYTES = 16_384


def mark_of(hash: str) -> str:
    """What the mails of an edition are known by, given the hash of what was frozen."""
    return hash[:40]


def previews_naming(folder: Path, gone: Gone) -> tuple[Path, ...]:
    """The files of previews that name what was taken down; a preview is several files, of which all go."""
    files = sorted(path for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []
    stems = {path.stem.removeprefix(".") for path in files if names(path, gone)}
    return tuple(path for path in files if path.stem.removeprefix(".") in stems)


def mails_of(folder: Path) -> dict[str, list[Path]]:
    """The mails in a folder by the mark of their edition; "": they have none."""
    found: dict[str, list[Path]] = {}
    for path in sorted((*folder.glob("*.eml"), *folder.glob(".*.eml.new"))) if folder.is_dir() else ():
        with path.open("rb") as file:
            mark = _BOUNDARY.search(file.read(_HEADER_BYTES))
        found.setdefault(mark[1].decode() if mark else "", []).append(path)
    return found


def mails_naming(mails: dict[str, list[Path]], gone: Gone, *, marked: Collection[str], spared: Collection[str]) -> tuple[Path, ...]:
    """Those that name what was taken down.

    Args:
        mails: as `mails_of` gives them.
        marked: of editions that name it.
        spared: of editions that do not, or whose mails must stay.
    """
    found: list[Path] = []
    for mark, files in mails.items():
        if mark in spared:
            continue
        # All mails of an edition say the same.
        if mark in marked or (mark and names(files[0], gone)):
            found += files
        elif not mark:
            found += [path for path in files if names(path, gone)]
    return tuple(found)


def names(path: Path, gone: Gone) -> bool:
    """Whether a file names what was taken down: by an address, a name, or a title while those are known."""
    return any(_names(text, gone) for text in _texts(path))


def _names(text: str, gone: Gone) -> bool:
    if gone.refusals.quotes(text):
        return True
    bare = unescape(_TAG.sub(" ", text))
    words = folded(bare)
    return gone.named_in(bare) or any(title in words for title in gone.titles)


def _texts(path: Path) -> Iterator[str]:
    """What stands in a file; of a mail its subject and each part."""
    content = path.read_bytes()
    if ".eml" not in path.suffixes:
        yield content.decode("utf-8", "replace")
        return
    mail = email.message_from_bytes(content, policy=email.policy.default)
    yield str(mail["Subject"] or "")
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            yield (part.get_payload(decode=True) or b"").decode("utf-8", "replace")  # type: ignore[union-attr]  # bytes: it is no multipart
