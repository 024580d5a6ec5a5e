"""The walk through what waits: shown one by one, decided by one key, each decision written at once."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.app import App
from aggregator.commands.blocking import blocks_of
from aggregator.commands.common import complain_lines, say
from aggregator.commands.decided import thing
from aggregator.commands.deciding import told
from aggregator.commands.keys import Read
from aggregator.commands.naming import Named
from aggregator.commands.review import PATIENCE_SECONDS, held_keys, lines
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Decision, DecisionKind, Story
from aggregator.pipeline.curate import Curated, Held, is_first_hand

if TYPE_CHECKING:
    from aggregator.run.deciding import Decided

_ASKED = "[a]pprove  [h]ide  [b]lock  [o]pen  [s]kip  [u]ndo  [q]uit  [?]"
_HELP = """\
  a  approve: it is shown, although it was held
  h  hide: it stays off the page, however it comes back
  b  block: nothing more from its author, its domain or its source
  o  open it in a browser
  s  skip: it waits on
  u  undo what was decided last in this walk, and go back to it
  q  quit; what was decided is kept"""


@dataclass(kw_only=True)
class Walk:
    """Where the steward is, and what was decided on the way."""

    app: App
    waiting: tuple[Held, ...]
    # Puts to a decision who decides, when and why.
    signed: Callable[[Decision], Decision]
    at: int = 0
    # Each with the place in the walk where it was made.
    done: list[tuple[int, tuple[Decision, ...]]] = field(default_factory=list)
    # Read once: all decisions but splits leave them as they are.
    _stories: tuple[Story, ...] | None = None

    def go(self, read: Read) -> None:
        """From one to the next until the end, or until the steward has enough."""
        while self.at < len(self.waiting):
            held = self.waiting[self.at]
            if held.story.id not in self.waiting_still():
                self.at += 1
                continue
            say()
            say(f"{self.at + 1} of {len(self.waiting)}")
            for line in lines(held, self.app):
                say(line)
            if not self._answered(held, read):
                return

    def waiting_still(self) -> frozenset[str]:
        """Ids of the stories of which something waits."""
        return frozenset(held.story.id for held in self._curated().held)

    def _curated(self) -> Curated:
        from aggregator.run.deciding import curated

        if self._stories is None:
            self._stories = self.app.store.stories()
        return curated(self.app, stories=self._stories)

    def turn(self) -> AbstractContextManager[None]:
        """The run lock, as soon as it is free."""
        from aggregator.run.deciding import turn

        return turn(self.app, seconds=PATIENCE_SECONDS, waiting=lambda: say("A run is under way; waiting for it to end …"))

    def _answered(self, held: Held, read: Read) -> bool:
        """Ask until there is an answer that leads on; False: the walk ends."""
        while True:
            say(_ASKED)
            match read():
                case None | "q":
                    return False
                case "s":
                    self.at += 1
                    return True
                case "a":
                    return self._decide(_approved(held))
                case "h":
                    return self._decide(_hidden(held, self._shown_by(held)))
                case "b":
                    if (subject := self._blocked(held, read)) is not None:
                        return self._decide((Decision(kind=DecisionKind.BLOCK, subject=subject),))
                case "o":
                    _open(held)
                case "u":
                    return self._undo()
                case _:
                    for line in _HELP.splitlines():
                        say(line)

    def _decide(self, decisions: tuple[Decision, ...]) -> bool:
        from aggregator.run.deciding import decide

        signed = tuple(self.signed(decision) for decision in decisions)
        if self._told(lambda: decide(self.app, signed)):
            self.done.append((self.at, signed))
            self.at += 1
        return True

    def _undo(self) -> bool:
        from aggregator.run.deciding import take_back

        if not self.done:
            say("Nothing was decided in this walk yet. `aggregator undo` takes back what was decided before.")
            return True
        at, decisions = self.done[-1]
        for decision in reversed(decisions):

            def last(standing: object, wanted: Decision = decision) -> int | None:
                assert isinstance(standing, tuple)
                return max((place for place, one in enumerate(standing) if one == wanted), default=None)

            if not self._told(lambda last=last: take_back(self.app, last)):  # type: ignore[misc]  # mypy does not infer lambdas with defaults
                return True
        self.done.pop()
        self.at = at
        return True

    def _told(self, act: Callable[[], Decided]) -> bool:
        """Do something to the file and say what it changed; False when it could not be done, which is said too."""
        try:
            with self.turn():
                done = act()
        except AggregatorError as error:
            complain_lines(str(error))
            return False
        if any(one.kind is DecisionKind.SPLIT for one in (*done.made, *done.taken_back)):
            self._stories = None
        for line in told(self.app, done, dry_run=False):
            say(line)
        return True

    def _blocked(self, held: Held, read: Read) -> str | None:
        """What to block of it; None: nothing after all."""
        try:
            subjects = blocks_of(self.app, Named(key=held.story.mentions[0].identity.subject, story=held.story))
        except ConfigError as error:
            say(str(error))
            return None
        for name, subject in sorted(subjects.items()):
            say(f"  [{name[0]}]{name[1:]}: {thing(subject)}")
        say("  another key: nothing")
        key = read()
        return next((subject for name, subject in subjects.items() if name[0] == key), None)

    def _shown_by(self, held: Held) -> str | None:
        """The address that the story is shown by without what waits; None: it is not shown."""
        return next((story.lead for story in self._curated().shown if story.id == held.story.id), None)


def _approved(held: Held) -> tuple[Decision, ...]:
    return tuple(Decision(kind=DecisionKind.APPROVE, subject=key) for key in held_keys(held))


def _hidden(held: Held, shown_by: str | None) -> tuple[Decision, ...]:
    """To hide one address of a story that is shown would hide the story, so that the address is split off first."""
    own = {one.identity.subject for one in held.story.mentions if is_first_hand(one)}
    decisions = []
    for key in held_keys(held):
        if shown_by is not None and key in own:
            decisions.append(Decision(kind=DecisionKind.SPLIT, subject=key, others=(shown_by,)))
        decisions.append(Decision(kind=DecisionKind.HIDE, subject=key))
    return tuple(decisions)


def _open(held: Held) -> None:
    url = held.story.mentions[0].entry.url
    if not url.startswith(("http://", "https://")) or not webbrowser.open(url):
        say(f"No browser could be opened here. The address is {url}")
