"""The command `init`: a sources.yaml for a topic, with the sources that show something about it."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from aggregator.commands.common import application, talk
from aggregator.errors import ConfigError

_TEMPLATE = """\
# yaml-language-server: $schema=sources.schema.json
#
# What is watched, and for what. After a change, `aggregator check` says in words what was understood; it needs no network.

site:
  title: {title}
  intro: {intro}
  # url: https://example.org/discussing/     # where the output folder is served, if it is; feeds need it
  # timezone: Europe/Brussels                # days and months on the page
  # see_also:                                # searches and places that are not read, but that a reader may like
  #   - {{title: "#{tag} on X", url: "https://x.com/search?q=%23{tag}"}}

topics:
  {tag}:
    any_of: [{word}]          # words, phrases in quotes, "#hashtags"; one is enough
    # none_of: [unrelated]    # one of these in title, text or tags, and the entry is left out
    # languages: [en]         # only entries that say they are in one of these, or say nothing
    # near: [[crew, circle]]  # two words that count only near each other
    # people: [Ana, Bo]       # worth 0.5 each, or as you say ({{Ana: 0.8}}); 1 is a match. So are sites: {{crews.example: 1}}
    # about: [https://example.org/essay]    # what is or links to one of these pages

fetch:
  # A page or mailto: that tells the operators of other servers who is asking.
  contact: {contact}

sources:
{sources}

  # A blog, a podcast, a forum, a channel:
  # - https://blog.example.org/
  # - https://anchor.fm/ashow
  # - https://www.youtube.com/@achannel
  # - https://forum.example.org/tag/{tag}
  #
  # With more to say about it:
  # - address: https://www.loomio.com/agroup
  #   takes: everything      # not only mentions: every entry is about the topic
  #   every: 6h              # least time between two polls
  #   label: Our group on Loomio

# Links you chose by hand; they stand first, in this order.
# chosen:
#   - url: https://example.org/the-best-introduction
#     kind: article          # article, episode, video, thread, post or comment
#     title: The best introduction
#     who: Ana Example
#     note: why it is worth reading.

# A mail a week to those who ask for it. As it stands here nothing is sent: the mails are written as files to state/mail.
# digest:
#   from: Crew news <digest@example.org>
#   rhythms: {{weekly: "0 8 * * mon"}}    # Mondays at 8; cron expressions
#   through: folder                      # smtp: your mail server hands it over; or listmonk, or buttondown
#   smtp: {{host: mail.example.org, user: digest}}
#   serve: {{url: "https://mail.example.org/"}}                       # where `aggregator serve` is reached, to subscribe and leave
#   mailbox: {{address: digest@example.org, host: imap.example.org}}  # or by mail alone; also reads what came back
"""

_UNTRIED = """\
  # An address is enough: platform and options are found from it. These three need no key.
  - https://medium.com/tag/{tag}
  - https://mastodon.social/tags/{tag}
  - https://bsky.app/hashtag/{tag}"""

WITHIN = timedelta(seconds=60)
"""How long the platforms are tried."""


def init(options: argparse.Namespace) -> int:
    """Write a commented sources.yaml and the schema that editors check it with."""
    from aggregator.config import schema

    file: Path = options.config
    if file.exists() and not options.force:
        raise ConfigError(f"{file} is there already. Edit it, or replace it with --force.")
    topic = options.topic or _asked()
    text = template(topic)
    if not options.offline:
        text = template(topic, sources=_tried(options, topic, text))
    if options.dry_run:
        print(text, end="")
        return 0
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    (file.parent / "sources.schema.json").write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
    named = "" if file == Path("sources.yaml") else f" --config {file}"
    talk(options, f"Wrote {file}. Change it to your taste, then: aggregator check{named} && aggregator run{named}")
    return 0


def _asked() -> str:
    if not sys.stdin.isatty():
        raise ConfigError("say what to watch for: aggregator init --topic WORD")
    return input("The word or hashtag to watch for: ").strip()


def _tried(options: argparse.Namespace, topic: str, text: str) -> str:
    """The sources of the file: what the platforms that need no key have about the topic. "" when nothing could be tried."""
    from aggregator.commands.proposing import lines_for
    from aggregator.config import load
    from aggregator.run.discovering import for_word
    from aggregator.run.sampling import samples

    with tempfile.TemporaryDirectory() as folder:
        # A configuration of its own, so that nothing is written beside the one to come.
        file = Path(folder) / "sources.yaml"
        file.write_text(text, encoding="utf-8")
        trying = argparse.Namespace(**{**vars(options), "dry_run": True})
        with application(trying, load(file)) as app:
            candidates = for_word(topic, app.settings.topics).sources
            talk(options, f"Looking for {topic} in {len(candidates)} places that need no key …")
            found = samples(app, candidates, within=WITHIN)
    if all(one.problem for one in found):
        why = "There is no network" if all(one.unreachable for one in found if not one.late) else "None of them could be read"
        talk(options, f"{why}, so the sources in the file are untried; `aggregator source test ID` tries one.")
        return ""
    good, rest = lines_for(found)
    talk(options, f"{len(good)} of {len(found)} show something about it.")
    if good:
        lines = ["# An address is enough: platform and options are found from it. These show something about the topic.", *good]
    else:
        lines = [line.strip() for line in _UNTRIED.format(tag=_tag(topic)).splitlines()]
    if rest:
        lines += ["", "# Nothing about it was seen there, or it could not be read; take out the # of what you want all the same.", *rest]
    return "\n".join(f"  {line}".rstrip() for line in lines)


def template(topic: str, *, sources: str = "") -> str:
    """A sources.yaml for a topic.

    Args:
        sources: the items of its sources, each line indented by two; "": three that need no key, untried.

    Raises:
        ConfigError: there is no letter in the topic.
    """
    tag = _tag(topic)
    if not tag:
        raise ConfigError(f"--topic: expected a word or a hashtag with a letter in it, found {topic!r}. Write other rules into the file.")
    word = " ".join(topic.split())
    name = word.lstrip("#")
    return _TEMPLATE.format(
        title=_quoted(f"Discussing {name}"),
        intro=_quoted(f"Recordings, articles and discussions about {name} from different parts of the web."),
        tag=tag,
        word=_quoted(word),
        contact="https://example.org/",
        sources=sources or _UNTRIED.format(tag=tag),
    )


def _tag(topic: str) -> str:
    """A topic as a hashtag; "" when there is no letter in it."""
    tag = "".join(letter for letter in topic.lower() if letter.isalnum() or letter == "_")
    return tag if tag.strip("_") else ""


def _quoted(text: str) -> str:
    """A text as YAML, whatever signs are in it: what JSON quotes, YAML 1.2 reads."""
    return json.dumps(text, ensure_ascii=False)
