"""What was taken down goes from the digest, too: from private.db, the journal of outgoing mail, previews, and mails in a folder.

An edition that is being sent stays as it is, since every reader gets the same; what it says is taken out when it has ended. An older copy
of private.db or of the journal that was put back may hold anything: whoever takes the lock of sending compares it with what was taken down
(`catch_up`), of which the public database keeps salted hashes. private.db remembers what it was compared with, so that comparing costs
nothing as long as nothing else was taken down.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aggregator.app import App
from aggregator.digest.forgetting import Gone, covered, emptied, items_of, report_without, without
from aggregator.digest.journal import FILE
from aggregator.digest.journal_forgetting import editions_in, take_out
from aggregator.model import DeliveryState, Edition, EditionState, Issued
from aggregator.pipeline.takedown import Scope, Subject, told_name
from aggregator.publish.words import counted
from aggregator.run.mail_files import PREVIEWS, mails_naming, mails_of, mark_of, previews_naming
from aggregator.settings import SERVICES, Digest

# Name under which the private store remembers what it was compared with.
_COMPARED = "taken down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was taken out of the digest's records, and what was not."""

    # True: another process is sending, and only previews were looked at.
    locked: bool = False
    # Ids of editions that lost stories.
    editions: tuple[str, ...] = ()
    # How many stories they lost, each counted where it stood.
    stories: int = 0
    # Names under which stories were told.
    names: int = 0
    # Lines of journals that were written anew.
    lines: int = 0
    # Files that were removed.
    previews: tuple[str, ...] = ()
    mails: int = 0
    # Mails that stay in the folder: of editions that are being sent, or were when it was taken down.
    mails_kept: int = 0
    # Editions that are being sent and name it, as `digest cancel` takes them.
    sending: tuple[str, ...] = ()
    # Copies that were handed over, by the name of the edition's period.
    handed_over: Mapping[str, int] = field(default_factory=dict)
    # Campaigns at services that send: the service, and the name of the edition's period.
    campaigns: tuple[tuple[str, str], ...] = ()
    # Copies of private.db from before a migration, which are removed.
    copies: tuple[str, ...] = ()
    # False: the files of private.db hold bytes of it until nobody else reads them.
    wiped: bool = True


def told_of(app: App, gone: Gone) -> frozenset[Subject]:
    """What editions said of what goes, in a form that can be kept as a hash: an older copy of them must not bring it back.

    What is held back is composed anew, and is not remembered.
    """
    if not _has_private(app):
        return frozenset()
    editions = [one.edition for one in app.private.ledger.issued() if one.state is not EditionState.HELD]
    journal = _journal(app)
    if journal.exists():
        editions += editions_in(journal)
    pairs = {(one.id, item.story) for one in editions for item in covered(one, gone)}
    return frozenset(Subject(scope=Scope.TOLD, value=told_name(edition, story)) for edition, story in pairs)


def forget(app: App, gone: Gone) -> Forgotten:
    """Take what was taken down out of everything of the digest; nothing is made that is not there.

    Raises:
        StoreError: a file cannot be used; the sentence says what to do. Whoever sends next, or runs, does it.
    """
    previews = _previews(app, gone)
    if not _has_private(app):
        return Forgotten(previews=previews, mails=len(_remove(app, _mails(app, gone).going)))
    with app.private.exclusive() as held:
        if held:
            return replace(_forgotten(app, gone), previews=previews)
    return replace(_out_of_reach(app, _holding(app.private.ledger.issued(), gone)), locked=True, previews=previews)


def catch_up(app: App) -> tuple[str, ...]:
    """Take out what was taken down and is there still or again; whole sentences when there was something. The lock of sending is held."""
    if app.dry_run or not app.store.takedowns.hashes() or _compared(app):
        return ()
    gone = gone_of(app)
    previews = _previews(app, gone)
    return tuple(_said(replace(_forgotten(app, gone), previews=previews)))


def catch_up_alone(app: App) -> tuple[str, ...]:
    """The same for who does not hold the lock; nothing when another does: that one does it."""
    if app.dry_run or not app.store.takedowns.hashes() or not _has_private(app):
        return ()
    with app.private.exclusive() as held:
        return catch_up(app) if held else ()


def gone_of(app: App) -> Gone:
    """Everything that was taken down."""
    return Gone(refusals=app.refusals(), stories=frozenset(app.store.takedowns.tombstones()))


# -- the records


def _forgotten(app: App, gone: Gone) -> Forgotten:
    private, write = app.private, not app.dry_run
    issued = private.ledger.issued()
    holding = _holding(issued, gone)
    ended = [one for one in issued if one.state is not EditionState.SENDING]
    changed = [new for one in ended if (new := _changed(one, gone)) is not one]
    names = [name for name in private.forgetting.names() if gone.covers_name(name)]
    replies = [reply for reply in private.forgetting.replies() if gone.named_in(reply)]
    mails = _mails(app, gone, issued, holding)
    journals = [take_out(_journal(app), gone, settled=[one.edition.id for one in ended], write=write)]
    journals += [take_out(path, gone, settled=[one.id for one in editions_in(path)], write=write) for path in _aside(app)]
    if changed or names or replies:
        private.forgetting.forget(changed, names=names, replies=replies)
    copies = tuple(path.name for path in sorted(app.settings.state.glob("private.db.version-*")))
    wiped = private.forgetting.wipe() or app.dry_run
    removed = _remove(app, mails.going)
    waiting = {one.edition.id for one in holding if one.state is EditionState.SENDING}.union(*(one.waiting for one in journals))
    _remember(app, waiting, wiped=wiped)
    return replace(
        _out_of_reach(app, holding),
        editions=tuple(one.edition.id for one in changed),
        stories=sum(len(covered(one.edition, gone)) for one in holding if one.state is not EditionState.SENDING),
        names=len(names),
        lines=sum(one.lines for one in journals),
        mails=len(removed),
        mails_kept=mails.kept,
        copies=copies,
        wiped=wiped,
    )


