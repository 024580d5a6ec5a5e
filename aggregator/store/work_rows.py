"""Works and bonds: rows to values and back."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from struct import pack, unpack
from typing import Any

from aggregator.model import Evidence, EvidenceKind, Kind, Sketched, Work
from aggregator.store.rows import Row, stamp, storable

_KINDS = {kind.value: kind for kind in Kind}
_EVIDENCE = {kind.value: kind for kind in EvidenceKind}
_FULL = 10_000

_json = json.JSONEncoder(separators=(",", ":")).encode


def work_to_values(made: Sketched) -> tuple[str, int, str, str]:
    """The columns of `work` behind the number."""
    work = made.work
    account: dict[str, Any] = {"kind": work.kind.value, "place": work.place, "words": work.words}
    named = {
        "title": work.title, "authors": work.authors, "marks": work.marks, "language": work.language, "links": work.links,
        "claims": work.claims, "guid": work.guid, "answers": work.answers,
    }  # fmt: skip
    account.update((name, value) for name, value in named.items() if value)
    if work.published is not None:
        account["published"] = stamp(work.published)
    if work.sketch:
        account["sketch"] = b64encode(work.sketch).decode()
    return storable(work.key), work.rules, _json(account), postings_to_text(made.postings)


_PARTS: Mapping[str, Callable[[Any], Any]] = {
    "kind": _KINDS.__getitem__,
    "authors": tuple,
    "marks": tuple,
    "links": tuple,
    "published": datetime.fromisoformat,
    "sketch": b64decode,
}


def work_from_row(row: Row) -> Work:
    """The work of a row of `work`."""
    _number, key, rules, account, _postings = row
    return Work(
        key=key, rules=rules, **{name: _PARTS[name](value) if name in _PARTS else value for name, value in json.loads(account).items()}
    )


def postings_to_text(postings: Sequence[int]) -> str:
    """Postings as eight bytes each, sorted and once, in base64."""
    numbers = sorted(set(postings))
    return b64encode(pack(f"<{len(numbers)}q", *numbers)).decode()


def postings_from_text(text: str) -> tuple[int, ...]:
    """The postings that `postings_to_text` was given."""
    packed = b64decode(text)
    return unpack(f"<{len(packed) // 8}q", packed)


def bond_to_row(bond: Evidence, *, declared: bool) -> tuple[str, str, str, bool, int]:
    """A bond in the columns of `bond`."""
    return storable(bond.left), storable(bond.right), bond.kind.value, declared, round(bond.score * _FULL)


def bond_from_row(row: Row) -> Evidence:
    """The evidence of a row of `bond`."""
    one, other, kind, _declared, score = row[:5]
    return Evidence(kind=_EVIDENCE[kind], left=one, right=other, score=score / _FULL)
