"""Views to HTML, through the templates. The only importer of Jinja2, which is slow to load: import this module late."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from aggregator.errors import AggregatorError

# Pieces of a page that are joined at a time.
_PIECES = 500


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


def content_hash(style: str) -> str:
    """The source expression that lets exactly this style sheet in (Content Security Policy Level 3, §2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


def _trusted(style: str) -> str:
    from markupsafe import Markup

    if "</" in style:
        raise AggregatorError("the template style.css holds '</', which would end the style sheet early; take it out")
    return Markup(style)  # noqa: S704  # the operator's own file, and it cannot end its element
