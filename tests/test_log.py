"""What the log says of people: nothing, whatever a message or a traceback carries."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import log

TOKEN = "aiaacacegikmoqsuwy246mu6ruukxvnoa463xa7e6htqk"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to stderr while the log is on; everything is as it was afterwards."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    logger, last = logging.getLogger("aggregator"), logging.lastResort
    assert last is not None
    before = logger.handlers[:], logger.level, logger.propagate, last.formatter
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    log.start(verbose=2, quiet=False)
    yield stream
    logger.handlers[:], logger.level, logger.propagate, last.formatter = before


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("To: ada@example.org\\r\\n", "To: …@…\\r\\n"),
        ("<ada.l+x@mail.example.co.uk>, b", "<…@…>, b"),
        ("address='ada@example.org', sender=", "address='…@…', sender="),
        ('"ada l."@example.org was refused', "…@… was refused"),
        ("ada@[192.0.2.1]", "…@…"),
        ("ada@intranet", "…@…"),
        ("mailto:ada%40example.org?x", "mailto:…@…?x"),
        ("ADA@EXAMPLE.ORG", "…@…"),
        ("jörg@bücher.example", "…@…"),
        ("ada＠example.org", "…@…"),
        ("550 5.1.1 <ada@example.org>: no such user", "550 5.1.1 <…@…>: no such user"),
    ],
)
def test_a_mailbox_is_taken_out(text: str, left: str) -> None:
    assert log.unaddressed(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "@ada@social.example",
        "https://social.example/@ada@other.example/1",
        "!crews@forum.example",
        "at 5 @ noon",
        "@",
        "https://x.example/@ada",
        "a @ b",
    ],
)
def test_what_is_public_stays(text: str) -> None:
    assert log.unaddressed(text) == text


@pytest.mark.parametrize("text", [f"/leave/{TOKEN}", f"=\\r\\n{TOKEN}=\\r\\n", f"digest+{TOKEN.upper()}@example.org"])
def test_a_token_is_taken_out(text: str) -> None:
    assert TOKEN not in log.unaddressed(text).lower()


@given(st.from_regex(r"[a-z0-9._+-]{1,20}@[a-z0-9-]{1,10}(\.[a-z]{2,5}){0,2}", fullmatch=True), st.sampled_from(" <>()[]{}\"',;:=/|\n\t"))
def test_no_mailbox_is_left_whatever_stands_around_it(mailbox: str, around: str) -> None:
    assert mailbox not in log.unaddressed(f"{around}{mailbox}{around}")


def test_the_log_masks_messages_arguments_and_tracebacks(said: io.StringIO) -> None:
    logger = logging.getLogger("aggregator.test")
    logger.info("handed %s over to %s", "ada@example.org", {"token": TOKEN})
    try:
        raise RuntimeError("broken with bob@example.net")
    except RuntimeError:
        logger.exception("a bug")
    text = said.getvalue()
    assert ("ada@" in text, "bob@" in text, TOKEN in text) == (False, False, False)
    assert ("handed …@… over" in text, "RuntimeError: broken with …@…" in text) == (True, True)


def test_libraries_and_threads_say_it_in_the_same_way(said: io.StringIO) -> None:
    logging.getLogger("some.package").warning("cannot reach ada@example.org")

    def ends() -> None:
        raise RuntimeError("broken with bob@example.net")

    thread = threading.Thread(target=ends, name="line-1")
    thread.start()
    thread.join()
    text = said.getvalue()
    assert ("ada@" in text, "bob@" in text) == (False, False)
    assert "a bug in the program, in the thread line-1:" in text
