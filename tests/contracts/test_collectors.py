"""What every platform promises, whatever it is: the folder is walked, and nothing here knows a platform's name."""

from __future__ import annotations

import ast
import dataclasses
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

import aggregator.collectors
from aggregator.collectors import platforms
from aggregator.collectors.base import Collector, build, options_of
from aggregator.errors import BadOption
from aggregator.fetch import AuthScheme
from tests.contracts.collecting import ALL, CASES, configured, each_case, each_platform, examples
from tests.support.exchanges import Case

FOLDER = Path(aggregator.collectors.__file__).parent
MODULES = sorted(path for path in FOLDER.glob("*.py") if path.name not in ("__init__.py", "base.py"))
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")

PLAIN = (
    "https://example.org", "https://example.org/", "https://example.org/about?x=1#y", "http://[::1]/", "https://a.b/%zz",
    "http://[bad/tags/x", "https://",
)  # fmt: skip

each_module = pytest.mark.parametrize("path", MODULES, ids=[path.stem for path in MODULES])


def test_every_module_of_the_folder_is_a_platform_under_its_own_name() -> None:
    assert sorted(path.stem for path in MODULES if not path.stem.startswith("_")) == sorted(platforms())


def test_every_platform_has_fixtures_and_every_fixture_a_platform() -> None:
    assert {case.platform for case in CASES} == set(platforms())
    assert {case.platform for case in CASES if case.backfill} == {name for name, collector in ALL if hasattr(collector, "backfill")}


# -- manifest


@each_platform
def test_the_manifest_is_complete(collector: type[Collector]) -> None:
    manifest = collector.manifest
    assert re.fullmatch(r"[a-z][a-z0-9]*", manifest.name)
    assert manifest.title.strip()
    assert manifest.reach.strip()
    assert urlsplit(manifest.homepage).scheme == "https"
    assert urlsplit(manifest.homepage).hostname
    assert manifest.kinds
    assert len(set(manifest.kinds)) == len(manifest.kinds)
    assert DATE.search(manifest.spec), "the specification carries the date it was read"
    assert len(DATE.sub("", manifest.spec).strip()) > 10, "the specification names a page"
    assert all(limit.endswith(".") and limit[0].isupper() for limit in manifest.limits)


@each_platform
def test_the_manifest_is_polite(collector: type[Collector]) -> None:
    manifest = collector.manifest
    assert manifest.pace.gap >= timedelta(seconds=1)
    assert manifest.every >= timedelta(minutes=5)
    assert manifest.quiet_after > manifest.every
    assert manifest.pace.daily is None or manifest.pace.daily >= timedelta(days=1) / manifest.every


@each_platform
def test_a_secret_is_described_by_its_variable_where_to_get_it_and_what_is_read_without(collector: type[Collector]) -> None:
    auth = collector.manifest.auth
    if auth is None:
        return
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+", auth.variable)
    assert auth.how.strip().endswith("."), "one sentence"
    assert not auth.without or auth.without.strip().endswith("."), "one sentence"
    assert bool(auth.name) == (auth.scheme not in (AuthScheme.BEARER, AuthScheme.SIGNED, AuthScheme.LOGIN))


@each_platform
def test_the_docstring_is_a_catalogue_entry_for_a_steward(collector: type[Collector]) -> None:
    entry = " ".join((vars(collector).get("__doc__") or "").split())
    assert not entry.startswith(f"{collector.__name__}("), "the docstring was written by dataclass and not by a person"
    sentences = [one for one in re.split(r"(?<=[.!?])\s", entry) if one]
    assert 2 <= len(sentences) <= 8, sentences
    assert entry.endswith(".")
    assert len(entry) >= 120


# -- options


@each_platform
def test_every_option_has_help_and_an_example_that_is_accepted(collector: type[Collector]) -> None:
    for name, (option, _) in options_of(collector).items():
        assert option.help.strip(), name
        assert option.help[0].islower() or option.help[0].isdigit() or option.help[:2].isupper(), f"{name}: a fragment in lower case"
        assert not option.help.endswith("."), name
        assert option.example.strip(), name
        assert option.check is None or option.check(option.example), name
    built = list(examples(collector))
    assert {name for one in built for name in configured(one)} == set(options_of(collector))


@each_platform
def test_a_collector_is_a_frozen_value(collector: type[Collector]) -> None:
    for one in examples(collector):
        assert dataclasses.replace(one) == one
        assert hash(dataclasses.replace(one)) == hash(one)
        with pytest.raises(AttributeError):
            one.somewhere = "else"  # type: ignore[attr-defined]  # the point of the test


@each_platform
def test_options_come_back_from_sources_yaml(collector: type[Collector]) -> None:
    for one in examples(collector):
        read = yaml.load(yaml.safe_dump(configured(one)), Loader=yaml.BaseLoader)
        assert build(collector, read) == one


