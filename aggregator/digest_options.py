"""What may be written on the command line about the digest and its readers; a part of `cli`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_Add: TypeAlias = Callable[[_Commands, argparse.ArgumentParser, str, str, str], argparse.ArgumentParser]


def digest_commands(commands: _Commands, shared: argparse.ArgumentParser, add: _Add) -> None:
    """Add them all."""
    _editions(_group(commands, "digest", "make and send the weekly mail"), shared, add)
    _readers(_group(commands, "subscribers", "the people who get the digest"), shared, add)
    serve = add(commands, shared, "serve", "serve:serve", "run the small server for subscribing, confirming and leaving")
    serve.add_argument("--listen", metavar="HOST:PORT", help="where it listens (as configured)")
    add(commands, shared, "mailbox", "mailbox:mailbox", "read the mailbox: requests to subscribe and leave, bounces; for cron")
    doctor = _group(commands, "doctor", "say what is missing outside of the program")
    add(doctor, shared, "mail", "doctor:mail", "say which rules of the large mail providers are met, and what to set in the DNS")


def _group(commands: _Commands, name: str, text: str) -> _Commands:
    return commands.add_parser(name, help=text).add_subparsers(metavar="COMMAND", required=True)


def _editions(inner: _Commands, shared: argparse.ArgumentParser, add: _Add) -> None:
    which = argparse.ArgumentParser(add_help=False, parents=[shared])
    which.add_argument("--topic", metavar="ID", help="of this topic alone")
    which.add_argument("--rhythm", metavar="NAME", help="of this rhythm alone (weekly)")
    preview = add(inner, which, "preview", "preview:preview", "write the next edition to state/preview, and say what the linter finds")
    preview.add_argument("--open", action="store_true", help="open it in a browser")
    send = add(inner, which, "send", "digest:send", "send what is due, and go on with what was cut short; for cron")
    send.add_argument("--to", metavar="ADDRESS", help="send the next edition to this address alone, as a trial")
    send.add_argument("--yes", action="store_true", help="do it without asking")
    send.add_argument("--late", action="store_true", help="also send an edition whose time passed long ago")
    send.add_argument("--accept", action="append", default=[], metavar="RULE", help="send although this rule of the linter is broken")
    add(inner, which, "status", "digest:status", "say how the last editions went, and what is due")
    resume = add(inner, shared, "resume", "digest:resume", "go on with editions that were cut short, and with what was to be tried again")
    resume.add_argument("edition", nargs="?", metavar="EDITION", help="this edition alone (2026-W47)")
    resolve = add(inner, shared, "resolve", "digest:resolve", "say what became of copies whose fate is uncertain; without more, list them")
    resolve.add_argument("edition", nargs="?", metavar="EDITION", help="of this edition (2026-W47)")
    resolve.add_argument("--recipient", action="append", default=[], metavar="ID", help="these copies alone")
    fate = resolve.add_mutually_exclusive_group()
    fate.add_argument("--arrived", action="store_true", help="they were handed over")
    fate.add_argument("--again", action="store_true", help="they were not: hand them over")
    fate.add_argument("--log", type=Path, metavar="FILE", help="the mail server's log, in which their Message-IDs are looked up")
    cancel = add(inner, shared, "cancel", "digest:cancel", "stop an edition: nobody else gets it")
    cancel.add_argument("edition", metavar="EDITION", help="the edition (2026-W47)")
    cancel.add_argument("--yes", action="store_true", help="do it without asking")


def _readers(inner: _Commands, shared: argparse.ArgumentParser, add: _Add) -> None:
    listed = add(inner, shared, "list", "subscribers:listed", "say how many there are; with --addresses, who")
    listed.add_argument("--addresses", action="store_true", help="also list the addresses")
    imported = add(inner, shared, "import", "subscribers:imported", "take subscribers from a CSV file (address, consent, topics, rhythm)")
    imported.add_argument("file", type=Path, metavar="FILE")
    imported.add_argument("--source", required=True, metavar="TEXT", help="where they gave their consent; kept with each")
    exported = add(inner, shared, "export", "subscribers:exported", "print subscribers as CSV")
    exported.add_argument("address", nargs="?", metavar="ADDRESS", help="everything that is kept about this one, instead")
    erase = add(inner, shared, "erase", "subscribers:erase", "forget an address at once; a salted hash stays against imports")
    erase.add_argument("address", metavar="ADDRESS")
    erase.add_argument("--yes", action="store_true", help="do it without asking")
    rotate = add(inner, shared, "rotate", "subscribers:rotate", "sign links with a new key from now on")
    rotate.add_argument("--retire", action="store_true", help="older links stop working, also those in mails that were sent")
