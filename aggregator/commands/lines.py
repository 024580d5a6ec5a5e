"""The pure steps on standard input: one JSON object a line in, one a line out, no store and no network."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def identify(options: argparse.Namespace) -> int:
    """What each address is."""
    from aggregator.pipeline.identify import identify_line

    return _each(identify_line)


def match(options: argparse.Namespace) -> int:
    """Whether each entry concerns a topic; with --explain, what the topics would change."""
    if options.explain:
        from aggregator.commands.rules import explain

        return explain(options)
    from aggregator.model import Topic
    from aggregator.pipeline.match import Matcher, answer

    if options.any_of:
        topic = Topic(id="topic", title="topic", any_of=tuple(options.any_of), none_of=tuple(options.none_of), spaced=options.spaced)
        topics: tuple[Topic, ...] = (topic,)
    else:
        from aggregator.commands.common import settings_of

        topics = settings_of(options).topics
    try:
        matcher = Matcher(topics)
    except ValueError as error:
        print(f"aggregator match: {error}", file=sys.stderr)
        return 2
    return _each(lambda request: answer(request, matcher))


def read(options: argparse.Namespace) -> int:
    """What each page says of itself."""
    from aggregator.text.page import read_line

    return _each(read_line)


def cluster(options: argparse.Namespace) -> int:
    """Which of many mentions are one story. All are read before the first is answered."""
    from aggregator.pipeline.mention_lines import answers_of, mention_of

    return _together(mention_of, answers_of)


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError as error:
        raise ValueError(f"this is not JSON ({error}); write one JSON object a line") from None


def _each(answer: Answer) -> int:
    """Answer line by line, so that a reader of our output need not wait; a line that cannot be answered says why and stops no other."""
    failed = False
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            result: Mapping[str, Any] = answer(_request(line))
        except ValueError as error:
            failed = True
            result = {"error": f"line {number}: {error}"}
        print(json.dumps(result, ensure_ascii=False, default=str), flush=True)
    return 2 if failed else 0


def _together(read: Callable[[Mapping[str, Any]], Any], answers: Callable[[list[Any]], Iterable[Mapping[str, Any]]]) -> int:
    """Read every line, then answer each in its place; a line that cannot be read says why and stops no other."""
    lines: list[Mapping[str, Any] | None] = []
    taken = []
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            taken.append(read(_request(line)))
            lines.append(None)
        except ValueError as error:
            lines.append({"error": f"line {number}: {error}"})
    answered = iter(answers(taken))
    for failed in lines:
        print(json.dumps(failed or next(answered), ensure_ascii=False, default=str))
    return 2 if any(lines) else 0


def _request(line: bytes) -> Mapping[str, Any]:
    request = _parsed(line)
    if not isinstance(request, dict):
        raise ValueError(f"expected a JSON object, got {type(request).__name__}")
    return request
