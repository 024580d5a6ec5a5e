"""What readers see of the sources: what is read, what could not be and since when. Nothing changes with a poll that brings no news."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from types import MappingProxyType

from aggregator.collectors import collector_for
from aggregator.collectors.base import Manifest
from aggregator.fetch import Auth
from aggregator.model import Gap, GapReason, Source, SourceState
from aggregator.publish.dates import When, moment, when, zone
from aggregator.publish.gaps import LASTING, gap_lines, why
from aggregator.publish.words import address, clean, one_line
from aggregator.settings import Settings
from aggregator.text.secret_address import is_secret

NO_GAPS: Mapping[str, Sequence[Gap]] = MappingProxyType({})
_ASKING = re.compile(r"\basking \S+: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """One source, ready to be shown."""

    id: str
    label: str
    # Name of the collector, and the platform's name for people.
    platform: str
    platform_title: str
    # Where it is talked about when an entry does not say so itself ("Mastodon"; for a lone feed its label).
    place: str
    # The page a reader can open to see the same; None: there is none.
    address: str | None
    # A feed that a feed reader can subscribe to; None: there is none.
    feed: str | None
    # What is missing and where to get it, a whole sentence; "": nothing is.
    waits_for: str = ""
    # Since when it could not be read; None: it can.
    failing_since: When | None = None
    # Why, in words that end a sentence; "" when it can be read.
    reason: str = ""
    # Only of a source that fails: when it was last read; None: never.
    last_read: When | None = None
    # The steward has to act before it is read again.
    paused: bool = False
    # Why what is new there waits for the steward, in words that end a sentence; "": it does not.
    held: str = ""
    # Everyone who writes there agreed to be shown.
    agreed: bool = False
    # From when on it was read; None: it was not yet.
    read_since: When | None = None
    # What may have been missed and is still missing, and what closed the last such gap, whole sentences, the newest first.
    gaps: tuple[str, ...] = ()
    # By reason: why something of it is missed, as the end of a sentence.
    missing: Mapping[GapReason, str] = field(default_factory=dict)

    @property
    def failing(self) -> bool:
        """True when it was tried and could not be read."""
        return self.failing_since is not None


def source_views(
    settings: Settings, states: Mapping[str, SourceState], gaps: Mapping[str, Sequence[Gap]] = NO_GAPS
) -> tuple[SourceView, ...]:
    """Every enabled source in the order of the configuration.

    Args:
        gaps: by source, open ones oldest first, then those that were closed.

    Raises:
        ConfigError: a source names no platform, or options that its platform does not allow.
    """
    here = zone(settings.site.timezone)
    secrets = frozenset(settings.secrets)
    return tuple(
        _source_view(source, states.get(source.id, SourceState(source=source.id)), gaps.get(source.id, ()), secrets, here)
        for source in settings.sources
        if source.enabled
    )


def _source_view(source: Source, state: SourceState, gaps: Sequence[Gap], secrets: frozenset[str], here: tzinfo) -> SourceView:
    collector = collector_for(source)
    manifest = collector.manifest
    label = one_line(source.label or collector.label, 120)
    waits_for = _waits_for(manifest.auth, state, secrets)
    since = None if waits_for else state.failing_since
    return SourceView(
        id=source.id,
        label=label,
        platform=manifest.name,
        platform_title=clean(manifest.title, 60),
        place=label if manifest.fallback else clean(manifest.title, 60),
        address=_public(collector.address),
        feed=_public(collector.feed),
        waits_for=waits_for,
        failing_since=when(since, here) if since else None,
        reason=_reason(state.last_error) if since else "",
        last_read=when(state.last_ok_at, here) if since and state.last_ok_at else None,
        paused=state.paused and since is not None,
        held=clean(state.held, 200).rstrip(".") + "." if state.held else "",
        agreed=source.agreed,
        read_since=moment(state.read_since, here) if state.read_since else None,
        gaps=_told(gaps, manifest, here),
        missing={reason: why(reason, manifest) for reason in LASTING},
    )


def _told(gaps: Sequence[Gap], manifest: Manifest, here: tzinfo) -> tuple[str, ...]:
    """The gaps that a reader should know of; what the next good poll makes up for by itself is told by that it could not be read."""
    return gap_lines([gap for gap in gaps if gap.reason in LASTING], manifest, here)


def _public(url: str | None) -> str | None:
    """An address that may be shown to everybody; None when it is none, or is a secret."""
    return None if url is None or is_secret(url) else address(url)


def _reason(error: str | None) -> str:
    """An error's fragment as the end of a sentence, without the addresses that were asked: they stand in `status`."""
    return clean(_ASKING.sub("", clean(error)), 200).rstrip(".") + "." if error else "the reason was not kept."


def _waits_for(auth: Auth | None, state: SourceState, secrets: frozenset[str]) -> str:
    """What is missing, when it is: always where nothing can be read without it, else where a poll has asked for it in vain."""
    if auth is None or auth.variable in secrets:
        return ""
    # What MissingSecret says of itself.
    asked = (state.last_error or "").startswith(f"{auth.variable} is not set")
    # How to get one is the steward's to know, and stands in `check`.
    return clean(f"Not read until {auth.variable} is set.") if asked or not auth.optional else ""
