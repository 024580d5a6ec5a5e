"""Views to HTML, through the templates. The only importer of Jinja2, which is slow to load: import this module late."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from aggregator.errors import AggregatorError
from aggregator.publish.stories import StoryView

# Pieces of a page that are joined at a time.
_PIECES = 500
# Pages that are filled at a time.
_PAGES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What stands in a frame where each page has its own; noncharacters, which `words.clean` lets through nowhere."""

    title: str = "\ufdd2"
    path: str = "\ufdd3"
    about: str = "\ufdd4"
    body: str = "\ufdd5"


_MARK = Mark()
_END = "\ufdd6"


class Templates:
    """The templates of some folders; an earlier folder wins, name by name."""

    def __init__(self, places: Sequence[Path]) -> None:
        # The whole list of stories is one loop in one template: a macro or an include for each item costs a third more.
        self._environment = Environment(
            loader=FileSystemLoader([str(place) for place in places]),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        style = self.fill("style.css")
        self._environment.globals.update(style=_trusted(style), style_hash=content_hash(style))

    def fill(self, name: str, **views: object) -> str:
        """A template filled with views.

        Raises:
            AggregatorError: the template is missing, wrong, or asks for what its view does not have.
        """
        try:
            stream = self._environment.get_template(name).stream(**views)
            # A list of all pieces first, as `render` makes it, keeps the garbage collector busy for longer than the filling takes.
            stream.enable_buffering(_PIECES)
            return "".join(stream)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            where = f"{getattr(error, 'name', None) or name}:{line}" if line else name
            raise AggregatorError(f"the template {where} cannot be used: {error}; put it right, or take it out of your folder") from error

    def fill_each(self, frame: str, inner: str, stories: Sequence[StoryView], **views: object) -> Iterator[tuple[StoryView, str]]:
        """A page for every story: a frame that is filled once, and the inside of many pages filled in one loop.

        Filling a whole template for every page takes four times as long.

        Raises:
            AggregatorError: as `fill`.
        """
        head, *rest = re.split(f"([{''.join(astuple(_MARK))}])", self.fill(frame, mark=_MARK, **views))
        for start in range(0, len(stories), _PAGES):
            some = stories[start : start + _PAGES]
            bodies = self.fill(inner, stories=some, end=_END, **views).split(_END)
            for story, body in zip(some, bodies, strict=False):
                own = {_MARK.title: _escaped(story.title), _MARK.path: story.page, _MARK.about: _escaped(story.summary or story.title)}
                own[_MARK.body] = body
                yield story, head + "".join(own.get(part, part) for part in rest)


def _escaped(text: str) -> str:
    from markupsafe import escape

    return str(escape(text))


def content_hash(style: str) -> str:
    """The source expression that lets exactly this style sheet in (Content Security Policy Level 3, §2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


def _trusted(style: str) -> str:
    from markupsafe import Markup

    if "</" in style:
        raise AggregatorError("the template style.css holds '</', which would end the style sheet early; take it out")
    return Markup(style)  # noqa: S704  # the operator's own file, and it cannot end its element
