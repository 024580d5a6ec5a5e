"""The command line: what may be written, and which function does it. Nothing is imported before it is known to be needed.

Data goes to stdout, talk to stderr. Exit codes: 0 done (also "nothing new" and "another run holds the lock") · 1 a bug · 2 usage ·
3 configuration · 4 some sources failed but the output is good · 5 nothing could be read for longer than promised · 6 a digest is held
back, or a rule of a mail provider is not met · 7 a mail's fate is uncertain.
"""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from aggregator import __version__

# Objects made before the interpreter looks for garbage among them. At its own 700 it looks again and again through modules and replies that
# live on, which is a sixth of the time of a run, and at 50,000 still five times while modules are loaded; cycles are rare here.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000

# What is no bug of ours when writing fails, and what the operator can do.
_TO_DO = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES), "make room, or give the right to write there"),
    errno.EIO: "the disk failed; look at it before anything else is written",
}

_SHOWN_COMMANDS = """\
the page      run · poll · build · schedule
the sources   init · check · status · backfill · source list · source test · source pause · source resume · source discover · source check
the stories   add · import · why · takedown
to decide     hide · pin · retitle · note · kind · lead · split · merge · approve · block · order · undo · log · review
the rules     match --explain · rules eval
the digest    digest preview · digest send · digest status · digest resume · digest resolve · digest cancel
the readers   subscribers list · import · export · erase · rotate · serve · mailbox · doctor mail
on standard input, one JSON object a line in and out, no store and no network
              identify · match · read · cluster
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    _open_streams()
    parser = _parser()
    options = parser.parse_args(arguments)
    if "command" not in options:
        parser.print_help()
        return 2
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # At its end it would look through all that is loaded once more, which takes as long as a tenth of a quiet run.
    atexit.register(gc.freeze)
    from aggregator import log

    log.start(verbose=options.verbose, quiet=options.quiet)
    return _guarded(options)


def _open_streams() -> None:
    """Make standard input, output and error usable, however we were started.

    Where cron or a service closed one, the next file opened would get its number, and a line meant for people would land in the database.
    An encoding that lacks a sign shows its number instead of ending the run.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _guarded(options: argparse.Namespace) -> int:
    import logging

    from aggregator import log
    from aggregator.errors import AggregatorError, ConfigError

    module, _, name = options.command.partition(":")
    try:
        command = getattr(importlib.import_module(f"aggregator.commands.{module}"), name)
        return int(command(options))
    except ConfigError as error:
        print(log.safe_lines(str(error)), file=sys.stderr)
        return 3
    except AggregatorError as error:
        print(log.unaddressed(log.safe(f"aggregator: {error}")), file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone (`aggregator status | head`): there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in _TO_DO:
            return _bug()
        place = f" {error.filename}" if error.filename else ""
        logging.getLogger("aggregator").error("writing%s: %s: %s", place, error.strerror, _TO_DO[error.errno])
        return 1
    except KeyboardInterrupt:
        print("aggregator: interrupted; what was read so far is kept", file=sys.stderr)
        return 130
    except Exception:
        return _bug()


def _bug() -> int:
    import logging
    import traceback

    logging.getLogger("aggregator").error("a bug in the program:\n%s", traceback.format_exc())
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aggregator",
        description="Watches the web for what a community is talked about, joins what is the same, and keeps a page of it.",
        epilog=_SHOWN_COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"aggregator {__version__}")
    shared = _shared()
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    _page_commands(commands, shared)
    _source_commands(commands, shared)
    _story_commands(commands, shared)
    _deciding_commands(commands, shared)
    _takedown_command(commands, shared)
    _line_commands(commands, shared)
    _rules_commands(commands, shared)
    from aggregator.digest_options import digest_commands

    digest_commands(commands, shared, _add)
    return parser


def _shared() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    group = shared.add_argument_group("options of every command")
    group.add_argument("--config", type=Path, default=Path("sources.yaml"), metavar="FILE", help="the configuration (sources.yaml)")
    group.add_argument("--state", type=Path, metavar="FOLDER", help="the folder of the database (as configured)")
    group.add_argument("--json", action="store_true", help="print JSON instead of words")
    group.add_argument("--dry-run", action="store_true", help="do everything on a copy, write nothing, say what would be written")
    group.add_argument("--record", type=Path, metavar="FILE.har", help="write every exchange with a server to a HAR file, without secrets")
    group.add_argument("--replay", type=Path, metavar="FILE.har", help="answer from a HAR file instead of the network")
    group.add_argument("-v", "--verbose", action="count", default=0, help="say what is done; twice: say what is asked")
    group.add_argument("-q", "--quiet", action="store_true", help="say only what failed")
    return shared


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(commands: _Commands, shared: argparse.ArgumentParser, name: str, to: str, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, parents=[shared], help=text, description=text[:1].upper() + text[1:] + ".")
    parser.set_defaults(command=to)
    return parser


