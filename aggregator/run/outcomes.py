"""What sending did, as values and in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from aggregator.digest.deliver import Delivered
from aggregator.model import DeliveryState, Edition
from aggregator.publish.dates import minute
from aggregator.publish.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one edition, or why there is none."""

    topic: str
    rhythm: str
    # Id; "": there is none.
    edition: str = ""
    # For programs: "nothing due", "waiting", "skipped", "held back", "declined", "would send", "sending" or "sent".
    what: str = "nothing due"
    # Whole sentences for the steward.
    said: tuple[str, ...] = ()
    exit_code: int = 0
    # None: nothing was to be handed over.
    delivered: Delivered | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one call did."""

    # Another process is sending, and nothing was done.
    locked: bool = False
    # What comparing with the journal, and others, had to say.
    remarks: tuple[str, ...] = ()
    # Confirmation mails that went out.
    letters: int = 0
    # Why they did not; "": nothing stood in their way.
    broken: str = ""
    editions: tuple[Outcome, ...] = ()
    # Copies whose fate is uncertain, of all editions.
    uncertain: int = 0

    @property
    def exit_code(self) -> int:
        """0 done · 1 no mail can be handed over · 2 nobody agreed · 6 an edition is held back · 7 copies are uncertain."""
        codes = {one.exit_code for one in self.editions} | ({1} if self.broken else set()) | ({7} if self.uncertain else set())
        return next((code for code in (1, 7, 6, 2) if code in codes), 0)


def held_back(outcome: Outcome, *said: str) -> Outcome:
    """The same, held back for these reasons."""
    return replace(outcome, what="held back", said=said, exit_code=6)


def with_delivered(outcome: Outcome, edition: Edition, delivered: Delivered, *, again_at: datetime | None, zone: tzinfo) -> Outcome:
    """The same with what was handed over, in words.

    Args:
        again_at: when what was put off is tried again; None: nothing was.
        zone: of that time, as it is told.
    """
    name, counts = edition.period.name, delivered.counts
    due, refused, unsure = (counts[state] for state in (DeliveryState.DUE, DeliveryState.REFUSED, DeliveryState.UNCERTAIN))
    has = counts[DeliveryState.HANDED_OVER]
    said = [f"{name}: {copies(has)} handed over{f', {refused} refused' if refused else ''}."] if has or refused or not due else []
    if not any(counts.values()):
        said = [f"{name}: nobody gets it yet; it stands among the editions on the page."]
    code = 0
    if delivered.broken:
        why = delivered.broken.rstrip(".")
        said.append(f"{name}: no mail can be handed over: {why}. {copies(due).capitalize()} due; the next `digest send` goes on.")
        code = 1
    elif delivered.refusing:
        said.append(
            f"Stopped, since most copies were refused: {delivered.refusing}. Nobody is suppressed for it; {copies(due)} due. "
            f"See to that; then `aggregator digest resume {name}` goes on, or `aggregator digest cancel {name}` ends it."
        )
        code = 6
    elif delivered.stopped and due:
        said.append(f"Stopped before all was sent; {copies(due)} due, and the next `digest send` goes on.")
    elif due:
        since = f" from {minute(again_at, zone)} on" if again_at else ""
        said.append(f"{copies(due).capitalize()} will be tried again{since}, by the next `digest send` after that.")
    if unsure:
        said.append(f"{copies(unsure).capitalize()} may or may not have arrived; `aggregator digest resolve` lists them.")
    what = "sent" if delivered.ended else "held back" if delivered.refusing else "sending"
    return replace(outcome, edition=edition.id, what=what, said=(*outcome.said, *said), exit_code=code, delivered=delivered)


def copies(count: int) -> str:
    """ "1 copy", "12 copies"."""
    return counted(count, "copy", "copies")