@each_platform
def test_unknown_and_missing_options_are_named_all_at_once(collector: type[Collector]) -> None:
    required = [name for name, (_, wanted) in options_of(collector).items() if wanted]
    with pytest.raises(BadOption) as caught:
        build(collector, {"surely-unknown": "1"})
    for name in ("surely-unknown", *required):
        assert repr(name) in str(caught.value)


@each_platform
def test_a_collector_says_whom_it_asks_and_what_readers_see(collector: type[Collector]) -> None:
    for one in examples(collector):
        for host in (one.host, *one.hosts):
            assert host == host.lower()
            assert urlsplit(f"//{host}").hostname == host.partition(":")[0]
        assert one.label.strip()
        for address in filter(None, (one.address, one.feed)):
            assert urlsplit(address).scheme in ("http", "https")
            assert urlsplit(address).hostname


# -- addresses


@each_platform
def test_its_own_address_is_recognised_as_the_same_source(collector: type[Collector]) -> None:
    built = list(examples(collector))
    found = [collector.recognise(one.address) for one in built]
    for one, options in zip(built, found, strict=True):
        assert options is None or build(collector, options) == one, one.address
    if "recognise" in vars(collector):
        assert any(options is not None for options in found), "no example's address is recognised"


@each_case()
def test_the_address_of_a_case_is_recognised_as_the_same_source(case: Case) -> None:
    collector = build(platforms()[case.platform], case.options)
    options = type(collector).recognise(collector.address)
    assert options is None or build(type(collector), options) == collector


def test_no_address_is_claimed_by_two_platforms() -> None:
    known = {name: collector for name, collector in ALL if not collector.manifest.fallback}
    addresses = [one.address for collector in known.values() for one in examples(collector)]
    addresses += [build(platforms()[case.platform], case.options).address for case in CASES]
    for address in addresses:
        claims = [name for name, collector in known.items() if collector.recognise(address) is not None]
        assert len(claims) <= 1, f"{address}: {claims}"


@each_platform
@pytest.mark.parametrize("address", PLAIN)
def test_a_plain_page_is_left_to_the_fallback(collector: type[Collector], address: str) -> None:
    options = collector.recognise(address)
    assert options is None or (collector.manifest.fallback and build(collector, options))


def test_one_platform_takes_what_nobody_recognised() -> None:
    assert sum(collector.manifest.fallback for _, collector in ALL) == 1


# -- source code

STANDARD = {
    "__future__", "base64", "binascii", "codecs", "collections", "contextlib", "dataclasses", "datetime", "email", "enum", "functools",
    "hashlib", "html", "io", "ipaddress", "itertools", "json", "math", "operator", "re", "string", "struct", "types", "typing",
    "unicodedata", "urllib.parse", "xml",
}  # fmt: skip
OURS = ("aggregator.collectors", "aggregator.errors", "aggregator.fetch", "aggregator.model", "aggregator.text")
LIBRARIES = {"_lenient": {"feedparser"}, "_elements": {"lxml"}, "_bluesky_service": {"atproto", "atproto_client"}}
FORBIDDEN_CALLS = {"now", "utcnow", "today", "open", "eval", "exec", "print", "input", "compile", "__import__", "sleep", "setattr"}


def imports(tree: ast.AST) -> list[str]:
    """Every module that is imported, wherever that stands."""
    plain = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return plain + [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


@each_module
def test_a_collector_imports_no_network_no_database_no_clock_and_no_log(path: Path) -> None:
    for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
        top = name.partition(".")[0]
        if top == "aggregator":
            assert any(name == ours or name.startswith(f"{ours}.") for ours in OURS), name
            assert name == "aggregator.fetch" or not name.startswith("aggregator.fetch."), f"{name}: only what its front page shows"
        else:
            assert name in STANDARD or top in STANDARD - {"urllib"} or top in LIBRARIES.get(path.stem, set()), (
                f"{name} is not for collectors"
            )


@each_module
def test_slow_libraries_are_imported_late(path: Path) -> None:
    slow = {"atproto", "atproto_client", "feedparser"}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    early = [name for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom) for name in imports(ast.Module([node], []))]
    assert not slow & {name.partition(".")[0] for name in early}


@each_module
def test_a_collector_asks_no_clock_and_opens_nothing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            regex = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            assert called not in FORBIDDEN_CALLS or regex, f"line {node.lineno}: {called}()"


@each_module
def test_a_platform_keeps_nothing_outside_its_fields(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal)]
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and _is_collector(node)]
    for node in (inner for one in classes for inner in ast.walk(one)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []
        for target in targets:
            assert not (isinstance(target, ast.Attribute) and getattr(target.value, "id", "") == "self"), f"line {node.lineno}"  # type: ignore[attr-defined]  # statements have lines


def _is_collector(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Collector" for base in node.bases)
