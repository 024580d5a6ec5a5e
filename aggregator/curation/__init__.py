"""curation.yaml, the steward's word as text that can be reviewed.

It is read with every error and its line (`forms.py`), written (`writing.py`), and changed by splicing, so that comments, order and layout
stay byte for byte (`splicing.py`). What the words do is no matter of this package but of `pipeline.curate` and of the store. Its parts are
imported when they are needed: most runs need no more than the names in `naming.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator.errors import AggregatorError, ConfigError, Problem
from aggregator.model import Decision
from aggregator.shape import Report, compose


def parse(text: str, *, file: str = "curation.yaml", site: str = "") -> tuple[Decision, ...]:
    """The decisions of a text, oldest first. A story that was named by its id or its place on our page has the id as its subject.

    Args:
        file: as the operator knows it, for messages.
        site: where the page is served; "" when that is not known.

    Raises:
        ConfigError: with everything that is wrong, by line.
    """
    from aggregator.curation.forms import FileShape

    report = Report(file=file)
    node = compose(text.removeprefix("\ufeff"), report, may_be_empty=True)
    values = FileShape(site).read(node, "", report) if node is not None else {}
    if report.problems:
        raise ConfigError(sorted(report.problems, key=lambda problem: problem.line or 0))
    return tuple(values.get("decisions", ()))


def text_of(decisions: Iterable[Decision]) -> str:
    """A whole file that `parse` reads as these decisions."""
    from aggregator.curation.writing import document

    return document(decisions)


def schema() -> dict[str, Any]:
    """The JSON schema of the file, for editors."""
    from aggregator.curation import forms

    return forms.schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationFile:
    """The file of the steward's decisions; it need not be there."""

    path: Path
    # Where the page is served; "" when that is not known.
    site: str = ""

    def text(self) -> str | None:
        """What stands in it, byte for byte; None: there is no such file.

        Raises:
            ConfigError: it cannot be read, or is not UTF-8.
        """
        try:
            return self.path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise self._wrong("is not UTF-8 text. Save it as UTF-8.") from error
        except OSError as error:
            raise self._wrong(f"cannot be read: {error.strerror}. Give the user that runs aggregator the right to read it.") from error

    def parse(self, text: str) -> tuple[Decision, ...]:
        """The decisions of a text of this file.

        Raises:
            ConfigError: with everything that is wrong, by line.
        """
        return parse(text, file=str(self.path), site=self.site)

    def appended(self, text: str, decision: Decision) -> str:
        """The text with one decision more.

        Raises:
            ConfigError: the text cannot be changed safely; the message says what to write.
        """
        from aggregator.curation import splicing

        return splicing.appended(text, decision, parse=self.parse, file=str(self.path))

    def without(self, text: str, place: int) -> str:
        """The text without the decision at a place, counted from 0.

        Raises:
            ConfigError: the text cannot be changed safely.
        """
        from aggregator.curation import splicing

        return splicing.without(text, place, parse=self.parse, file=str(self.path))

    def write(self, text: str) -> None:
        """Replace the file in one step; what a link points to is replaced, and its rights stay.

        Raises:
            AggregatorError: the folder cannot be written to.
        """
        path = self.path.resolve()
        beside = path.with_name(f".{path.name}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(text.encode("utf-8"))
            if path.exists():
                beside.chmod(path.stat().st_mode & 0o777)
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            reason = (error.strerror or type(error).__name__).lower()
            raise AggregatorError(f"{self.path} cannot be written ({reason}): let this user write to {path.parent}") from error

    def _wrong(self, message: str) -> ConfigError:
        return ConfigError([Problem(file=str(self.path), line=None, key="", message=message)])


__all__ = ["CurationFile", "parse", "schema", "text_of"]
