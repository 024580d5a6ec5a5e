import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from aggregator.app import App
from aggregator.app import build as built
from aggregator.digest.items import item_of
from aggregator.model import Author, Edition, EditionState, Group, Period, Rendered, Story
from aggregator.publish.digests import FEED
from aggregator.publish.site import ARCHIVE, Digests, Published, publish
from aggregator.run.publishing import publish_site
from aggregator.settings import Mailbox, Serve, Settings
from tests.publish.test_feeds import ATOM, parsed
from tests.support.editions import digest_of, edition, full_edition, item, odd_edition, shown_in, some_items
from tests.support.site import settings_in, site_of, some_sources, some_stories
from tests.support.stories import NOON, found

SUBSCRIBE = "https://mail.example.org/"
COPY = "digest/2026-W47.html"


def week(number: int, *, year: int = 2026, items: int = 5, **fields: Any) -> Edition:
    """The edition of another week."""
    until = datetime.fromisocalendar(year, number, 1).replace(tzinfo=UTC) + timedelta(days=7, hours=8)
    period = Period(name=f"{year}-W{number:02}", since=until - timedelta(days=7), until=until)
    return edition(some_items(items), period=period, days=f"Week {number} of {year}", **fields)


def digests(*editions: Edition, subscribe: str = SUBSCRIBE) -> Digests:
    return Digests(
        name="Weekly digest", item=item_of, subscribe=subscribe, revision=repr([one.id for one in editions]), editions=lambda: editions
    )


def made(
    settings: Settings,
    *editions: Edition,
    stories: Sequence[Story] | None = None,
    previous: Published | None = None,
    told: Digests | None = None,
    revision: int = 1,
) -> Published:
    return publish(
        lambda: shown_in(*editions) if stories is None else stories,
        settings,
        some_sources(),
        revision=revision,
        now=NOON,
        previous=previous.note if previous else None,
        digests=told or digests(*editions),
    )


def page(settings: Settings, path: str = COPY) -> str:
    return (settings.output / path).read_text(encoding="utf-8")


def of_digest(published: Published) -> set[str]:
    return {path for path in (*published.written, *published.removed) if path.startswith("digest/")}


