"""Whatever happened in whatever order: stories are what the rows say, and clustering everything again finds nothing to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.model import Decision, DecisionKind, Evidence, EvidenceKind, Kind, Link, Sketched, Story, Work
from aggregator.store import Store
from aggregator.store.engine import open_store
from aggregator.store.partition import Voice, partition
from tests.support.mentions import NOW, chosen, landing, mention

KEYS = [f"https://page.example.org/{letter}" for letter in "abcdef"]


@dataclass(frozen=True)
class Land:
    """Mentions on one page, by number; withdrawn are those that come as None."""

    page: Mapping[int, Voice | None]


@dataclass(frozen=True)
class Choose:
    lists: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Put:
    """A work made anew, with what comparing it gave; None: there is none any more."""

    key: str
    work: Work | None
    bonds: Sequence[Evidence]


@dataclass(frozen=True)
class Enrich:
    key: str
    landed: str | None


@dataclass(frozen=True)
class Decide:
    decisions: Sequence[Decision]


Step = Land | Choose | Put | Enrich | Decide


@dataclass
class Rows:
    """What a history ends with."""

    voices: dict[str, Voice] = field(default_factory=dict)
    lists: Sequence[Sequence[str]] = ()
    works: dict[str, Work] = field(default_factory=dict)
    compared: dict[tuple[str, str, EvidenceKind], Evidence] = field(default_factory=dict)
    declared: dict[str, Evidence] = field(default_factory=dict)
    decided: Sequence[Decision] = ()
    # Addresses that ever were a link.
    linked: set[str] = field(default_factory=set)

    def take(self, step: Step) -> None:
        match step:
            case Land(page):
                for number, one in page.items():
                    self.voices.pop(str(number), None)
                    if one is not None:
                        self.voices[str(number)] = one
                        self.linked.add(one.subject)
            case Choose(lists):
                self.lists = lists
                self.linked.update(key for one in lists for key in one)
            case Put(key, work, bonds):
                self.works.pop(key, None)
                self.compared = {name: bond for name, bond in self.compared.items() if key not in name[:2]}
                if work is not None:
                    self.works[key] = work
                    self.compared.update(((bond.left, bond.right, bond.kind), bond) for bond in bonds)
            case Enrich(key, landed):
                self.linked.add(key)
                self.declared.pop(key, None)
                if landed is not None and landed != key:
                    self.declared[key] = Evidence(kind=EvidenceKind.REDIRECT, left=key, right=landed)
            case Decide(decisions):
                self.decided = decisions

    def stories(self) -> dict[str, set[str]]:
        """Anchors with the names of their mentions."""
        owned = {keys[0]: keys[0] for keys in self.lists}
        for keys in self.lists:
            for key in keys:
                owned.setdefault(key, keys[0])
        made = partition(
            self.voices,
            owned,
            bonds=[*self.compared.values(), *self.declared.values()],
            works=self.works,
            decided=self.decided,
            since=dict.fromkeys(self.linked, NOW),
        )
        found: dict[str, set[str]] = {anchor: set() for anchor in made.anchor_of.values()}
        for name, anchor in made.places.items():
            found[anchor].add(name)
        return found


def act(store: Store, step: Step) -> None:
    match step:
        case Land(page):
            mentions = [mention(str(number), subject=one.subject, aliases=one.aliases, title="x") for number, one in page.items() if one]
            store.land(landing(*mentions, unmatched=tuple(str(number) for number, one in page.items() if one is None)))
        case Choose(lists):
            store.choose([chosen(*keys, position=position) for position, keys in enumerate(lists)], "sources.yaml", NOW)
        case Put(key, work, bonds):
            made = [Sketched(work=work, postings=(len(key), 7), probes=(7,))] if work else []
            store.works.put(made, bonds, gone=() if work else (key,))
        case Enrich(key, landed):
            store.enrich(Link(key=key, href=key, landed=landed, enriched_at=NOW, attempts=1))
        case Decide(decisions):
            store.decisions.replace(decisions, NOW)


def shown(store: Store) -> dict[str, set[str]]:
    return {story.lead: {one.entry.native_id for one in story.mentions} for story in store.stories()}


def without_history(store: Store) -> list[Story]:
    """Stories without the ids that they had, which depend on what was shown when."""
    return [replace(story, former=()) for story in store.stories()]


keys = st.sampled_from(KEYS)
pairs = st.tuples(keys, keys).filter(lambda pair: pair[0] != pair[1])


def voice(subject: str, *aliases: str) -> Voice:
    return Voice(subject=subject, aliases=aliases)


def put(key: str, mark: str, language: str | None, bonds: Mapping[str, tuple[EvidenceKind, float]]) -> Put:
    told = [
        Evidence(kind=kind, left=min(key, other), right=max(key, other), score=score)
        for other, (kind, score) in bonds.items()
        if other != key
    ]
    marks = (mark,) if mark else ()
    return Put(key, Work(key=key, kind=Kind.ARTICLE, place="example.org", marks=marks, language=language), told)


def decision(kind: DecisionKind, pair: tuple[str, str]) -> Decision:
    return Decision(kind=kind, subject=pair[0], others=(pair[1],))


kinds = st.sampled_from([EvidenceKind.CANONICAL_LINK, EvidenceKind.SAME_GUID, EvidenceKind.SIMILAR_TEXT, EvidenceKind.TRANSLATION])
voices = st.builds(voice, keys, keys) | st.builds(voice, keys)
lands = st.builds(Land, st.dictionaries(st.integers(0, 6), st.none() | voices | voices, min_size=1, max_size=4))
chooses = st.builds(Choose, st.lists(st.lists(keys, min_size=1, max_size=3, unique=True), max_size=2))
puts = st.builds(
    put,
    keys,
    st.sampled_from(["", "part:1", "part:2"]),
    st.sampled_from([None, None, "en", "de"]),
    st.dictionaries(keys, st.tuples(kinds, st.sampled_from([0.5, 0.75, 1.0])), max_size=3),
) | st.builds(lambda key: Put(key, None, ()), keys)
enriches = st.builds(Enrich, keys, st.none() | keys)
decides = st.builds(
    Decide, st.lists(st.builds(decision, st.sampled_from([DecisionKind.SPLIT, DecisionKind.MERGE]), pairs), max_size=3, unique=True)
)
histories = st.builds(
    lambda first, rest: [*first, *rest],
    st.lists(lands, min_size=1, max_size=3),
    st.lists(lands | lands | puts | puts | puts | enriches | enriches | decides | decides | chooses, max_size=7),
)
MANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def rows_of(history: Sequence[Step]) -> Rows:
    rows = Rows()
    for step in history:
        rows.take(step)
    return rows


@MANY
@given(histories)
def test_stories_are_what_the_rows_say_whatever_happened_before(history: list[Step]) -> None:
    with closing(open_store(":memory:")) as store:
        for step in history:
            act(store, step)
        assert shown(store) == rows_of(history).stories()


@MANY
@given(histories)
def test_clustering_everything_again_changes_nothing(history: list[Step]) -> None:
    with closing(open_store(":memory:")) as store:
        for step in history:
            act(store, step)
        before, revision = store.stories(), store.revision()
        assert store.works.rearrange() == 0
        assert (store.stories(), store.revision()) == (before, revision)


@FEW
@given(histories, st.lists(st.booleans(), min_size=10, max_size=10))
def test_a_restart_between_any_two_steps_changes_nothing(history: list[Step], restarts: list[bool]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        store = open_store(path)
        for step, restarting in zip(history, restarts, strict=False):
            act(store, step)
            if restarting:
                store.close()
                store = open_store(path)
        assert shown(store) == rows_of(history).stories()
        store.close()


# -- the same rows in another order


@dataclass(frozen=True)
class World:
    """Rows that can come in any order: each mention, work and decision once."""

    named: Mapping[int, Voice]
    puts: Sequence[Put]
    decided: Sequence[Decision]


def complete(world: Sequence[Put]) -> list[Put]:
    """A work for each address once; of two that are bound each says so, as each does that is compared with the other."""
    by_key = {one.key: one for one in world if one.work is not None}
    told = [bond for one in by_key.values() for bond in one.bonds if bond.left in by_key and bond.right in by_key]
    once = {(bond.left, bond.right): bond for bond in told}
    return [replace(one, bonds=[bond for bond in once.values() if one.key in (bond.left, bond.right)]) for one in by_key.values()]


worlds = st.builds(
    World,
    st.dictionaries(st.integers(0, 8), voices, max_size=8),
    st.lists(puts, max_size=6).map(complete),
    st.lists(st.builds(decision, st.sampled_from([DecisionKind.SPLIT, DecisionKind.MERGE]), pairs), max_size=4, unique=True),
)


def arrivals(world: World, luck: Random) -> Iterator[Step]:
    """Everything in a random order, in pages of random sizes; works once those that they are bound to are known, or again."""
    names = luck.sample(sorted(world.named), len(world.named))
    steps: list[Step] = []
    while names:
        size = luck.randint(1, 4)
        page, names = names[:size], names[size:]
        steps.append(Land({name: world.named[name] for name in page}))
    steps += [Decide(world.decided[:length]) for length in range(1, len(world.decided) + 1)]
    put_in_order = luck.sample(list(world.puts), len(world.puts))
    known: set[str] = set()
    for one in put_in_order:
        known.add(one.key)
        steps.append(replace(one, bonds=[bond for bond in one.bonds if bond.left in known and bond.right in known]))
    # Decisions and works keep their own order; where they fall between the pages is luck.
    kept: dict[type, list[Step]] = {kind: [step for step in steps if isinstance(step, kind)] for kind in (Land, Decide, Put)}
    order = luck.sample([type(step) for step in steps], len(steps))
    yield from (kept[kind].pop(0) for kind in order)


@contextmanager
def arrived(world: World, seed: int) -> Iterator[Store]:
    with closing(open_store(":memory:")) as store:
        for step in arrivals(world, Random(seed)):
            act(store, step)
        yield store


@MANY
@given(worlds, st.integers(), st.integers())
def test_neither_the_order_of_arrival_nor_the_size_of_pages_changes_stories(world: World, one: int, other: int) -> None:
    with arrived(world, one) as early, arrived(world, other) as late:
        assert without_history(early) == without_history(late)
        assert {key: early.story_of(key) for key in KEYS} == {key: late.story_of(key) for key in KEYS}


@MANY
@given(worlds, st.integers())
def test_withdrawing_everything_and_landing_it_again_gives_the_same_stories(world: World, seed: int) -> None:
    with arrived(world, seed) as store:
        before = store.stories()
        store.remove_mentions([("feed-a", str(number)) for number in world.named])
        assert store.stories() == ()
        for number in Random(seed).sample(sorted(world.named), len(world.named)):
            act(store, Land({number: world.named[number]}))
        assert [replace(story, former=()) for story in store.stories()] == [replace(story, former=()) for story in before]
