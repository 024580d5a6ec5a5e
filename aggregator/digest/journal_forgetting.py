"""Takes out of the journal of outgoing mail what was taken down.

A line that is written anew is as long as it was, filled up with blanks, which JSON allows at its end: each line stays at its place and
keeps its number, so that every mark is good still, also those of backups of private.db. The file is replaced in one step: whoever is cut
short leaves the old one or the new one. Nobody else may have it open.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator.digest.durable import sync_names, written
from aggregator.digest.forgetting import Gone, covered, report_without, without
from aggregator.errors import StoreError
from aggregator.model import Edition
from aggregator.store.private.editions import edition_from_text, edition_to_text

_encode = json.JSONEncoder(separators=(",", ":")).encode
# A line of a single mail is not read, unless it has what a server said.
_NUMBERED, _REPLY = b'{"n":', b'"reply":'


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What was taken out of a journal."""

    # How many lines were written anew.
    lines: int = 0
    # Ids of editions that name what was taken down and are as they were, because they are being sent.
    waiting: frozenset[str] = frozenset()


def editions_in(path: Path) -> Iterator[Edition]:
    """The editions that a journal knows; one more than once where it was written more than once."""
    for _place, _raw, said in _lines(path):
        if (edition := _edition_of(said)) is not None:
            yield edition


def take_out(path: Path, gone: Gone, *, settled: Collection[str] = (), write: bool = True) -> Cleaned:
    """Take what was taken down out of a journal, except for editions that are being sent: what is frozen of them must stay as it is.

    Args:
        settled: ids of editions that are ended, whatever the journal knows of their end.
        write: False: only say what would be done.

    Raises:
        StoreError: the file cannot be read or written.
    """
    if not path.exists():
        return Cleaned()
    try:
        ended = {said["ended"] for _place, _raw, said in _lines(path) if "ended" in said} | set(settled)
        found = [(place, raw, _said_without(said, gone), said) for place, raw, said in _lines(path)]
        waiting = {_id_of(said) for _place, _raw, new, said in found if new != said and _sending(said, ended)}
        changed = {place: _filled(raw, new) for place, raw, new, said in found if new != said and not _sending(said, ended)}
        changed |= {place: _blank(raw) for place, raw, _new, said in found if not said}
        if changed and write:
            _replace(path, changed)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written anew without what was taken down ({error.strerror}); make sure that this user may write there and "
            "that the disk has room, then run again."
        ) from error
    return Cleaned(lines=len(changed), waiting=frozenset(waiting))


def _lines(path: Path) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """Lines that may name a story: byte at which each begins, its bytes, and the JSON object; empty for one that is torn."""
    place = 0
    with path.open("rb") as file:
        for raw in file:
            if (raw.startswith(_NUMBERED) or _REPLY in raw or not raw.rstrip().endswith(b"}")) and raw.strip():
                yield place, raw, _read(raw)
            place += len(raw)


def _read(raw: bytes) -> dict[str, Any]:
    try:
        said = json.loads(raw)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _edition_of(said: Mapping[str, Any]) -> Edition | None:
    written = said.get("frozen") or said.get("skipped")
    return edition_from_text(_encode(written)) if written else None


def _id_of(said: Mapping[str, Any]) -> str:
    return str((said.get("frozen") or {}).get("id", ""))


def _sending(said: Mapping[str, Any], ended: Collection[str]) -> bool:
    return "frozen" in said and _id_of(said) not in ended


def _said_without(said: Mapping[str, Any], gone: Gone) -> Mapping[str, Any]:
    """A line without what was taken down; an equal one where there is nothing of it."""
    if gone.named_in(str(said.get("reply", ""))):
        return {**said, "reply": ""}
    edition = _edition_of(said)
    if edition is None:
        return said
    new = without(edition, gone)
    if "skipped" in said:
        return said if new is edition else {**said, "skipped": json.loads(edition_to_text(new))}
    told = [name for name in said["told"] if not gone.covers_name(name)]
    report = report_without(said["report"], covered(edition, gone), gone)
    # What was rendered is one piece, and of no use when the edition has ended.
    rendered = said["rendered"] if new is edition else None
    frozen = said["frozen"] if new is edition else json.loads(edition_to_text(new))
    return {**said, "frozen": frozen, "report": report, "rendered": rendered, "told": told}


def _filled(raw: bytes, said: Mapping[str, Any]) -> bytes:
    """A line as long as the one it stands for."""
    line, end = _encode(said).encode(), raw[len(raw.rstrip(b"\n")) :]
    if len(line) + len(end) > len(raw):
        line = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert len(line) + len(end) <= len(raw), "what was taken out made a line longer"
    return line.ljust(len(raw) - len(end)) + end


def _blank(raw: bytes) -> bytes:
    """A torn line says nothing to anybody, and may hold a part of anything."""
    end = raw[len(raw.rstrip(b"\n")) :]
    return b" " * (len(raw) - len(end)) + end


def _replace(path: Path, changed: Mapping[int, bytes]) -> None:
    beside = path.with_name(f".{path.name}.new")
    with written(beside) as file, path.open("rb") as before:
        shutil.copyfileobj(before, file)
        for place, line in sorted(changed.items()):
            file.seek(place)
            file.write(line)
    beside.replace(path)
    sync_names(path.parent)
