import json

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Story
from aggregator.publish.listing import schema, stories_json
from aggregator.publish.views import Updated, arrange, page_view
from tests.support.site import site_of, some_sources, some_stories
from tests.support.stories import chosen_by_hand, found, joined, mentioned, posted, published_entry

UPDATED = Updated(iso="2026-11-22T08:00:00Z", day="22 November 2026")


def listed(*stories: Story) -> dict[str, list[dict[str, object]]]:
    shown = arrange(stories, site=site_of(), sources=some_sources())
    page = page_view(shown, site=site_of(), sources=some_sources(), updated=UPDATED)
    listing = json.loads(stories_json(page, shown, topics=["microsolidarity"]).encode())
    jsonschema.Draft202012Validator(schema()).validate(listing)
    assert isinstance(listing, dict)
    return listing


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_story_is_listed_as_the_schema_says() -> None:
    assert len(listed(*some_stories())["stories"]) == len(some_stories())
    assert listed()["stories"] == []


def test_a_story_says_who_and_where_and_what_was_said() -> None:
    url = "https://blog.example.org/post"
    talk = posted("Read this!", author=None, published=None)
    [story] = listed(joined(mentioned(published_entry(url)), mentioned(talk, about=url, source="masto")))["stories"]
    assert {name: value for name, value in story.items() if name not in ("id", "voices")} == {
        "url": url,
        "title": "A quiet practice",
        "kind": "article",
        "author": "Ada Example",
        "site": "A lone blog",
        "published": "2026-11-19T12:00:05Z",
        "first_seen": "2026-11-21T12:00:05Z",
        "chosen": False,
        "summary": "Small groups make large things possible, and here is how they do it.",
        "language": None,
        "note": None,
        "topics": ["microsolidarity"],
        "links": [],
        "list": "found",
        "page": f"story/{story['id']}.html",
        "former": [],
        "evidence": [],
        "translations": [],
    }
    assert isinstance(story["voices"], list)
    assert story["voices"][1] == {
        "platform": "mastodon",
        "source": "masto",
        "url": "https://social.example/@bo/1",
        "author": None,
        "handle": None,
        "published": None,
        "excerpt": "Read this!",
        "first_hand": False,
    }


def test_what_the_community_chose_comes_first_with_its_note() -> None:
    first, second = listed(found(), chosen_by_hand(note="A *note*"))["stories"]
    assert (first["chosen"], first["note"], second["chosen"]) == (True, "A *note*", False)


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(), st.text())
def test_no_text_breaks_the_list(title: str, text: str, url: str) -> None:
    post = posted(text, "https://x.example/" + url)
    listed(found(title=title, text=text), joined(mentioned(post)), chosen_by_hand(title or "x", url, note=text))
