"""The command `source discover`: what can be watched at an address, or for a word."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from aggregator.commands.common import application, complain, say, settings_of, show, talk
from aggregator.commands.proposing import entry_of, lines_for, told
from aggregator.errors import ConfigError
from aggregator.run.discovering import Candidates, at_address, for_word, hashtag_of
from aggregator.run.sampling import Sample, samples
from aggregator.settings import Settings
from aggregator.text.secret_address import masked
from aggregator.text.urls import canonical

WITHIN = timedelta(seconds=60)
"""How long candidates are tried; what has not answered by then is said not to have."""


def discover(options: argparse.Namespace) -> int:
    """Print lines for sources.yaml for what can be watched at an address, or for a word."""
    what = _opened(options.what.strip())
    address = what if "://" in what else f"https://{what}" if _is_host(what) else ""
    if not address and not hashtag_of(what):
        raise ConfigError(f"{what!r} is neither an address nor a word; write one of them: aggregator source discover example.org")
    options.dry_run = True
    with ExitStack() as closing:
        settings = _settings(options, what, closing)
        app = closing.enter_context(application(options, settings))
        talk(options, f"Looking what can be watched {'at' if address else 'for'} {masked(what, '…')} …")
        candidates = at_address(app, address) if address else for_word(what, settings.topics)
        tried = samples(app, candidates.sources, within=WITHIN)
    _print(options, candidates, tried)
    if candidates.bare and not any(one.found for one in tried):
        complain(_by_selectors(address))
    return 0 if any(one.found for one in tried) else 4


def _opened(what: str) -> str:
    """An address of an app (`ssb:…`, `nostr:…`, `tg://…`) as the page that browsers open; anything else as it is."""
    href = canonical(what).href if ":" in what and not what.lower().startswith(("http:", "https:")) else ""
    return href if href.startswith("https://") else what


def _is_host(what: str) -> bool:
    """True for what is written like a site without its scheme ("example.org/blog")."""
    host = what.partition("/")[0]
    return "." in host.strip(".") and not any(sign.isspace() for sign in what) and not what.startswith(("#", "@"))


def _settings(options: argparse.Namespace, what: str, closing: ExitStack) -> Settings:
    """The configuration; for who has none yet, one whose topic is the word itself."""
    if options.config.exists():
        return settings_of(options)
    from aggregator.commands.starting import template
    from aggregator.config import load

    file = Path(closing.enter_context(tempfile.TemporaryDirectory())) / "sources.yaml"
    file.write_text(template(hashtag_of(what)), encoding="utf-8")
    return load(file, state=options.state)


def _print(options: argparse.Namespace, candidates: Candidates, tried: Sequence[Sample]) -> None:
    for remark in candidates.remarks:
        complain(remark)
    if options.json:
        show([_plain(one) for one in tried])
        return
    good, rest = lines_for(tried)
    for line in (*good, *rest):
        say(f"  {line}")
    if not tried:
        complain("Nothing was found that can be watched there. Give the address of a feed, or of a page that lists what is new.")
    elif all(one.unreachable for one in tried if not one.late):
        complain("Nobody could be reached, so nothing was tried; look at the network, then ask again.")
    elif all(one.problem for one in tried):
        complain("Nothing of this could be tried, for the reasons given; take out the # of what you want to watch, below sources:.")
    elif not good:
        complain("Nothing there is about your topics now; take out the # of what you want to watch all the same, below sources:.")
    else:
        talk(options, "Put the lines that you want below sources: in sources.yaml, then: aggregator check")


def _by_selectors(address: str) -> str:
    """What to write for a page that leads to no feed."""
    line = f"- {{platform: webpage, id: page, url: {json.dumps(masked(address, '…'), ensure_ascii=False)}, entry: article}}"
    return (
        "The page shows no sign of a feed. If it lists what is new, it can be read by CSS selectors; put this below sources: with what "
        f"finds one entry of its list in the place of `article`: {line}; `link`, `title` and `date` are selectors inside an entry, where "
        "the first of each is not the right one. `aggregator source test page` shows what they find."
    )


def _plain(one: Sample) -> dict[str, object]:
    return {
        "platform": one.source.platform,
        "options": {name: masked(value, "…") for name, value in one.source.options.items()},
        "line": entry_of(one),
        "label": one.collector.label,
        "address": one.collector.address,
        "entries": len(one.found),
        "matching": len(one.counting),
        "problem": one.problem or None,
        "told": told(one),
    }
