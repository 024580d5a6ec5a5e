"""What a takedown's receipt says of the digest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aggregator.publish.words import counted, listed

if TYPE_CHECKING:
    from aggregator.run.forgetting import Forgotten


def mail_told(mail: Forgotten, *, dry_run: bool) -> Iterator[str]:
    """What was taken out of the records of the digest, in lines; none when nothing of it was there."""
    if mail.locked:
        yield (
            "Another process is sending the digest, whose records nobody else may change meanwhile: what they hold of it is taken out when "
            "that process ends, or by the next `aggregator run` or `aggregator digest send`."
        )
    removed = (
        (mail.stories, "story in its editions", "stories in its editions"),
        (mail.names, "name under which a story was told", "names under which stories were told"),
        (mail.lines, "line of the journal of outgoing mail", "lines of the journal of outgoing mail"),
        (len(mail.previews), "file of a preview", "files of previews"),
        (mail.mails, "mail in the folder", "mails in the folder"),
        (len(mail.copies), "copy of private.db from before a migration", "copies of private.db from before a migration"),
    )
    parts = [counted(count, one, many) for count, one, many in removed if count]
    if parts:
        yield f"{'Would remove' if dry_run else 'Removed'} from the digest: {listed(parts)}"
    if mail.mails_kept:
        yield f"Kept in the folder: {mail.mails_kept} mails that hold it, as their readers get no other; delete them by hand if need be."
    for name in mail.sending:
        yield (
            f"{name} is being sent and holds it, and each reader gets the same: `aggregator digest cancel {name}` stops it. What is kept "
            "of it is taken out by itself when it has ended."
        )
    if not mail.wiped and not dry_run:
        yield (
            "The files of private.db hold bytes of it still, because another program reads them or a server keeps them; the next run "
            "writes them over."
        )


def mail_beyond(mail: Forgotten) -> Iterator[str]:
    """What of the digest cannot be reached."""
    for name, count in mail.handed_over.items():
        yield f"  {counted(count, 'mail')} of {name}, which {'was' if count == 1 else 'were'} handed over"
    for service, name in mail.campaigns:
        yield f"  {service} keeps its copy of {name}, also on its own pages: delete it there"
