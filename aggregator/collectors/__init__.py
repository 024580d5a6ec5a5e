"""The platforms. One file each; `platforms()` finds them by walking this folder, so that adding one edits no other file.

Modules whose names begin with "_" are parts that several collectors share. base.py is the contract.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from aggregator.collectors.base import Collector, build
from aggregator.errors import UnknownPlatform
from aggregator.model import Source
from aggregator.text.secret_address import masked


@cache
def platforms() -> Mapping[str, type[Collector]]:
    """Every collector by the name in its manifest, in alphabetical order."""
    found: dict[str, type[Collector]] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_") or module.name == "base":
            continue
        namespace = vars(importlib.import_module(f"{__name__}.{module.name}"))
        for value in namespace.values():
            if (
                isinstance(value, type)
                and issubclass(value, Collector)
                and value.__module__ == f"{__name__}.{module.name}"
                and "manifest" in vars(value)
            ):
                found[value.manifest.name] = value
    return MappingProxyType(dict(sorted(found.items())))


def collector_for(source: Source) -> Collector:
    """The collector of a configured source.

    Raises:
        UnknownPlatform: no collector has the name.
        BadOption: an option is missing, unknown or not allowed.
    """
    known = platforms()
    if source.platform not in known:
        raise UnknownPlatform(f"platform {source.platform!r} is not known; known are {', '.join(known)}")
    return build(known[source.platform], source.options)


def recognise(address: str) -> tuple[str, Mapping[str, str]]:
    """The platform and the options that read an address, found offline; the fallback collector takes what nobody else knows.

    Raises:
        UnknownPlatform: it is no http or https address, or a platform knows it as nothing that can be watched. The message does not repeat
            an address that may be a secret.
    """
    first = [(name, collector) for name, collector in platforms().items() if not collector.manifest.fallback]
    last = [(name, collector) for name, collector in platforms().items() if collector.manifest.fallback]
    for name, collector in first:
        options = collector.recognise(address)
        if options is not None:
            return name, options
    for _, collector in first + last:
        instead = collector.declined(address)
        if instead is not None:
            raise UnknownPlatform(f"the address {instead}")
    for name, collector in last:
        options = collector.recognise(address)
        if options is not None:
            return name, options
    raise UnknownPlatform(f"{masked(address, '…')!r} is not an address that can be read; write a full http or https address")
