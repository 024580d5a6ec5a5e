"""The options of a collector: how a field is described, and how a collector is built from what sources.yaml says. See `base`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, get_args, get_origin, get_type_hints

from aggregator.errors import BadOption

if TYPE_CHECKING:
    from aggregator.collectors.base import Collector


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Describes one field of a collector: `tag: Annotated[str, Option("hashtag without the #", example="microsolidarity")]`."""

    # A fragment for people, lower case, no final period. Positional use: Option("…").
    help: str
    example: str
    # Gives the cleaned value, or raises ValueError with a sentence that says what is allowed. None: any non-empty text.
    check: Callable[[str], str] | None = None

    def __init__(self, help: str, *, example: str, check: Callable[[str], str] | None = None) -> None:
        object.__setattr__(self, "help", help)
        object.__setattr__(self, "example", example)
        object.__setattr__(self, "check", check)


@cache
def options_of(collector: type[Collector]) -> Mapping[str, tuple[Option, bool]]:
    """The options of a collector in their order: name to (description, required)."""
    hints = get_type_hints(collector, include_extras=True)
    found: dict[str, tuple[Option, bool]] = {}
    for field in fields(collector):
        annotation = hints[field.name]
        marks = [mark for mark in get_args(annotation)[1:] if isinstance(mark, Option)] if get_origin(annotation) is Annotated else []
        if len(marks) != 1:
            raise TypeError(f"{collector.__name__}.{field.name}: an option wants exactly one Option(…)")
        found[field.name] = (marks[0], field.default is MISSING)
    return found


def build(collector: type[Collector], options: Mapping[str, str]) -> Collector:
    """A collector from configured options, each cleaned by its own check.

    Raises:
        BadOption: an option is unknown, missing or not allowed; every one of them is in the message.
    """
    known = options_of(collector)
    wrong = [f"unknown option {name!r}" for name in options if name not in known]
    clean: dict[str, str] = {}
    for name, (option, required) in known.items():
        value = options.get(name, "")
        if not value:
            if required:
                wrong.append(f"option {name!r} is missing ({option.help}, for example {option.example!r})")
            continue
        try:
            clean[name] = option.check(value) if option.check else value
        except ValueError as error:
            wrong.append(f"option {name!r}: {error}")
    if wrong:
        raise BadOption("; ".join(wrong))
    return collector(**clean)
