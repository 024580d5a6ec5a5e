"""Short digests of the views that pages are made from: a page whose views are the same need not be made again. Pure.

Making such a digest must cost less than filling a page. `repr` of a frozen dataclass and `pickle` of it take longer than the template does;
so the fields are taken out type by type, and what is left are lists and text, which `marshal` writes in a tenth of the time of `repr`. Of
its forms only the first says nothing of how objects lie in memory; another Python may write another, which costs one build.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from enum import Enum
from operator import attrgetter
from typing import Any, Final, cast

_PLAIN: Final = frozenset((str, int, bool, float, type(None)))
_fields_of: dict[type, Callable[[Any], tuple[Any, ...]]] = {}


def digest(*views: object, of: bytes = b"") -> str:
    """16 hexadecimal digits that differ, as far as can be, wherever any field of the views does.

    Args:
        of: what everything made in one build has in common.
    """
    return hashlib.blake2b(marshal.dumps(_told(views), 0), digest_size=8, key=of).hexdigest()


def common(*views: object) -> bytes:
    """What is given to `digest` as `of`."""
    return hashlib.blake2b(marshal.dumps(_told(views), 0), digest_size=32).digest()


def _told(value: Any) -> Any:
    """The same as nested tuples of plain values."""
    kind = type(value)
    if kind is tuple:
        return [one if type(one) in _PLAIN else _told(one) for one in value] if value else ()
    taken = _fields_of.get(kind) or _taken(kind)
    return [one if type(one) in _PLAIN else _told(one) for one in taken(value)]


def _taken(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """How the fields of a type are taken out.

    Raises:
        TypeError: it is no view; what cannot be told apart must not be taken for the same.
    """
    if kind in _PLAIN:
        taken: Callable[[Any], tuple[Any, ...]] = lambda value: (value,)  # noqa: E731
    elif issubclass(kind, date):
        taken = lambda value: (value.isoformat(),)  # noqa: E731
    elif issubclass(kind, Enum):
        taken = lambda value: (value.name,)  # noqa: E731
    else:
        names = [one.name for one in fields(cast("Any", kind))]
        together = attrgetter(*names)
        taken = together if len(names) > 1 else lambda value: (together(value),)
    _fields_of[kind] = taken
    return taken
