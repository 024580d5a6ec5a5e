"""The store follows curation.yaml, and the file is written again from the store: what is decided outlives the loss of either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from aggregator import curation
from aggregator.app import App, build
from aggregator.config import load
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Decision, DecisionKind, SourceState
from aggregator.run.deciding import Decided, curated, decide, sync, take_back, turn
from aggregator.store.partition import story_id
from tests.curation.decisions import any_decisions
from tests.support.mentions import landing, mention

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ONE, TWO, THREE = (f"https://blog.example.org/{number}" for number in (1, 2, 3))
CONFIGURATION = """\
site: {title: A, url: "https://site.example/"}
topics: {microsolidarity: {any_of: [microsolidarity]}}
sources:
  - {platform: feed, url: 'https://blog.example.org/feed', id: feed-a}
  - {platform: feed, url: 'https://loud.example/feed', id: loud, trust: hold, label: The loud one}
"""


@contextmanager
def app_in(folder: Path, *, at: datetime = NOW, dry_run: bool = False) -> Iterator[App]:
    (folder / "sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
    with build(load(folder / "sources.yaml", environ={}), clock=lambda: at, dry_run=dry_run) as app:
        yield app


def three_stories(app: App) -> None:
    app.store.land(landing(mention("1"), mention("2"), mention("3")))


def said(kind: DecisionKind, subject: str = ONE, *others: str, **rest: object) -> Decision:
    return Decision(kind=kind, subject=subject, others=others, **rest)  # type: ignore[arg-type]  # the fields of Decision, as a test names them


def what(decided: Decided) -> list[str]:
    return [str(change) for change in decided.changes]


def on_page(app: App) -> list[str]:
    return sorted(story.lead for story in curated(app).shown)


def text_in(folder: Path) -> str:
    return (folder / "curation.yaml").read_text(encoding="utf-8")


# -- the file and the store


def test_without_a_file_and_without_decisions_there_is_nothing_to_do(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        assert sync(app).remarks == ()
    assert not (tmp_path / "curation.yaml").exists()


def test_the_store_follows_what_was_written_by_hand(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        three_stories(app)
        (tmp_path / "curation.yaml").write_text(f"decisions:\n  - hide: {ONE}\n  - pin: {TWO}\n", encoding="utf-8")
        assert [one.kind for one in sync(app).changed.made] == [DecisionKind.HIDE, DecisionKind.PIN]
        assert on_page(app) == [TWO, THREE]
        (tmp_path / "curation.yaml").write_text(f"decisions:\n  - pin: {TWO}\n", encoding="utf-8")
        assert [one.kind for one in sync(app).changed.taken_back] == [DecisionKind.HIDE]
        assert on_page(app) == [ONE, TWO, THREE]


def test_a_file_that_is_as_it_was_is_not_followed_again(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        (tmp_path / "curation.yaml").write_text(f"decisions: [{{hide: '{ONE}'}}]\n", encoding="utf-8")
        sync(app)
        revision = app.store.revision()
        assert sync(app).changed.made == ()
        assert app.store.revision() == revision


def test_a_file_that_is_wrong_changes_nothing(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        three_stories(app)
        decide(app, [said(DecisionKind.HIDE)])
        wrong = text_in(tmp_path) + "  - hid: x\n"
        (tmp_path / "curation.yaml").write_text(wrong, encoding="utf-8")
        for act in (lambda: sync(app), lambda: decide(app, [said(DecisionKind.PIN, TWO)]), lambda: take_back(app, lambda _: 0)):
            with pytest.raises(ConfigError, match="hid"):
                act()
        assert on_page(app) == [TWO, THREE]
        assert text_in(tmp_path) == wrong


def test_a_lost_file_is_written_again_and_says_so(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        three_stories(app)
        decide(app, [said(DecisionKind.HIDE, reason="an ad"), said(DecisionKind.MERGE, TWO, THREE)])
        before = text_in(tmp_path)
        (tmp_path / "curation.yaml").unlink()
        (remark,) = sync(app).remarks
        assert "curation.yaml was not there: wrote it again from the database, with 2 decisions." in remark
        # The first of the two was decided without a time of its own, and has got that of the store.
        assert curation.parse(text_in(tmp_path)) == app.store.decisions.standing()
        assert [one.subject for one in curation.parse(before)] == [ONE, TWO]
        assert sync(app).remarks == ()
        assert on_page(app) == [TWO]


def test_a_lost_database_is_filled_from_the_file(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        three_stories(app)
        decide(app, [said(DecisionKind.HIDE, at=NOW, by="ada")])
        before = app.store.decisions.standing()
    for file in (tmp_path / "state").iterdir():
        file.unlink()
    with app_in(tmp_path) as app:
        sync(app)
        assert app.store.decisions.standing() == before
        three_stories(app)
        assert on_page(app) == [TWO, THREE]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(decisions=any_decisions)
def test_decisions_come_back_from_either_side(tmp_path: Path, decisions: Sequence[Decision]) -> None:
    file = tmp_path / "curation.yaml"
    file.write_text(curation.text_of(decisions), encoding="utf-8", newline="")
    with app_in(tmp_path) as app:
        sync(app)
        standing = app.store.decisions.standing()
        # By hand a decision may have no time; the store knows when it first saw it.
        assert [replace(one, at=None) for one in standing] == [replace(one, at=None) for one in decisions]
        assert all(one.at == (mine.at or one.at) for one, mine in zip(standing, decisions, strict=True))
        file.unlink()
        sync(app)
        assert not standing or curation.parse(file.read_text(encoding="utf-8")) == standing
        assert app.store.decisions.standing() == standing


def test_splits_and_merges_in_any_order_give_what_the_last_word_says(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        three_stories(app)
        decide(app, [said(DecisionKind.MERGE, ONE, TWO)])
        decide(app, [said(DecisionKind.MERGE, TWO, THREE)])
        assert on_page(app) == [ONE]
        decide(app, [said(DecisionKind.SPLIT, TWO, ONE)])
        assert ONE in on_page(app)
        apart = on_page(app)
        take_back(app, lambda every: len(every) - 1)
        assert on_page(app) == [ONE]
        app.store.works.rearrange()
        assert on_page(app) == [ONE]
        assert len(apart) == 2


# -- what names a story


def test_an_id_written_by_hand_is_understood_and_stays_as_it_was_written(tmp_path: Path) -> None:
    text = f"decisions:\n  - hide: {story_id(ONE)}  # that one\n  - pin: https://site.example/story/{story_id(TWO)}.html\n"
    with app_in(tmp_path) as app:
        three_stories(app)
        (tmp_path / "curation.yaml").write_text(text, encoding="utf-8")
        assert sync(app).remarks == ()
        assert [one.subject for one in app.store.decisions.standing()] == [ONE, TWO]
        assert on_page(app) == [TWO, THREE]
    assert text_in(tmp_path) == text


def test_an_id_that_no_story_has_yet_is_said_and_holds_when_it_comes(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        (tmp_path / "curation.yaml").write_text(f"decisions:\n  - hide: {story_id(ONE)}\n", encoding="utf-8")
        (remark,) = sync(app).remarks
        assert f"no story has the id {story_id(ONE)} now" in remark
        three_stories(app)
        assert on_page(app) == [TWO, THREE]
        assert sync(app).remarks == ()
        assert app.store.decisions.standing()[0].subject == ONE


def test_the_id_of_a_story_that_was_merged_still_means_its_own_address(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        three_stories(app)
        decide(app, [said(DecisionKind.MERGE, ONE, TWO)])
        text = text_in(tmp_path) + f"  - split: {story_id(TWO)}\n    from: {story_id(ONE)}\n"
        (tmp_path / "curation.yaml").write_text(text, encoding="utf-8")
        sync(app)
        assert on_page(app) == [ONE, TWO, THREE]
        assert sync(app).changed.made == ()


# -- commands


def test_a_decision_is_added_to_the_file_and_says_what_it_changes(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        three_stories(app)
        (tmp_path / "curation.yaml").write_text("# ours\ndecisions:\n# end\n", encoding="utf-8")
        done = decide(app, [said(DecisionKind.HIDE, by="ada", reason="an ad")])
        assert what(done) == ["“Essay 1” leaves the page."]
        assert text_in(tmp_path) == f"# ours\ndecisions:\n  - hide: {ONE}\n    reason: an ad\n    by: ada\n# end\n"
        assert what(decide(app, [said(DecisionKind.RETITLE, TWO, value="Two")])) == ["“Essay 2” is called “Two”."]
        assert what(decide(app, [said(DecisionKind.MERGE, TWO, THREE)])) == ["“Essay 3” becomes part of “Two”.", "“Two” gains 1 mention."]
        back = take_back(app, lambda every: len(every) - 1)
        assert what(back) == ["“Essay 3” stands by itself and no longer under “Two”.", "“Two” loses 1 mention."]
        assert what(take_back(app, lambda _: 0)) == ["“Essay 1” comes onto the page."]


def test_what_is_decided_already_is_not_written_twice_unless_it_was_gainsaid(tmp_path: Path) -> None:
    approve = said(DecisionKind.APPROVE, by="ada")
    with app_in(tmp_path) as app:
        three_stories(app)
        for decision in (said(DecisionKind.HIDE), approve, said(DecisionKind.BLOCK, "domain:example.org")):
            assert decide(app, [decision]).made == (decision,)
            assert decide(app, [replace(decision, by="bo", at=NOW)]).made == ()
        assert decide(app, [approve]).made == (approve,)
        assert on_page(app) == [ONE]
        merge, split = said(DecisionKind.MERGE, ONE, TWO), said(DecisionKind.SPLIT, TWO, ONE)
        for decision in (merge, split, merge):
            assert decide(app, [decision]).made == (decision,)
            assert decide(app, [decision]).made == ()


def test_a_dry_run_says_what_would_change_and_writes_nothing(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        three_stories(app)
        decide(app, [said(DecisionKind.PIN, TWO)])
        before, standing = text_in(tmp_path), app.store.decisions.standing()
    with app_in(tmp_path, dry_run=True) as app:
        assert what(decide(app, [said(DecisionKind.HIDE)], dry_run=True)) == ["“Essay 1” leaves the page."]
    with app_in(tmp_path, dry_run=True) as app:
        assert what(take_back(app, lambda _: 0, dry_run=True)) == ["“Essay 2” is pinned no longer."]
    assert text_in(tmp_path) == before
    (tmp_path / "curation.yaml").unlink()
    with app_in(tmp_path, dry_run=True) as app:
        done = decide(app, [said(DecisionKind.HIDE)], dry_run=True)
        assert (what(done), len(done.remarks)) == (["“Essay 1” leaves the page."], 1)
    assert not (tmp_path / "curation.yaml").exists()
    with app_in(tmp_path) as app:
        assert app.store.decisions.standing() == standing


def test_a_process_that_dies_after_the_file_was_written_has_lost_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with app_in(tmp_path) as app:
        three_stories(app)
        monkeypatch.setattr("aggregator.run.deciding._follow", dies)
        with pytest.raises(KeyboardInterrupt):
            decide(app, [said(DecisionKind.HIDE)])
        monkeypatch.undo()
        assert on_page(app) == [ONE, TWO, THREE]
        assert [one.subject for one in sync(app).changed.made] == [ONE]
        assert on_page(app) == [TWO, THREE]


def test_a_decision_outranks_what_lands_later(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        decide(app, [said(DecisionKind.HIDE, reason="spam"), said(DecisionKind.MERGE, TWO, THREE)])
        three_stories(app)
        assert on_page(app) == [TWO]
        app.store.land(landing(mention("4", subject=ONE, source="loud"), source="loud"))
        app.store.land(landing(mention("1", title="Changed")))
        app.store.works.rearrange()
        assert on_page(app) == [TWO]


def test_a_source_that_is_approved_is_held_no_longer_from_then_on(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        app.store.settle(SourceState(source="loud", held="it is now in Russian", failures=2), None)
        decide(app, [said(DecisionKind.APPROVE, "source:feed-a", at=NOW)])
        assert app.store.state("loud").held == "it is now in Russian"
        decide(app, [said(DecisionKind.APPROVE, "source:loud", at=NOW)])
        state = app.store.state("loud")
        assert (state.held, state.failures) == (None, 2)
        # And when it is held once more, it can be approved once more.
        assert decide(app, [said(DecisionKind.APPROVE, "source:loud", at=NOW)]).made == ()
        app.store.settle(SourceState(source="loud", held="it now leads elsewhere"), None)
        assert len(decide(app, [said(DecisionKind.APPROVE, "source:loud", at=NOW + timedelta(hours=1))]).made) == 1
        assert app.store.state("loud").held is None


# -- taking turns


def test_a_command_waits_for_a_run_that_ends_and_gives_up_on_one_that_does_not(tmp_path: Path) -> None:
    waits: list[str] = []
    with app_in(tmp_path) as app, app_in(tmp_path) as other, other.store.exclusive() as held:
        assert held
        with (
            pytest.raises(AggregatorError, match="another run is under way"),
            turn(app, seconds=0.3, waiting=lambda: waits.append("waits")),
        ):
            raise AssertionError("it has no turn")
        assert waits == ["waits"]
    with app_in(tmp_path) as app, turn(app, seconds=0.3):
        assert not app.store.exclusive().__enter__()


def test_the_time_of_a_decision_is_that_of_its_command(tmp_path: Path) -> None:
    with app_in(tmp_path, at=NOW + timedelta(hours=3)) as app:
        decide(app, [said(DecisionKind.HIDE, at=NOW), said(DecisionKind.PIN, TWO)])
        assert [one.at for one in app.store.decisions.standing()] == [NOW, NOW + timedelta(hours=3)]
