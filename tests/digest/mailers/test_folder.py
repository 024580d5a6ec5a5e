"""Mails as files: whole or not at all, for their owner's eyes, and each once however often it is handed over."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.digest.mailers import Fate, Mail
from aggregator.digest.mailers.folder import FolderMailer
from aggregator.errors import DeliveryError
from tests.digest.mailers.handing import Began, mail


def handed(folder: Path, *mails: Mail) -> list[Fate]:
    with FolderMailer(folder).line() as line:
        return [line.hand_over(one, Began()).fate for one in mails]


def test_a_mail_handed_over_again_is_one_file(tmp_path: Path) -> None:
    assert handed(tmp_path, mail(), mail()) == [Fate.ACCEPTED, Fate.ACCEPTED]
    assert [path.name for path in tmp_path.iterdir()] == ["aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa-1.eml"]


def test_the_same_copy_with_other_tokens_takes_the_place_of_the_first(tmp_path: Path) -> None:
    fresh = mail(body=b"With a link that a new key has signed.\r\n")
    handed(tmp_path, mail(), fresh)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [fresh.content]


def test_two_editions_to_one_recipient_are_two_files(tmp_path: Path) -> None:
    handed(tmp_path, mail(number=1), mail(number=2))
    assert len(list(tmp_path.iterdir())) == 2


def test_folder_and_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        handed(tmp_path / "mail", mail())
    finally:
        os.umask(mask)
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "mail", *(tmp_path / "mail").iterdir())] == [0o700, 0o600]


def test_what_was_cut_off_while_it_was_written_is_no_mail_and_is_written_anew(tmp_path: Path) -> None:
    beside = tmp_path / ".aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa-1.eml.new"
    beside.write_bytes(b"To: a")
    beside.chmod(0o644)
    assert list(tmp_path.glob("*.eml")) == []
    handed(tmp_path, mail())
    assert [(path.read_bytes(), path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [(mail().content, 0o600)]


def test_no_id_leads_out_of_the_folder(tmp_path: Path) -> None:
    odd = replace(mail(), recipient="../../x", message_id="../y/z@example.org")
    handed(tmp_path / "mail", odd)
    assert [path.name for path in (tmp_path / "mail").iterdir()] == ["-x.-y-z.eml"]
    assert list(tmp_path.iterdir()) == [tmp_path / "mail"]


def test_a_folder_that_cannot_be_written_to_is_the_fault_of_no_recipient(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")
    with FolderMailer(tmp_path / "mail").line() as line, pytest.raises(DeliveryError, match="and send again") as raised:
        line.hand_over(mail(), began := Began())
    assert began.count == 0
    assert "@" not in str(raised.value)