def _page_commands(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    _add(commands, shared, "run", "page:run", "poll the sources that are due, then write the page; what cron calls")
    poll = _add(commands, shared, "poll", "page:poll", "poll sources now, without writing the page")
    poll.add_argument("sources", nargs="*", metavar="ID", help="sources to poll; all when none is named")
    build = _add(commands, shared, "build", "page:build", "write the page from what is known, without network")
    build.add_argument("--as-of", metavar="DATE", help="the page as it was at the end of that day (2020-01-31)")
    build.add_argument("--output", type=Path, metavar="FOLDER", help="write to another folder")
    schedule = _add(commands, shared, "schedule", "page:schedule", "do `run` again and again until stopped, where there is no cron")
    schedule.add_argument("--every", default="15m", metavar="DURATION", help="how often (15m)")


def _source_commands(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    init = _add(commands, shared, "init", "starting:init", "write a commented sources.yaml for a topic of your own")
    init.add_argument("--topic", metavar="WORD", help="the word or hashtag to watch for")
    init.add_argument("--force", action="store_true", help="replace a file that is there already")
    init.add_argument("--offline", action="store_true", help="propose sources without trying the platforms")
    check = _add(commands, shared, "check", "setup:check", "say what the configuration means, without network")
    check.add_argument("--schema", action="store_true", help="print the JSON schema of sources.yaml, for editors")
    _add(commands, shared, "status", "sources:status", "say how every source is doing, and what could not be read")
    back = _add(commands, shared, "backfill", "backfill:backfill", "read what a source said before it was watched, into the archive")
    back.add_argument("source", metavar="ID", nargs="?", help="a source of the configuration; without one, say which can be read back")
    back.add_argument("--since", metavar="DATE", help="how far back (2018-01-01); as far as the platform goes if left out")
    source = commands.add_parser("source", help="list the sources, try one, find others")
    inner = source.add_subparsers(metavar="COMMAND", required=True)
    _add(inner, shared, "list", "sources:listed", "list the sources")
    test = _add(inner, shared, "test", "trying:test", "read one page of a source and show what is found; writes nothing")
    test.add_argument("--yes", action="store_true", help="ask also where the page costs something")
    test.add_argument("source", metavar="ID|ADDRESS", help="a source of the configuration, or an address that is not in it yet")
    _add(inner, shared, "check", "drift:check", "ask every source for a page and say which fields went; for cron, once a week")
    for name, text in (("pause", "ask sources no more until resumed"), ("resume", "ask sources again that were stopped or paused")):
        _add(inner, shared, name, f"pausing:{name}", text).add_argument("sources", nargs="+", metavar="ID")
    discover = _add(inner, shared, "discover", "discovering:discover", "say what can be watched at an address, or for a word")
    discover.add_argument("what", metavar="URL|NAME", help="an address, or a word or hashtag that the platforms are tried for")


def _story_commands(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    add = _add(commands, shared, "add", "stories:add", "put a link on the page by hand")
    add.add_argument("url", metavar="URL")
    add.add_argument("--title", help="what it is called; read from the page if left out")
    add.add_argument("--who", help="who made it")
    add.add_argument("--kind", help="article, episode, video, thread, post or comment; found from the page if left out")
    add.add_argument("--yes", action="store_true", help="also where the address looks as if it held a secret, which the page then shows")
    imported = _add(
        commands,
        shared,
        "import",
        "stories:imported",
        "read a hand-kept Markdown page into chosen links, or a feed reader's OPML into sources",
    )
    imported.add_argument("file", type=Path, metavar="FILE")
    why = _add(commands, shared, "why", "why:why", "say how an address was read, and why it is on the page or not")
    why.add_argument("url", metavar="URL|ID")
    why.add_argument("other", metavar="URL|ID", nargs="?", help="another address: why the two are one story, or why not")


def _deciding_commands(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    signed = argparse.ArgumentParser(add_help=False, parents=[shared])
    group = signed.add_argument_group("options of every decision")
    group.add_argument("--reason", metavar="TEXT", help="why; written beside the decision")
    group.add_argument("--by", metavar="NAME", help="who decides (AGGREGATOR_BY, else the name that git signs with)")
    for name, text in (("hide", "take stories off the page, however they come back"), ("pin", "put stories first on the page")):
        _add(commands, signed, name, f"deciding:{name}", text).add_argument("story", nargs="+", metavar="URL|ID")
    _add_about(commands, signed, "retitle", "call a story otherwise").add_argument("title", nargs="+", metavar="TITLE")
    _add_about(commands, signed, "note", "write a line about a story").add_argument("text", nargs="+", metavar="TEXT", help="Markdown")
    _add_about(commands, signed, "kind", "say what a reader finds there").add_argument(
        "kind", help="article, episode, video, thread, post or comment"
    )
    _add(commands, signed, "lead", "deciding:lead", "show a story by one of its addresses").add_argument("url", metavar="URL")
    apart = _add_about(commands, signed, "split", "say that an address is another story than the rest")
    apart.add_argument("other", nargs="?", metavar="FROM", help="the address that it is not one story with; the story's own if left out")
    merge = _add(commands, signed, "merge", "deciding:merge", "say that two or more addresses are one story")
    merge.add_argument("story", nargs="+", metavar="URL|ID")
    approve = _add(commands, signed, "approve", "deciding:approve", "put on the page what waits for review")
    approve.add_argument("story", nargs="*", metavar="URL|ID")
    approve.add_argument("--source", metavar="ID", help="everything of a source, from now on as well")
    block = _add(commands, signed, "block", "deciding:block", "take nothing more from an author, a domain or a source")
    block.add_argument("what", nargs="?", metavar="WHAT", help="@handle, site.example, a source's id; or a story, with one of these:")
    for name in ("author", "domain", "source"):
        block.add_argument(f"--{name}", nargs="?", const="", metavar="NAME", help=f"this {name}, or the {name} of the story")
    block.add_argument("--until", metavar="DATE", help="the last day that it holds (2027-01-01); for ever if left out")
    order = _add(commands, signed, "order", "deciding:order", "put the chosen stories in order; without addresses, print the order")
    order.add_argument("story", nargs="*", metavar="URL|ID")
    undo = _add(commands, shared, "undo", "deciding:undo", "take back the last decision, or the last about a story")
    undo.add_argument("about", nargs="?", metavar="URL|ID", help="a story; or an author, a domain, a source")
    log = _add(commands, shared, "log", "deciding:log", "say who decided what and when, newest first")
    log.add_argument("--limit", type=int, default=100, metavar="N", help="how many (100)")
    _add(commands, signed, "review", "review:review", "go through what waits for you, one key a decision")


def _add_about(commands: _Commands, signed: argparse.ArgumentParser, name: str, text: str) -> argparse.ArgumentParser:
    parser = _add(commands, signed, name, f"deciding:{name}", text)
    parser.add_argument("story", metavar="URL|ID")
    return parser


def _takedown_command(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    down = _add(commands, shared, "takedown", "takedown:takedown", "remove something for good from the page, its files and the database")
    down.add_argument("subject", metavar="URL|AUTHOR|DOMAIN", help="an address, @ada@social.example, a profile, example.org; author:NAME")
    down.add_argument("--reason", required=True, metavar="TEXT", help="why; all that the log keeps of it, so name nothing and nobody")
    down.add_argument("--by", metavar="NAME", help="who decided")
    down.add_argument("--yes", action="store_true", help="do it without asking")


def _line_commands(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    _add(commands, shared, "identify", "lines:identify", '{"url"} in, {"url","key","href","rules"} out')
    match = _add(commands, shared, "match", "lines:match", '{"title","text","html","tags","links"} in, {"matched","matches"} out')
    match.add_argument("--any-of", action="append", default=[], metavar="W", help="a word to look for, instead of the configured topics")
    match.add_argument("--none-of", action="append", default=[], metavar="W", help="a word that rules an entry out")
    match.add_argument("--spaced", action="store_true", help="with --any-of: also take words of a hyphenated form written apart")
    match.add_argument("--explain", action="store_true", help="instead: what the configured topics would add to the page, and drop from it")
    match.add_argument("--since", default="90d", metavar="DURATION", help="with --explain: how far back to look (90d)")
    _add(
        commands,
        shared,
        "read",
        "lines:read",
        '{"url","html"} or {"url","body_base64","content_type"} in, what the page says of itself out',
    )
    _add(
        commands,
        shared,
        "cluster",
        "lines:cluster",
        '{"id","platform","url","title","text","author","handle","published","links"} in, {"id","story","evidence"} out',
    )


def _rules_commands(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    rules = commands.add_parser("rules", help="how good the topics' rules are")
    inner = rules.add_subparsers(metavar="COMMAND", required=True)
    _add(inner, shared, "eval", "rules:evaluate", "say how much of what each rule finds you kept, and what no rule finds")


if __name__ == "__main__":
    raise SystemExit(main())
