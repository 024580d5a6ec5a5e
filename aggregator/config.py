"""sources.yaml and the environment, as `Settings`. Every error is found at once, each with its line, its key and what to do.

What stands in the file is described once, by the tables below: they read it, check it, and make the JSON schema that editors use.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from aggregator import collectors
from aggregator.collectors.base import Collector, options_of
from aggregator.digest_forms import DIGEST, SECRETS, digest_of, remark
from aggregator.errors import BadOption, ConfigError, UnknownPlatform
from aggregator.forms import ADDRESS, CONTACT, LANGUAGE, NAME, NETWORK, PAST_DAY, ZONE, TopicShape, web_address
from aggregator.model import Chosen, ChosenLink, Kind, Source, Takes, Topic, Trust
from aggregator.settings import Fetch, Markdown, Secret, SeeAlso, Settings, Site
from aggregator.shape import (
    WRONG,
    Key,
    Many,
    Named,
    Node,
    Report,
    Shape,
    Table,
    Text,
    choice,
    compose,
    date,
    dollars,
    dotted,
    duration,
    is_text,
    nearest,
    number,
    pairs,
    path,
    read_file,
    said,
    unknown,
    yes_or_no,
)
from aggregator.text.secret_address import keep_secret, masked, name_of
from aggregator.text.urls import canonical

PLACE = Table(
    keys={
        "title": Key(shape=Text(), help="What the reader sees.", required=True),
        "url": Key(shape=ADDRESS, help="Where it leads.", required=True),
    }
)

SITE = Table(
    keys={
        "title": Key(shape=Text(), help="The heading of the page.", required=True),
        "intro": Key(shape=Text(), help="One or two sentences: what the page is and for whom."),
        "url": Key(shape=ADDRESS, help="Where the output folder is served, if it is; feeds need it for absolute addresses."),
        "home": Key(shape=PLACE, help="The community's own place to join."),
        "language": Key(shape=LANGUAGE, help="The language of your own words on the page."),
        "timezone": Key(shape=ZONE, help="Days and months on the page are this zone's."),
        "see_also": Key(shape=Many(of=PLACE), help="Searches and places that are not read, but that a reader may like."),
        "stories": Key(shape=number(10, 2000), help="Stories on the first page; older ones are on a page a year."),
        "per_person": Key(shape=number(1, 100), help="Stories of one person in one day; the rest is folded behind a count."),
        "per_site": Key(shape=number(1, 100), help="Stories from one site in one day; the rest is folded behind a count."),
    }
)

COMMON: Mapping[str, Key] = {
    "address": Key(shape=ADDRESS, help="The address of what to read; platform and options are found from it."),
    "platform": Key(shape=Text(expects="the name of a platform"), help="Which platform to read, if no address is given."),
    "id": Key(shape=NAME, help="A name of your own; made from platform and options if left out."),
    "label": Key(shape=Text(), help="What readers see."),
    "topics": Key(shape=Many(of=Text(), least=1), help="Which topics to look for; all of them if left out."),
    "takes": Key(shape=choice(Takes), help="Only entries that mention a topic, or every entry."),
    "trust": Key(shape=choice(Trust), help="Show what is found at once, or hold it for review; what suits the platform if left out."),
    "every": Key(shape=duration(timedelta(minutes=1)), help="Least time between two polls; what suits the platform if left out."),
    "since": Key(shape=PAST_DAY, help="Leave out entries published before."),
    "budget": Key(shape=dollars(), help="Dollars a month that may be spent on a platform that charges, all its sources together."),
    "enabled": Key(shape=yes_or_no(), help="false: not read, nothing forgotten."),
    "agreed": Key(shape=yes_or_no(), help="true: all who write there agreed to be shown, also where they say unlisted or noindex."),
}

ADDRESS_FROM = "address_from"
"""An option that names an environment variable; what it holds takes its place, as the option `url`."""

FOUND_OUT = "site"
"""An option that names its platform: a source that says nothing else is read by the collector of that name, which finds out the rest."""

CHOSEN_LINK = Table(
    keys={
        "url": Key(shape=ADDRESS, help="The address.", required=True),
        "label": Key(shape=Text(), help="The words to show for it.", required=True),
    }
)

CHOSEN = Table(
    keys={
        "url": Key(shape=ADDRESS, help="The address.", required=True),
        "kind": Key(shape=choice(Kind), help="What the reader finds there.", required=True),
        "title": Key(shape=Text(), help="What it is called.", required=True),
        "who": Key(shape=Text(), help="Who made it or speaks in it."),
        "note": Key(shape=Text(), help="One sentence of Markdown in your own words."),
        "also": Key(shape=Many(of=CHOSEN_LINK), help="Further links of the same thing: a transcript, other parts."),
        "published": Key(shape=date(), help="The day it came out."),
    }
)

FETCH = Table(
    keys={
        "contact": Key(shape=CONTACT, help="A page or mailto: that tells a server's operator who you are."),
        "allow_networks": Key(shape=Many(of=NETWORK), help="Private networks that may be connected to, for an intranet."),
        "width": Key(shape=number(1, 256), help="Hosts asked at the same time."),
    }
)

MARKDOWN = Table(
    keys={"into": Key(shape=path(), help="An existing Markdown file; what stands between its two marker comments is replaced.")},
)


class SourceShape:
    """A source: an address alone, or a mapping of common keys and the options of its platform."""

    def read(self, node: Node, key: str, report: Report) -> Any:
        if is_text(node):
            return self._recognised(node, node.value.strip(), {}, key, report)
        if node.id != "mapping":
            return report.add(node, key, f"expected an address or a mapping with 'platform', found {said(node)}.")
        found = dict(pairs(node, key, report))
        common = {name: COMMON[name].shape.read(found.pop(name), dotted(key, name), report) for name in tuple(found) if name in COMMON}
        if WRONG in common.values():
            return WRONG
        options = {name: self._option(value, dotted(key, name), report) for name, value in found.items()}
        if WRONG in options.values():
            return WRONG
        if "platform" in common and "address" in common:
            return report.add(node, key, "says both 'address' and 'platform'. Remove one: the platform is found from an address.")
        if "platform" in common:
            odd = self._unknown(common["platform"], found, key, report)
            return WRONG if odd else self._configured(node, common, options, key, report)
        if "address" in common:
            for name, value in found.items():
                report.add(value, dotted(key, name), f"{unknown(name, COMMON)} An address comes without options of its platform.")
            return WRONG if found else self._recognised(node, common["address"], common, key, report)
        if FOUND_OUT in found:
            odd = self._unknown(FOUND_OUT, found, key, report)
            return WRONG if odd else self._configured(node, {**common, "platform": FOUND_OUT}, options, key, report)
        return report.add(node, key, f"says neither 'address' nor 'platform' nor '{FOUND_OUT}'. Write one of them.")

    def _unknown(self, platform: str, found: Mapping[str, Node], key: str, report: Report) -> bool:
        """Whether there are keys that are no options of the platform; each is reported at its own line."""
        if platform not in collectors.platforms():
            return False
        wanted = options_of(collectors.platforms()[platform])
        odd = [name for name in found if name not in wanted]
        for name in odd:
            report.add(found[name], dotted(key, name), unknown(name, [*wanted, *COMMON]))
        return bool(odd)

    def _option(self, node: Node, key: str, report: Report) -> Any:
        return node.value.strip() if is_text(node) else report.add(node, key, f"expected a text, found {said(node)}.")

    def _recognised(self, node: Node, address: str, common: dict[str, Any], key: str, report: Report) -> Any:
        try:
            web_address(address)
            platform, options = collectors.recognise(address)
        except UnknownPlatform as error:
            return report.add(node, key, f"{error}.")
        except ValueError:
            shown = masked(address, "…")
            return report.add(node, key, f"{shown!r} is not an address that can be read. Write it in full, with https:// and no password.")
        return self._configured(node, {**common, "platform": platform}, dict(options), key, report)

    def _configured(self, node: Node, common: dict[str, Any], options: dict[str, str], key: str, report: Report) -> Any:
        known = collectors.platforms()
        platform = common["platform"]
        if platform not in known:
            return report.add(
                node, dotted(key, "platform"), f"unknown platform {platform!r}. {nearest(platform, known, whole='docs/sources.md')}"
            )
        source = Source(
            id=common.get("id") or identifier(platform, options),
            platform=platform,
            options=options,
            topics=common.get("topics", ()),
            takes=Takes(common.get("takes", Takes.MENTIONS)),
            trust=Trust(common.get("trust", known[platform].manifest.trust)),
            every=common.get("every"),
            since=common.get("since"),
            label=common.get("label", ""),
            budget=common.get("budget"),
            enabled=common.get("enabled", True),
            agreed=common.get("agreed", False),
        )
        try:
            collector = collectors.collector_for(source)
        except BadOption as error:
            return report.add(node, key, f"{platform}: {error}.")
        if source.budget is not None and collector.manifest.price is None:
            place = next(value for name, value in node.value if name.value == "budget")
            return report.add(place, dotted(key, "budget"), f"{collector.manifest.title} costs nothing. Remove the key.")
        return node, key, replace(source, label=source.label or collector.label)

    def schema(self) -> dict[str, Any]:
        """An address, a mapping with an address, or a mapping for each platform with its own options."""
        platforms = [_of_platform(name, collector) for name, collector in collectors.platforms().items()]
        return {"anyOf": [{"type": "string", "format": "uri"}, _source(without="platform", required=["address"]), *platforms]}


def _source(*, without: str, required: list[str], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    common = {name: {**known.shape.schema(), "description": known.help} for name, known in COMMON.items() if name != without}
    return {"type": "object", "properties": {**common, **(more or {})}, "required": required, "additionalProperties": False}


def _of_platform(name: str, collector: type[Collector]) -> dict[str, Any]:
    known = options_of(collector)
    options: dict[str, Any] = {
        option: {"type": ["string", "number"], "description": f"{about.help[:1].upper()}{about.help[1:]}, for example {about.example}."}
        for option, (about, _) in known.items()
    }
    options["platform"] = {"enum": [name], "description": f"{collector.manifest.title}."}
    named = [] if name == FOUND_OUT else ["platform"]
    required = [*named, *(option for option, (_, is_required) in known.items() if is_required)]
    return _source(without="address", required=required, more=options)


SOURCES_FILE = Table(
    keys={
        "site": Key(shape=SITE, help="The page itself.", required=True),
        "topics": Key(shape=Named(of=TopicShape(), least=1), help="What is looked for, by a short name.", required=True),
        "sources": Key(shape=Many(of=SourceShape()), help="Where it is looked for.", required=True),
        "chosen": Key(shape=Many(of=CHOSEN), help="Links chosen by hand; they stand first, in this order."),
        "fetch": Key(shape=FETCH, help="How the network is used."),
        "markdown": Key(shape=MARKDOWN, help="The page in GitBook form."),
        "digest": Key(shape=DIGEST, help="The weekly mail."),
        "output": Key(shape=path(), help="The folder that the page is written to."),
        "state": Key(shape=path(), help="The folder of the database."),
        "templates": Key(shape=path(), help="The folder of the page's templates."),
        "curation": Key(shape=path(), help="The file of the steward's decisions."),
    }
)


def identifier(platform: str, options: Mapping[str, str]) -> str:
    """An id for a source without one: the platform and its options, in letters that are safe in a file name."""
    words = [re.sub(r"^https?://(www\.)?", "", name_of(value)) for _, value in sorted(options.items())]
    return "-".join(filter(None, [platform, *(re.sub(r"[^\w.@]+", "-", word).strip("-") for word in words)]))


def load(file: Path, *, environ: Mapping[str, str] | None = None, state: Path | None = None) -> Settings:
    """What sources.yaml and the environment say; paths in the file stand beside the file.

    Args:
        file: the configuration file.
        environ: where secrets are looked up; the process's own environment when None.
        state: overrides the folder of the database (`--state`).

    Raises:
        ConfigError: with every problem found.
    """
    report = Report(file=str(file))
    node = compose(read_file(file, str(file)), report)
    values: Any = SOURCES_FILE.read(node, "", report) if node is not None else WRONG
    settings = None if report.problems else _settings(file, values, report, os.environ if environ is None else environ, state)
    if settings is not None:
        _apart(settings, node, report)
        if settings.digest:
            places = {name.value: name for name, _ in node.value} if node else {}
            topics = [topic.id for topic in settings.topics]
            remark(settings.digest, places["digest"], report, site_url=settings.site.url, topics=topics)
    if settings is None or report.problems:
        raise ConfigError(sorted(report.problems, key=lambda problem: problem.line or 0))
    return settings


def _settings(file: Path, values: dict[str, Any], report: Report, environ: Mapping[str, str], state: Path | None) -> Settings:
    topics = tuple(Topic(id=name, **{"title": name, **topic}) for name, topic in values["topics"].items())
    beside = file.parent
    folder = state or beside / values.get("state", "state")
    return Settings(
        file=file,
        site=_site(values["site"]),
        topics=topics,
        sources=_sources(values["sources"], [topic.id for topic in topics], environ, report),
        chosen=tuple(_chosen(at, one) for at, one in enumerate(values.get("chosen", ()))),
        fetch=Fetch(**values.get("fetch", {})),
        markdown=Markdown(**{name: beside / into for name, into in values.get("markdown", {}).items()}),
        digest=digest_of(values.get("digest"), beside=beside, state=folder),
        state=folder,
        output=beside / values.get("output", "output"),
        templates=beside / values.get("templates", "templates"),
        curation=beside / values.get("curation", "curation.yaml"),
        secrets=_secrets(environ),
    )


def _apart(settings: Settings, node: Node, report: Report) -> None:
    """Report a database that would be served with the page."""
    output, state = settings.output.resolve(), settings.state.resolve()
    if state.is_relative_to(output):
        places = {name.value: name for name, _ in node.value}
        key = "state" if "state" in places else "output"
        message = (
            f"the database in {str(settings.state)!r} would be published with the folder {str(settings.output)!r}. Name another folder."
        )
        report.add(places.get(key), key, message)


def _site(values: dict[str, Any]) -> Site:
    see_also = tuple(SeeAlso(**place) for place in values.pop("see_also", ()))
    home = SeeAlso(**values.pop("home")) if "home" in values else None
    url = values.pop("url", "")
    return Site(**values, url=url if not url or url.endswith("/") else url + "/", see_also=see_also, home=home)


def _sources(
    read: tuple[tuple[Node, str, Source], ...], topics: list[str], environ: Mapping[str, str], report: Report
) -> tuple[Source, ...]:
    sources: list[Source] = []
    ids: dict[str, int] = {}
    for node, key, source in read:
        line = node.start_mark.line + 1
        if source.id in ids:
            report.add(node, key, f"the same source {source.id!r} stands at line {ids[source.id]}. Remove one, or give it another id.")
        ids.setdefault(source.id, line)
        for topic in source.topics:
            if topic not in topics:
                report.add(node, dotted(key, "topics"), f"unknown topic {topic!r}. {nearest(topic, topics)}")
        options = _addressed(node, key, source.options, environ, report)
        sources.append(replace(source, options=options, topics=tuple(dict.fromkeys(source.topics)) or tuple(topics)))
    return tuple(sources)


def _addressed(node: Node, key: str, options: Mapping[str, str], environ: Mapping[str, str], report: Report) -> Mapping[str, str]:
    """The options with the address that an environment variable holds, which is a secret from here on; as they are while it is not set."""
    variable = options.get(ADDRESS_FROM, "")
    address = environ.get(variable, "").strip() if variable else ""
    if not address:
        return options
    try:
        web_address(address)
    except ValueError:
        report.add(node, dotted(key, ADDRESS_FROM), f"{variable} holds no address. Set it to one in full, with https:// and no password.")
        return options
    keep_secret(address)
    return {name: value for name, value in options.items() if name != ADDRESS_FROM} | {"url": address}


def _chosen(position: int, values: dict[str, Any]) -> Chosen:
    title, url = values["title"], values["url"]
    label = title.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("#", "\\#")
    also = [(one["url"], one["label"]) for one in values.get("also", ())]
    links = [(url, title), *also]
    note = f"[{label}]({url})"
    if values.get("who"):
        note += f", {values['who']}"
    if values.get("note"):
        note += f": {values['note']}"
    note += "".join(f" \\| [{words}]({address})" for address, words in also)
    return Chosen(
        position=position,
        kind=Kind(values["kind"]),
        title=title,
        who=values.get("who"),
        note=note,
        links=tuple(ChosenLink(key=canonical(address).key, href=canonical(address).href, label=words) for address, words in links),
        published=values.get("published"),
    )


def _secrets(environ: Mapping[str, str]) -> dict[str, Secret]:
    wanted = {collector.manifest.auth.variable for collector in collectors.platforms().values() if collector.manifest.auth}
    wanted |= set(SECRETS)
    return {name: Secret(environ[name].strip()) for name in sorted(wanted) if environ.get(name, "").strip()}


def schema() -> dict[str, Any]:
    """The JSON schema of sources.yaml, in draft 7: the newest that every editor's YAML language server reads whole."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "sources.yaml of aggregator",
        **SOURCES_FILE.schema(),
    }


__all__ = ["SOURCES_FILE", "Shape", "identifier", "load", "schema"]
