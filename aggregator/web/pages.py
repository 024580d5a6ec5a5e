"""The answers as HTML. The words are in templates/web_*.html; here is what they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from aggregator.digest.membership import PATIENCE
from aggregator.digest.period import zone_of
from aggregator.digest.tokens import LENGTH
from aggregator.errors import AggregatorError
from aggregator.publish.dates import moment
from aggregator.publish.render import Templates, content_hash
from aggregator.settings import Settings
from aggregator.web.signup import Choice, Problem, Signup, first_choice
from aggregator.web.suggestion import LONGEST_NOTE, LONGEST_TITLE, Suggested


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """What every page says of the site."""

    title: str
    # "": not known.
    url: str
    language: str
    # What the digest is called.
    digest: str
    # "" when there are several to choose from.
    rhythm: str
    # Path of the subscribe form as readers' browsers know it.
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionView:
    """One thing to choose."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """A form, empty or as it was sent."""

    action: str
    # Empty when there is nothing to choose.
    rhythms: tuple[OptionView, ...]
    topics: tuple[OptionView, ...]
    problems: tuple[Problem, ...] = ()
    address: str = ""
    stamp: str = ""
    # How long a request waits for its confirmation.
    days: int

    @property
    def wrong(self) -> Mapping[str, str]:
        """The problem of each field, "" where there is none."""
        return dict.fromkeys(("address", "rhythm", "topic"), "") | {problem.field: problem.text for problem in self.problems}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFormView:
    """The form for a link, empty or as it was sent."""

    action: str
    stamp: str
    url: str = ""
    title: str = ""
    note: str = ""
    problems: tuple[Problem, ...] = ()
    longest_title: int = LONGEST_TITLE
    longest_note: int = LONGEST_NOTE

    @property
    def wrong(self) -> Mapping[str, str]:
        """The problem of each field, "" where there is none."""
        return dict.fromkeys(("url", "title", "note"), "") | {problem.field: problem.text for problem in self.problems}


class Pages:
    """Fills the templates."""

    def __init__(self, settings: Settings, templates: Templates) -> None:
        assert settings.digest is not None
        assert settings.digest.serve is not None
        self._settings = settings
        self._templates = templates
        self._days = PATIENCE.days
        self._zone = zone_of(settings)
        # As the browser knows it, whatever a proxy makes of it; links are made from this alone.
        self._base = urlsplit(settings.digest.serve.url).path
        self._site = SiteView(
            title=settings.site.title,
            url=settings.site.url,
            language=settings.site.language,
            digest=settings.digest.title or settings.site.title,
            rhythm=next(iter(settings.digest.rhythms)) if len(settings.digest.rhythms) == 1 else "",
            base=self._base,
        )

    @property
    def styles(self) -> tuple[str, ...]:
        """Source expressions of the style sheets on the pages."""
        return tuple(content_hash(_sheet(self._templates, name)) for name in ("style.css", "web_style.css"))

    def rehearse(self) -> None:
        """Fill every page once: what is wrong with a template is told when the server starts, and not to a reader.

        Raises:
            AggregatorError: a template cannot be used.
        """
        choice = first_choice(self._settings)
        filled = (
            self.subscribe(""), self.asked(""), self.confirm("", choice), self.confirmed(choice), self.leave(""), self.left("", None),
            self.change("", choice), self.broken(), self.refused("lost"), self.suggest(""), self.suggested(),
        )  # fmt: skip
        assert all(filled)

    def subscribe(self, stamp: str, sent: Signup | None = None) -> str:
        """The subscribe form; as it was sent, with its problems, or empty."""
        return self._fill("subscribe", form=self._signup(stamp, sent))

    def asked(self, address: str) -> str:
        """What everybody is told who sent the form well filled in."""
        return self._fill("asked", address=address, days=self._days)

    def confirm(self, token: str, choice: Choice) -> str:
        """The button behind the link of a confirmation mail."""
        return self._fill("confirm", action=self._action("confirm", token), told=self._told(choice), days=self._days)

    def confirmed(self, choice: Choice) -> str:
        """It is confirmed."""
        return self._fill("confirmed", told=self._told(choice))

    def leave(self, token: str) -> str:
        """The button behind the link to leave."""
        return self._fill("leave", action=self._action("leave", token))

    def left(self, stamp: str, erased_at: datetime | None) -> str:
        """Somebody has left, and may come back; `erased_at`: when their address goes, None: it is gone."""
        erased_on = moment(erased_at, self._zone).long if erased_at else ""
        return self._fill("left", form=self._signup(stamp, None), erased_on=erased_on)

    def change(self, token: str, choice: Choice, problems: Sequence[Problem] = (), *, saved: bool = False) -> str:
        """What somebody gets, to be changed."""
        form = FormView(
            action=self._action("change", token),
            rhythms=self._rhythms(choice),
            topics=self._topics(choice),
            problems=tuple(problems),
            days=self._days,
        )
        return self._fill("change", form=form, saved=saved)

    def suggest(self, stamp: str, sent: Suggested | None = None) -> str:
        """The form for a link; as it was sent, with its problems, or empty."""
        form = LinkFormView(action=f"{self._base}suggest", stamp=stamp)
        if sent is not None:
            form = replace(form, url=sent.url, title=sent.title, note=sent.note, problems=sent.problems)
        return self._fill("suggest", form=form)

    def suggested(self) -> str:
        """What everybody is told who sent that form well filled in."""
        return self._fill("suggested")

    def broken(self) -> str:
        """A link that does nothing, whatever the reason."""
        return self._fill("broken", length=LENGTH, days=self._days)

    def refused(self, why: str) -> str:
        """Nothing was done: "lost", "method", "long", "form", "many", "full", "crowd", "sated", "busy" or "broken"."""
        return self._fill("refused", why=why, length=LENGTH)

    def _fill(self, name: str, **views: object) -> str:
        return self._templates.fill(f"web_{name}.html", site=self._site, **views)

    def _signup(self, stamp: str, sent: Signup | None) -> FormView:
        choice = sent.choice if sent else first_choice(self._settings)
        return FormView(
            action=f"{self._base}subscribe",
            rhythms=self._rhythms(choice),
            topics=self._topics(choice),
            problems=sent.problems if sent else (),
            address=sent.address if sent else "",
            stamp=stamp,
            days=self._days,
        )

    def _action(self, what: str, token: str) -> str:
        return f"{self._base}{what}/{token}"

    def _rhythms(self, choice: Choice) -> tuple[OptionView, ...]:
        assert self._settings.digest is not None
        names = tuple(self._settings.digest.rhythms)
        return tuple(OptionView(value=one, label=one, chosen=one == choice.rhythm) for one in names) if len(names) > 1 else ()

    def _topics(self, choice: Choice) -> tuple[OptionView, ...]:
        topics = self._settings.topics
        if len(topics) < 2:
            return ()
        return tuple(OptionView(value=one.id, label=one.title, chosen=not choice.topics or one.id in choice.topics) for one in topics)

    def _told(self, choice: Choice) -> str:
        """What was chosen, in words: "weekly", "weekly, Crews"."""
        titles = [one.title for one in self._settings.topics if one.id in choice.topics]
        return ", ".join([choice.rhythm, *titles])


def _sheet(templates: Templates, name: str) -> str:
    style = templates.fill(name)
    if "</" in style:
        raise AggregatorError(f"the template {name} holds '</', which would end the style sheet early; take it out")
    return style
