"""What was written into a form, and what is wrong with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.digest.mailable import mailable, ours
from aggregator.settings import Settings
from aggregator.web.bodies import Fields, one
from aggregator.web.stamps import LEAST, MOST, Stamps

# No person sees this field; a program fills in all it finds.
TRAP = "homepage"
# RFC 5321 §4.5.3.1.3, without the angle brackets; what is longer is no address, and is not shown again as a whole.
_LONGEST_SHOWN = 254
_EARLY = "That was faster than anybody writes. Press the button once more."
_LATE = "This page was open for more than a day. Press the button once more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something to look at again."""

    # Id of the field on the page.
    field: str
    # A whole sentence that says what to do.
    text: str


# The form came from a page of another site, which may have filled it in without its reader.
ELSEWHERE = Problem(field="send", text="This was sent from another site. See whether it is what you want, then press the button here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What somebody wants to get."""

    # Name of a configured rhythm.
    rhythm: str
    # Ids, sorted; empty: every topic, also those to come.
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signup:
    """A subscribe form as it was sent."""

    # As it was written. Not in its `repr`, so in no log and no message.
    address: str = field(repr=False)
    choice: Choice
    problems: tuple[Problem, ...] = ()
    # The stamp to send with the form when it is shown again; "": a new one.
    stamp: str = ""
    # A program filled it in.
    trapped: bool = False

    def with_problem(self, problem: Problem) -> Signup:
        """One more problem, the first to be told."""
        return replace(self, problems=(problem, *self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A subscribe form that was well filled in: what is looked at once the answer is given."""

    # Not in its `repr` either, nor is where it came from.
    address: str = field(repr=False)
    choice: Choice
    # Of who sent it: "192.0.2.0/24"; "" when it is not known.
    network: str = field(repr=False)


def first_choice(settings: Settings) -> Choice:
    """What one gets without choosing."""
    return Choice(rhythm=_rhythms(settings)[0])


def signup_of(fields: Fields, settings: Settings, stamps: Stamps, now: datetime) -> Signup:
    """The form, with all its problems."""
    address = one(fields, "address").strip()
    choice, problems = choice_of(fields, settings)
    if wrong := _wrong(address, settings):
        problems = (Problem(field="address", text=wrong), *problems)
    stamp, too_soon = hurry(one(fields, "shown"), stamps, now)
    return Signup(
        address=address[:_LONGEST_SHOWN],
        choice=choice,
        problems=problems or too_soon,
        stamp=stamp,
        trapped=bool(one(fields, TRAP)),
    )


def choice_of(fields: Fields, settings: Settings) -> tuple[Choice, tuple[Problem, ...]]:
    """Rhythm and topics of a form, with what is wrong with them. What was not asked is what one gets without choosing."""
    rhythms, topics = _rhythms(settings), tuple(topic.id for topic in settings.topics)
    problems = []
    rhythm = one(fields, "rhythm") if len(rhythms) > 1 else rhythms[0]
    if rhythm not in rhythms:
        rhythm = rhythms[0]
        problems.append(Problem(field="rhythm", text="Choose how often it comes."))
    wanted = tuple(sorted(set(fields.get("topic", ())) & set(topics))) if len(topics) > 1 else topics
    if not wanted:
        problems.append(Problem(field="topic", text="Choose at least one topic."))
    return Choice(rhythm=rhythm, topics=() if len(wanted) == len(topics) else wanted), tuple(problems)


def _wrong(address: str, settings: Settings) -> str:
    """What is wrong with an address, from itself alone: whether it is known is not asked before the answer is given."""
    assert settings.digest is not None
    try:
        mailable(address)
    except ValueError as error:
        return str(error)
    return "Write your own address: this one is the digest's." if ours(address, settings.digest) else ""


def _rhythms(settings: Settings) -> tuple[str, ...]:
    assert settings.digest is not None
    return tuple(settings.digest.rhythms)


def hurry(text: str, stamps: Stamps, now: datetime) -> tuple[str, tuple[Problem, ...]]:
    """The stamp for showing the form again, and what is wrong with the one that came."""
    shown_at = stamps.shown_at(text)
    if shown_at is None or now - shown_at > MOST:
        return "", (Problem(field="send", text=_LATE),)
    if now - shown_at < LEAST:
        # The same stamp again: whoever presses the button once more has waited.
        return text, (Problem(field="send", text=_EARLY),)
    return text, ()
