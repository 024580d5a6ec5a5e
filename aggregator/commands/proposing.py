"""Sources as lines for sources.yaml, with what was found there: the form in which `source discover` and `init --topic` propose them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from aggregator.collectors import recognise
from aggregator.collectors.base import build
from aggregator.errors import UnknownPlatform
from aggregator.log import safe
from aggregator.run.sampling import Sample

# What YAML 1.2 reads as text without quotes, whoever writes it.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*")
# The address that was asked for; it stands before.
_ASKED = re.compile(r"^asking \S+: ")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def entry_of(sample: Sample) -> str:
    """A source as one item of `sources`, on one line: its address, where that says all, else its options."""
    collector, address = sample.collector, sample.collector.address
    try:
        platform, options = recognise(address)
    except UnknownPlatform:
        platform, options = "", {}
    if platform == sample.source.platform and build(type(collector), options) == collector and " #" not in address:
        return address
    pairs = {"platform": sample.source.platform, **sample.source.options}
    return "{" + ", ".join(f"{name}: {_value(value)}" for name, value in pairs.items()) + "}"


def told(sample: Sample) -> str:
    """What is there, in a few words on one line."""
    if sample.problem:
        why = _ASKED.sub("", safe(" ".join(sample.problem.split())))
        return f"{safe(sample.collector.label)}: {why[:160]}"
    entries, counting = len(sample.found), len(sample.counting)
    count = f"{entries} {'entry' if entries == 1 else 'entries'}, {counting} about the topic" if entries else "nothing there"
    return f"{safe(sample.collector.label)}: {count}"


def lines_for(samples: Sequence[Sample]) -> tuple[list[str], list[str]]:
    """(lines of what shows something about a topic, most first; the others, commented out), each with what was found."""
    good = sorted((one for one in samples if one.counting), key=lambda one: -len(one.counting))
    rest = [one for one in samples if not one.counting]
    return [f"- {entry_of(one)}  # {told(one)}" for one in good], [f"# - {entry_of(one)}  # {told(one)}" for one in rest]


def _value(value: str) -> str:
    return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS else json.dumps(value, ensure_ascii=False)