def _holding(issued: Iterable[Issued], gone: Gone) -> tuple[Issued, ...]:
    return tuple(one for one in issued if covered(one.edition, gone))


def _changed(issued: Issued, gone: Gone) -> Issued:
    """An edition without what was taken down; itself when nothing of it is there."""
    edition = without(issued.edition, gone)
    report = report_without(issued.report, covered(issued.edition, gone), gone)
    return issued if edition is issued.edition and report == issued.report else replace(issued, edition=edition, report=report)


def _out_of_reach(app: App, holding: Iterable[Issued]) -> Forgotten:
    """What nobody can take out: what is being sent, and copies that were handed over."""
    ledger = app.private.ledger
    sending, copies, campaigns = [], {}, []
    for one in holding:
        name, counts = _name(app, one.edition), ledger.counts(one.edition.id)
        count = counts[DeliveryState.HANDED_OVER] + counts[DeliveryState.UNCERTAIN]
        rows = ledger.deliveries(one.edition.id) if one.recipients == 1 else ()
        if one.state is EditionState.SENDING:
            sending.append(name)
        if service := next((row.recipient for row in rows if row.recipient in SERVICES), ""):
            campaigns.append((service, name))
        elif count:
            copies[name] = count
    return Forgotten(sending=tuple(sending), handed_over=copies, campaigns=tuple(campaigns))


def _name(app: App, edition: Edition) -> str:
    """As the steward names an edition: by its period, where no other has the same."""
    same = sum(id.rpartition("/")[2] == edition.period.name for id, _hash in app.private.ledger.frozen())
    return edition.period.name if same == 1 else edition.id


# -- files


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mails:
    """Mails in the folder that name what was taken down."""

    going: tuple[Path, ...] = ()
    # How many stay.
    kept: int = 0


def _mails(app: App, gone: Gone, issued: Iterable[Issued] = (), holding: Sequence[Issued] = ()) -> _Mails:
    """Those of an edition that is being sent stay, and of one that was sent after the last takedown: they are the only copies that their
    readers get."""
    mails = mails_of((app.settings.digest or Digest(sender="")).folder)
    if not mails:
        return _Mails()
    last = next((one.at for one in app.store.takedowns.history(1)), None)
    kept = {mark_of(one.hash) for one in holding if one.hash and not _over(one, last)}
    marked = {mark_of(one.hash) for one in holding if one.hash and _over(one, last)}
    # What lost stories before may have left mails behind.
    clean = {mark_of(one.hash) for one in issued if one.hash and not any(item == emptied(item) for item in items_of(one.edition))}
    going = mails_naming(mails, gone, marked=marked, spared=kept | (clean - marked))
    return _Mails(going=going, kept=sum(len(mails.get(mark, ())) for mark in kept))


def _over(issued: Issued, last: datetime | None) -> bool:
    """Whether nobody waits for the mails of an edition: it was sent before the last takedown, or was stopped."""
    if issued.state is EditionState.SENT:
        return last is None or issued.at < last
    return issued.state is not EditionState.SENDING


def _has_private(app: App) -> bool:
    return (app.settings.state / "private.db").exists()


def _journal(app: App) -> Path:
    return app.settings.state / FILE


def _aside(app: App) -> list[Path]:
    """Journals that were put aside: nobody reads them any more."""
    return sorted(app.settings.state.glob(f"{FILE}.*"))


def _previews(app: App, gone: Gone) -> tuple[str, ...]:
    return _remove(app, previews_naming(app.settings.state / PREVIEWS, gone))


def _remove(app: App, files: Iterable[Path]) -> tuple[str, ...]:
    """The files; they are gone unless this is a dry run."""
    removed = tuple(files)
    for path in removed if not app.dry_run else ():
        path.unlink(missing_ok=True)
    return tuple(map(str, removed))


# -- what was compared


def _compared(app: App) -> bool:
    """Whether nothing was taken down since the records were compared, none was put back, and no edition has ended that had to be kept."""
    said: Mapping[str, Any] = json.loads(app.private.note(_COMPARED) or "{}")
    if said.get("with") != _print(app) or not said["wiped"]:
        return False
    waiting = set(said["waiting"])
    return not waiting or waiting <= {one.edition.id for one in app.private.ledger.sending()}


def _remember(app: App, waiting: Iterable[str], *, wiped: bool) -> None:
    said = {"with": _print(app), "waiting": sorted(waiting), "wiped": wiped}
    app.private.remember(_COMPARED, json.dumps(said))


def _print(app: App) -> str:
    """Stands for everything that was taken down, and for the journals that lie beside."""
    parts = (*sorted(app.store.takedowns.hashes()), *(path.name for path in _aside(app)))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _said(forgotten: Forgotten) -> Iterator[str]:
    if forgotten.editions or forgotten.names or forgotten.lines:
        count = len(forgotten.editions)
        what = counted(count, "edition of the digest", "editions of the digest")
        yield f"What was taken down was taken out of {what if count else 'the records of the digest'}, too."
    if forgotten.mails:
        yield f"{forgotten.mails} mails that hold it were removed from the folder."
    if forgotten.mails_kept and not forgotten.sending:
        yield f"{forgotten.mails_kept} mails in the folder hold it: delete them as soon as they have gone out."