def test_each_edition_has_a_page_and_there_is_an_archive_and_a_feed(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    monthly = week(47, rhythm="monthly", path="digest/monthly/2026-11.html")
    published = made(settings, edition(), monthly, week(46))
    assert of_digest(published) == {COPY, "digest/2026-W46.html", "digest/monthly/2026-11.html", ARCHIVE, FEED}
    assert '<a href="../../story/' in page(settings, "digest/monthly/2026-11.html")
    assert 'href="../../digest/index.html"' in page(settings, "digest/monthly/2026-11.html")


def test_the_copy_says_what_the_edition_says(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    full = full_edition()
    made(settings, full)
    copy = page(settings)
    told = [story for lot in (full.items, full.also, full.talked, full.pinned) for story in lot]
    places = [copy.index(f">{story.title}</a>") for story in told]
    assert places == sorted(places)
    assert all(story.sentence in copy for story in full.items)
    for words in (full.title, full.days, full.coverage, "42 new stories", "and 7 more", "41 voices"):
        assert words in copy
    assert f'<a href="{SUBSCRIBE}">Get it by mail</a>' in copy


def test_nobody_s_own_door_stands_in_the_copy(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    made(settings, full_edition(), told=digests(full_edition(), subscribe=""))
    assert "mail.example.org" not in page(settings)
    assert "by mail" not in page(settings)


def test_what_strangers_write_is_text_and_no_markup(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    odd = odd_edition()
    made(settings, odd)
    assert "<script" not in page(settings)
    assert "javascript:" not in page(settings)
    assert "&lt;script&gt;alert(1)" in page(settings)
    entry = parsed((settings.output / FEED).read_bytes()).entries[0]
    assert "<script" not in entry.content[0].value


# -- what is gone


def test_a_story_that_is_shown_no_more_is_left_out_and_counted(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    gone = item("Not to be read any more", "https://gone.example.org/", sentence="A sentence that was taken down.", who="Somebody Private")
    other = item("Nor this one", "https://gone.example.org/other")
    one = edition((*some_items(3), gone), talked=(gone, other))
    made(settings, one, stories=shown_in(edition(some_items(3))))
    for path in (COPY, FEED, ARCHIVE):
        assert not any(words in page(settings, path) for words in (gone.title, str(gone.href), gone.sentence, gone.who))
    assert "2 stories were removed since." in page(settings)
    assert "2 stories were removed since." in page(settings, FEED)
    assert "Story number 3" in page(settings)


def test_one_that_is_gone_is_one_and_none_is_not_told_of(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    one = edition(some_items(3))
    first = made(settings, one)
    assert "removed" not in page(settings)
    second = made(settings, one, stories=shown_in(one)[1:], previous=first, revision=2)
    assert "1 story was removed since." in page(settings)
    assert {COPY, FEED} == of_digest(second)


def test_a_story_that_became_part_of_another_stays(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first, second = some_items(2)
    one = edition((first,), also=(second,))
    merged = replace(found("https://blog.example.org/both", title="Both of them"), id="zzzzzzzzzz", former=(first.story, second.story))
    made(settings, one, stories=(merged,))
    assert links(settings, COPY) == [
        ("https://blog.example.org/both", "Both of them"),
        ("../story/zzzzzzzzzz.html", "3 voices"),
    ]
    assert "removed" not in page(settings)


def test_what_a_story_says_no_more_the_edition_says_no_more(tmp_path: Path) -> None:
    """The page of the story stays, without the words and the name of who asked for it; the edition has its place and its counts."""
    settings = settings_in(tmp_path)
    asked = item(
        "Words of somebody", "https://private.example.org/me", who="Somebody Private", sentence="What they said.", voices="41 voices"
    )
    without = found("https://public.example.org/", title="Words of another", text="What another said.", author=Author(name="Another"))
    made(settings, edition((asked,)), stories=(replace(without, id=asked.story),))
    for path in (COPY, FEED):
        assert not any(words in page(settings, path) for words in (asked.title, str(asked.href), asked.who, asked.sentence))
        assert all(
            words in page(settings, path) for words in ("Words of another", "https://public.example.org/", "Another", "What another said.")
        )
    assert "41 voices" in page(settings)
    assert "removed" not in page(settings)


def test_an_item_without_a_word_of_its_own_is_told_as_the_page_tells_it(tmp_path: Path) -> None:
    settings, whole = settings_in(tmp_path), item("Crews that last", sentence="What they said.", voices="41 voices")
    bare = replace(whole, title="", href=None, page="", who="", where="", sentence="", talk="")
    stands = replace(found("https://public.example.org/", title="Words of another", text="What another said."), id=bare.story)
    made(settings, edition((bare,)), stories=(stands,))
    assert all(words in page(settings) for words in ("Words of another", "https://public.example.org/", "What another said.", "41 voices"))


# -- only what changed


def test_what_was_told_without_a_sentence_gets_none_afterwards(tmp_path: Path) -> None:
    settings, whole = settings_in(tmp_path), item("Crews that last", sentence="What the page says by now.")
    made(settings, edition((replace(whole, sentence=""),)), stories=shown_in(edition((whole,))))
    assert whole.title in page(settings)
    assert whole.sentence not in page(settings)


def test_a_build_without_news_asks_for_no_edition_and_writes_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = made(settings, edition())

    def asked() -> Sequence[Edition]:
        raise AssertionError("the editions were asked for")

    second = made(settings, previous=first, told=replace(digests(edition()), editions=asked))
    assert second.unchanged


def test_another_edition_writes_what_it_changes_and_nothing_else(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    stories = shown_in(edition(), week(45), week(46))
    first = made(settings, week(46), week(45), stories=stories)
    second = made(settings, edition(), week(46), week(45), stories=stories, previous=first)
    # The edition before it leads on to it now.
    assert set(second.written) == {COPY, "digest/2026-W46.html", ARCHIVE, FEED}
    assert made(settings, edition(), week(46), week(45), stories=stories, previous=second).unchanged


def test_pages_of_old_editions_are_taken_as_they_lie_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aggregator.publish.render import Templates

    settings = settings_in(tmp_path)
    editions = [week(number) for number in range(46, 30, -1)]
    stories = (*shown_in(*editions), *shown_in(edition()))
    first = made(settings, *editions, stories=stories)
    names: list[str] = []
    fill: Callable[..., str] = Templates.fill

    def counted(self: Templates, name: str, **views: object) -> str:
        names.append(name)
        return fill(self, name, **views)

    monkeypatch.setattr(Templates, "fill", counted)
    made(settings, edition(), *editions, stories=stories, previous=first)
    assert names.count("edition.html") == 2


def test_a_page_that_somebody_changed_is_made_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = made(settings, edition())
    (settings.output / COPY).write_text("spoiled", encoding="utf-8")
    assert made(settings, edition(), previous=first).written == (COPY,)
    (settings.output / ARCHIVE).unlink()
    assert made(settings, edition(), previous=first).written == (ARCHIVE,)


def test_without_a_digest_its_files_go_and_nothing_leads_to_them(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = made(settings, edition())
    second = publish(lambda: shown_in(edition()), settings, some_sources(), revision=1, now=NOON, previous=first.note)
    assert set(second.removed) == {COPY, ARCHIVE, FEED}
    assert not (settings.output / "digest").exists()
    assert not any(b"digest" in path.read_bytes() for path in settings.output.rglob("*") if path.is_file())


def test_the_same_editions_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = settings_in(tmp_path / "one"), settings_in(tmp_path / "other")
    for settings in (one, other):
        made(settings, full_edition(), week(46))
    lying = [{path.relative_to(root): path.read_bytes() for path in root.rglob("*.*")} for root in (one.output, other.output)]
    assert lying[0] == lying[1]


# -- archive, feed, and where the page tells of them


def links(settings: Settings, path: str = ARCHIVE) -> list[tuple[str, str]]:
    tree = etree.HTML(page(settings, path))
    return [(str(link.get("href")), "".join(map(str, link.itertext()))) for link in tree.iterfind(".//main//a")]


def test_the_archive_lists_editions_by_year_newest_first(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    made(settings, edition(), week(1), week(52, year=2025))
    assert links(settings) == [
        ("../digest/2026-W47.html", "16 to 22 November 2026"),
        ("../digest/2026-W01.html", "Week 1 of 2026"),
        ("../digest/2025-W52.html", "Week 52 of 2025"),
    ]
    years = [heading.text for heading in etree.HTML(page(settings, ARCHIVE)).iterfind(".//main//h2")]
    assert years == ["2026", "2025"]


def test_where_there_are_several_digests_the_archive_says_which_is_which(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    made(settings, edition(), week(47, rhythm="monthly", path="digest/monthly/2026-11.html"))
    assert [text for _, text in links(settings)] == [
        "Discussing #microsolidarity, weekly: 16 to 22 November 2026",
        "Discussing #microsolidarity, monthly: Week 47 of 2026",
    ]
    assert "Week 47" not in page(settings)


def test_an_archive_without_an_edition_says_so(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    published = made(settings)
    assert of_digest(published) == {ARCHIVE, FEED}
    assert "No edition yet" in page(settings, ARCHIVE)
    assert parsed((settings.output / FEED).read_bytes()).feed.updated == "2026-11-21T12:00:05Z"


def test_the_feed_has_an_entry_for_each_of_the_newest_editions(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    made(settings, full_edition(), *(week(number) for number in range(46, 20, -1)))
    feed = parsed((settings.output / FEED).read_bytes())
    assert (feed.feed.title, feed.version, len(feed.entries)) == ("Discussing #microsolidarity: Weekly digest", "atom10", 20)
    entry = feed.entries[0]
    assert (entry.title, entry.link) == ("Discussing #microsolidarity, 16 to 22 November 2026", f"https://example.org/discussing/{COPY}")
    assert feed.feed.updated == entry.updated == "2026-11-23T08:00:00Z"
    assert len({one.id for one in feed.entries}) == 20
    assert '<a href="https://stories.example.org/2">Crews that last</a>' in entry.content[0].value
    assert "Reddit could not be read" in entry.content[0].value
    root = etree.parse(settings.output / FEED).getroot()
    assert root.find(f"{ATOM}link[@rel='self']").get("href") == f"https://example.org/discussing/{FEED}"  # type: ignore[union-attr]  # it must be there


def test_the_feed_of_a_site_without_an_address_is_whole(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, site=site_of(url=""))
    made(settings, edition())
    assert parsed((settings.output / FEED).read_bytes()).entries[0].content[0].value.startswith("<p>5 new stories</p>")


@pytest.mark.parametrize("path", ["index.html", "sources.html", COPY, ARCHIVE, f"story/{some_items(1)[0].story}.html"])
def test_every_page_leads_to_the_archive_and_names_its_feed(tmp_path: Path, path: str) -> None:
    settings = settings_in(tmp_path)
    made(settings, edition())
    root = "../" if "/" in path else ""
    assert f'<li><a href="{root}{ARCHIVE}">Weekly digest</a></li>' in page(settings, path)
    assert f'href="{root}{FEED}"' in page(settings, path)


def test_the_first_page_says_how_to_get_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    made(settings)
    assert f'comes as a <a href="{ARCHIVE}">weekly digest</a>: <a href="{SUBSCRIBE}">get it by mail</a>.' in page(settings, "index.html")
    made(settings, told=digests(subscribe=""))
    assert f'comes as a <a href="{ARCHIVE}">weekly digest</a>.' in page(settings, "index.html")


# -- from the ledger


def settled(app: App, one: Edition, state: EditionState) -> None:
    """Let the ledger have an edition in some state."""
    ledger = app.private.ledger
    if state is EditionState.HELD:
        ledger.hold(one, "a report", NOON)
    elif state is EditionState.SKIPPED:
        ledger.skip(one, NOON)
    else:
        ledger.freeze(one, Rendered(html="h", text="t"), hash="x", report="", message_ids={}, told=(), at=NOON)
    if state in (EditionState.SENT, EditionState.CANCELLED):
        ledger.end(one.id, state, NOON)


def with_digest(folder: Path) -> Settings:
    return replace(settings_in(folder), digest=digest_of(serve=Serve(url=SUBSCRIBE)))


def test_a_site_without_a_digest_opens_no_private_database(tmp_path: Path) -> None:
    with built(settings_in(tmp_path)) as app:
        assert of_digest(publish_site(app)) == set()
    assert not (tmp_path / "state" / "private.db").exists()


def test_a_digest_that_sent_nothing_has_an_archive_and_opens_no_private_database(tmp_path: Path) -> None:
    with built(with_digest(tmp_path)) as app:
        assert of_digest(publish_site(app)) == {ARCHIVE, FEED}
    assert not (tmp_path / "state" / "private.db").exists()


@pytest.mark.parametrize("state", EditionState)
def test_what_was_frozen_is_published_and_what_was_not_is_not(tmp_path: Path, state: EditionState) -> None:
    with built(with_digest(tmp_path)) as app:
        settled(app, edition(()), state)
        shown = state in (EditionState.SENDING, EditionState.SENT, EditionState.CANCELLED)
        assert (COPY in publish_site(app).written) is shown


def test_an_edition_that_is_frozen_later_is_published_by_the_next_build(tmp_path: Path) -> None:
    with built(with_digest(tmp_path)) as app:
        settled(app, week(46), EditionState.SENT)
        publish_site(app)
        assert publish_site(app).unchanged
        settled(app, edition(()), EditionState.SENDING)
        assert COPY in publish_site(app).written
        app.private.ledger.end(edition(()).id, EditionState.SENT, NOON)
        assert publish_site(app).unchanged


def test_a_dry_run_says_what_it_would_write(tmp_path: Path) -> None:
    with built(with_digest(tmp_path)) as app:
        settled(app, edition(()), EditionState.SENT)
    with built(with_digest(tmp_path), dry_run=True) as app:
        assert COPY in publish_site(app, dry_run=True).written
    assert not (tmp_path / "output").exists()


def test_the_page_as_it_was_has_the_editions_of_then(tmp_path: Path) -> None:
    with built(with_digest(tmp_path)) as app:
        settled(app, week(46), EditionState.SENT)
        settled(app, edition(()), EditionState.SENT)
        publish_site(app, as_of=datetime(2026, 11, 20, tzinfo=UTC))
    assert (tmp_path / "output" / "digest" / "2026-W46.html").exists()
    assert not (tmp_path / "output" / COPY).exists()


def test_the_digest_has_the_name_of_its_first_rhythm_and_the_door_that_there_is(tmp_path: Path) -> None:
    by_mail = replace(
        settings_in(tmp_path),
        digest=digest_of(rhythms={"monthly": "0 8 1 * *"}, mailbox=Mailbox(address="digest@example.org", host="imap.example.org")),
    )
    with built(by_mail) as app:
        publish_site(app)
    told = (tmp_path / "output" / "index.html").read_text(encoding="utf-8")
    assert '<a href="digest/index.html">monthly digest</a>: <a href="mailto:digest@example.org?subject=subscribe">' in told


def test_the_list_of_stories_says_nothing_of_the_digest(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    made(settings, edition((item(group=Group.POSTS),)), stories=some_stories())
    assert "digest" not in json.loads(page(settings, "stories.json"))
