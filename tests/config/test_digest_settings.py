"""The part of sources.yaml that is about the digest: what is understood, and what is said about what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.commands.setup import understood
from aggregator.commands.starting import template
from aggregator.digest_forms import secrets_wanted
from aggregator.errors import ConfigError
from aggregator.settings import Digest, Mailbox, Serve, Settings, Smtp
from tests.config.test_config import LEAST, given, wrong

SITED = LEAST.replace("  title: Discussing crews\n", "  title: Discussing crews\n  url: https://crews.example/\n")
SMTP = """\
digest:
  from: Crew news <digest@crews.example>
  through: smtp
  smtp: {host: mail.crews.example, user: digest}
  serve: {url: https://crews.example/mail}
"""


def digest(folder: Path, text: str) -> Digest:
    found = given(folder, SITED + text).digest
    assert found is not None
    return found


def problems(folder: Path, text: str, *, whole: str = SITED) -> list[tuple[str, str]]:
    return [(key, message) for _, key, message in wrong(folder, whole + text)]


def test_without_the_key_there_is_no_digest(tmp_path: Path) -> None:
    assert given(tmp_path, LEAST).digest is None


def test_an_address_is_enough_and_mails_become_files_in_the_state_folder(tmp_path: Path) -> None:
    found = digest(tmp_path, "digest: {from: digest@crews.example}\n")
    assert (found.sender, found.through, found.folder) == ("digest@crews.example", "folder", tmp_path / "state" / "mail")
    assert (found.least, found.most, found.quiet, found.grace) == (5, 15, "skip", timedelta(days=1))
    assert dict(found.rhythms) == {"weekly": "0 8 * * mon"}


def test_everything_about_the_server_can_be_said(tmp_path: Path) -> None:
    text = SMTP.replace("user: digest", "user: digest, port: 465, security: tls, connections: 4, per_second: 2.5, per_connection: 20")
    expected = Smtp(host="mail.crews.example", port=465, security="tls", user="digest", connections=4, per_second=2.5, per_connection=20)
    assert digest(tmp_path, text).smtp == expected


def test_the_address_of_the_server_for_readers_gets_its_final_slash(tmp_path: Path) -> None:
    assert digest(tmp_path, SMTP).serve == Serve(url="https://crews.example/mail/")


def test_a_mailbox_alone_is_a_way_to_leave(tmp_path: Path) -> None:
    text = SMTP.replace("serve: {url: https://crews.example/mail}", "mailbox: {address: digest@crews.example, host: imap.crews.example}")
    assert digest(tmp_path, text).mailbox == Mailbox(address="digest@crews.example", host="imap.crews.example")


def test_several_rhythms_keep_their_order(tmp_path: Path) -> None:
    text = 'digest:\n  from: d@crews.example\n  rhythms: {monthly: "0 8 1 * *", weekly: "30 7 * * fri"}\n'
    assert list(digest(tmp_path, text).rhythms.items()) == [("monthly", "0 8 1 * *"), ("weekly", "30 7 * * fri")]


@pytest.mark.parametrize(
    "written", ["digest", "a@b", "x <a@example.org>, y@example.org", "dïgest@example.org", '"a@example.org\\r\\nBcc: b@example.org"']
)
def test_a_sender_that_is_no_mailbox_is_refused_with_an_example(tmp_path: Path, written: str) -> None:
    ((key, message),) = problems(tmp_path, f"digest: {{from: {written if written.startswith(chr(34)) else repr(written)}}}\n")
    assert key == "digest.from"
    assert message.endswith('Write it like digest@example.org, or "Crew news <digest@example.org>".')


def test_a_mailbox_must_leave_room_for_a_sign(tmp_path: Path) -> None:
    text = "digest:\n  from: d@crews.example\n  mailbox: {address: digest-of-all-our-crews@crews.example, host: h}\n"
    ((key, message),) = problems(tmp_path, text)
    assert key == "digest.mailbox.address"
    assert message.endswith("Take one with at most 18 characters before the @, since 46 more are put behind them.")


def test_a_cron_expression_that_never_fires_is_refused(tmp_path: Path) -> None:
    for expression in ("0 8 * *", "weekly", "61 8 * * mon", "0 0 31 feb *"):
        ((key, message),) = problems(tmp_path, f'digest: {{from: d@crews.example, rhythms: {{weekly: "{expression}"}}}}\n')
        assert key == "digest.rhythms.weekly"
        assert 'as in "0 8 * * mon"' in message


@pytest.mark.parametrize("host", ["smtp://mail.example.org", "mail.example.org:587", "abc:25", "mail.example.org/", "two words", "-a", ""])
def test_a_host_is_a_name_alone(tmp_path: Path, host: str) -> None:
    ((key, _),) = problems(tmp_path, SMTP.replace("host: mail.crews.example", f"host: {host!r}"))
    assert key == "digest.smtp.host"


@pytest.mark.parametrize("host", ["mail.example.org", "localhost", "mail_server", "127.0.0.1", "::1", "b\u00fccher.example"])
def test_a_host_may_be_a_name_or_a_number(tmp_path: Path, host: str) -> None:
    made = digest(tmp_path, SMTP.replace("host: mail.crews.example", f"host: {host!r}")).smtp
    assert made is not None
    assert made.host == host


def test_links_that_sign_people_off_are_not_sent_in_the_clear(tmp_path: Path) -> None:
    ((key, message),) = problems(tmp_path, SMTP.replace("https://crews.example/mail", "http://crews.example/mail"))
    assert (key, "https" in message) == ("digest.serve.url", True)
    assert digest(tmp_path, SMTP.replace("https://crews.example/mail", "http://127.0.0.1:8025/")).serve


def test_a_digest_that_nobody_could_leave_is_refused(tmp_path: Path) -> None:
    ((key, message),) = problems(tmp_path, SMTP.replace("  serve: {url: https://crews.example/mail}\n", ""))
    assert (key, message) == ("digest", "has neither 'serve' nor 'mailbox', so that nobody could leave. Add one of them.")


def test_mails_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    ((key, message),) = problems(tmp_path, SMTP, whole=LEAST)
    assert (key, message) == ("digest", "needs the address of the page: each mail leads there. Write it in site.url.")


def test_a_way_without_its_settings_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, "digest: {from: d@crews.example, through: listmonk}\n")
    assert found == [("digest.listmonk", "'through' says listmonk, and there is no 'listmonk'. Add it.")]


def test_a_least_above_the_most_is_refused(tmp_path: Path) -> None:
    assert [key for key, _ in problems(tmp_path, "digest: {from: d@crews.example, least: 9, most: 8}\n")] == ["digest.least"]


def test_passwords_come_from_the_environment_and_never_show(tmp_path: Path) -> None:
    settings: Settings = given(tmp_path, SITED + SMTP, AGGREGATOR_SMTP_PASSWORD="hunter2secret")
    assert settings.secrets["AGGREGATOR_SMTP_PASSWORD"].reveal() == "hunter2secret"
    assert "hunter2secret" not in repr(settings)


def test_a_password_in_the_file_is_an_unknown_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        given(tmp_path, SITED + SMTP.replace("user: digest", "user: digest, password: hunter2secret"))
    assert [problem.key for problem in caught.value.problems] == ["digest.smtp.password"]
    assert "hunter2secret" not in str(caught.value)


def test_the_name_of_a_rhythm_is_fit_for_an_address(tmp_path: Path) -> None:
    text = 'digest: {from: d@crews.example, rhythms: {"../weekly": "0 8 * * mon"}}\n'
    assert [key for key, _ in problems(tmp_path, text)] == ["digest.rhythms.../weekly"]


def test_check_says_when_the_digest_is_due_and_what_is_missing(tmp_path: Path) -> None:
    settings = given(tmp_path, SITED + SMTP)
    said = [line for line in understood(settings) if line.startswith("Digest")]
    assert said[0].startswith("Digest, weekly: next on Monday ")
    assert said[0].endswith(" at 08:00 (UTC), handed to your mail server.")
    assert said[1] == "Digest: AGGREGATOR_SMTP_PASSWORD is not set. Put the password of the mail server there."


def test_the_block_that_init_writes_is_right_when_it_is_taken(tmp_path: Path) -> None:
    written = template("crews").partition("# digest:\n")
    block = "digest:\n" + "".join(line.removeprefix("# ") for line in written[2].splitlines(keepends=True))
    settings = given(tmp_path, written[0] + block)
    assert settings.digest
    assert (settings.digest.sender, settings.digest.through) == ("Crew news <digest@example.org>", "folder")


def test_a_password_is_wanted_only_where_something_is_handed_over(tmp_path: Path) -> None:
    made = digest(tmp_path, SMTP)
    wanted = {way: secrets_wanted(replace(made, through=way)) for way in ("smtp", "folder", "listmonk", "buttondown")}
    assert wanted == {
        "smtp": ("AGGREGATOR_SMTP_PASSWORD",),
        "folder": (),
        "listmonk": ("AGGREGATOR_SMTP_PASSWORD", "LISTMONK_TOKEN"),
        "buttondown": ("AGGREGATOR_SMTP_PASSWORD", "BUTTONDOWN_API_KEY"),
    }
