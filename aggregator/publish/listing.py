"""All stories for programs: stories.json, and the schema that says what is in it. Fields are added, never changed. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aggregator.model import EvidenceKind
from aggregator.publish.shelves import Shelf
from aggregator.publish.stories import KIND_TEXT, StoryView
from aggregator.publish.ties import TieView
from aggregator.publish.views import PageView, Shown
from aggregator.publish.voices import VoiceView
from aggregator.publish.words import one_line

STORIES, SCHEMA = "stories.json", "stories.schema.json"


def stories_json(page: PageView, shown: Shown, *, topics: Sequence[str]) -> str:
    """Every story: pinned, chosen, then found ones newest first, then posts; a line each, so that two versions can be compared."""
    head = {"schema": SCHEMA, "topic": topics[0], "topics": list(topics), "title": page.title, "updated": page.updated.iso}
    # One encoder for all: json.dumps with options makes a new one at every call.
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
    shelves = shown.shelves
    lines = ",\n".join(encode(_story(view, shelves[view.id].value)) for view in shown.all)
    return f'{encode(head)[:-1]},"stories":[\n{lines}\n]}}\n'


def _story(view: StoryView, shelf: str) -> dict[str, object]:
    return {
        "id": view.id,
        "url": view.href,
        "title": view.title,
        "kind": view.kind.value,
        "author": view.who or None,
        "site": view.where or None,
        "published": view.when.iso if view.dated else None,
        "first_seen": view.first_seen,
        "chosen": view.chosen is not None,
        "summary": view.summary or None,
        "language": view.language or None,
        "note": one_line(view.note_text) or None,
        "topics": list(view.topics),
        "links": [{"url": link.href, "label": link.label} for link in view.links],
        "voices": [_voice(voice) for voice in view.mentions],
        "list": shelf,
        "page": view.page,
        "former": list(view.former),
        "evidence": [_tie(tie) for tie in view.ties],
        "translations": list(view.translated),
    }


def _tie(tie: TieView) -> dict[str, object]:
    one = tie.evidence
    return {"kind": one.kind.value, "left": one.left, "right": one.right, "score": one.score, "words": tie.words}


def _voice(voice: VoiceView) -> dict[str, object]:
    return {
        "platform": voice.platform or None,
        "source": voice.source,
        "url": voice.href,
        "author": voice.who or None,
        "handle": voice.handle or None,
        "published": voice.when.iso if voice.dated else None,
        "excerpt": voice.excerpt or None,
        "first_hand": voice.first_hand,
    }


_TEXT = {"type": ["string", "null"]}
_URL = {"type": ["string", "null"], "format": "uri"}
_WHEN = {
    "description": "A day where no more is known, else an instant in UTC.",
    "type": ["string", "null"],
    "pattern": r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$",
}
_INSTANT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}


def schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of stories.json. Unknown fields are allowed: some will be added."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stories that a community is talked about in",
        **_object(
            schema={"const": SCHEMA},
            topic={"description": "Id of the first topic.", "type": "string"},
            topics=_list({"type": "string"}),
            title={"type": "string"},
            updated={"description": "When something shown last changed.", **_INSTANT},
            stories=_list(_STORY),
        ),
    }


def schema_json() -> str:
    """The schema as the file beside stories.json."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def _object(**properties: object) -> dict[str, object]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: object) -> dict[str, object]:
    return {"type": "array", "items": items}


_STORY = _object(
    id={"type": "string", "pattern": "^[a-z2-7]{10}$"},
    url={"description": "Where to read it; null when no address may be followed.", **_URL},
    title={"type": "string", "minLength": 1},
    kind={"enum": [kind.value for kind in KIND_TEXT]},
    author=_TEXT,
    site=_TEXT,
    published=_WHEN,
    first_seen={"description": "When it was first found.", **_INSTANT},
    chosen={"description": "Chosen by the community by hand.", "type": "boolean"},
    summary=_TEXT,
    language={"description": "BCP 47; null when it is the site's, or not known.", **_TEXT},
    note={"description": "What the community wrote when it chose it, or the steward later, in Markdown.", **_TEXT},
    topics=_list({"type": "string"}),
    links={"description": "Its other addresses.", **_list(_object(url={"type": "string", "format": "uri"}, label={"type": "string"}))},
    voices={
        "description": "Who mentions it, oldest first.",
        **_list(
            _object(
                platform={"description": "null when the source is no longer configured.", **_TEXT},
                source={"type": "string"},
                url=_URL,
                author=_TEXT,
                handle=_TEXT,
                published=_WHEN,
                excerpt=_TEXT,
                first_hand={"description": "The mention is the thing itself, not talk about it.", "type": "boolean"},
            )
        ),
    },
    list={
        "description": "Where it stands: first of all, chosen by the community, found, among short posts, or only heard in other stories.",
        "enum": [shelf.value for shelf in Shelf],
    },
    page={"description": "Its own page, relative to this file.", "type": "string", "pattern": "^story/[a-z2-7]{10}\\.html$"},
    former={"description": "Ids that it had; their pages lead to it.", **_list({"type": "string", "pattern": "^[a-z2-7]{10}$"})},
    evidence={
        "description": "Why its addresses are one, strongest first; the addresses are canonical ones.",
        **_list(
            _object(
                kind={"enum": [kind.value for kind in EvidenceKind if kind.joins]},
                left={"type": "string"},
                right={"type": "string"},
                score={"type": "number", "minimum": 0, "maximum": 1},
                words={"description": "The same in plain words.", "type": "string"},
            )
        ),
    },
    translations={"description": "Ids of the stories that are translations of it.", **_list({"type": "string"})},
)
