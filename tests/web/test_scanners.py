"""What guards mailboxes opens every link of every mail, and even draws the pages: nobody is confirmed by that, and nobody leaves."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from typing import Any

from aggregator.digest.doors import doors
from aggregator.digest.letters import letter
from aggregator.digest.mailers import Mail
from aggregator.digest.mime import blank, message_id
from aggregator.digest.rendering import render
from aggregator.model import Subscriber, SubscriberState
from aggregator.publish.render import Templates
from tests.support.browser import NEEDS_CHROMIUM, Visit, chromium
from tests.support.editions import edition
from tests.support.reception import Reception
from tests.support.site import TEMPLATES

_LINK = re.compile(r"https?://[^\s<>\"')]+")
# What scanners add to an address, or make of it.
ENDINGS = ("", "?utm_source=scan", "?x=%00&y=%ff", "/", "?List-Unsubscribe=One-Click")


def edition_mail(desk: Reception, reader: Subscriber) -> Mail:
    """The copy of one reader."""
    digest = desk.settings.digest
    assert digest is not None
    one, salt = edition(), desk.private.keys.salt()
    rendered = render(one, desk.settings, doors(digest), Templates((TEMPLATES,)))
    frozen = blank(one, rendered, desk.settings, hash="0" * 64, at=datetime(2026, 11, 23, 8, tzinfo=UTC))
    own = message_id(one.id, reader.id, salt=salt, sender=digest.sender)
    return frozen.mail(reader.id, reader.address, own, desk.membership.tokens)


def confirmation(desk: Reception, asker: Subscriber) -> Mail:
    return letter(asker, desk.settings, desk.membership.tokens, salt=desk.private.keys.salt(), at=desk.watch.now)


def links_of(mail: Mail) -> set[str]:
    """Every link in header and body, as a scanner reads them."""
    message = message_from_bytes(mail.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    texts = [str(value) for value in message.values()]
    texts += [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return {unescape(link) for text in texts for link in _LINK.findall(text)}


def doors_of(desk: Reception, *mails: Mail) -> set[str]:
    """The links that lead to the server."""
    return {link for mail in mails for link in links_of(mail) if link.startswith(desk.url)}


def everything(desk: Reception) -> list[str]:
    """Every row of private.db."""
    with sqlite3.connect(desk.settings.state / "private.db") as connection:
        rows = list(connection.iterdump())
    connection.close()
    return rows


def mailed(desk: Reception) -> tuple[Subscriber, Subscriber, set[str]]:
    """A reader and somebody who asked, and the links in the mails to both."""
    reader, asker = desk.person("reader@example.org"), desk.person("asker@example.org", SubscriberState.PENDING)
    links = doors_of(desk, edition_mail(desk, reader), confirmation(desk, asker))
    expected = {desk.url + desk.path(what, reader) for what in ("leave", "change")} | {desk.url + desk.path("confirm", asker)}
    assert expected <= links
    return reader, asker, links


def test_opening_every_link_changes_nothing(desk: Reception) -> None:
    _, _, links = mailed(desk)
    before = everything(desk)
    seen: set[str] = set()
    waiting = [link + ending for link in links for ending in ENDINGS]
    while waiting:
        link = waiting.pop()
        seen.add(link)
        for method in ("HEAD", "GET", "OPTIONS", "GET"):
            headers = {
                "User-Agent": "Mozilla/5.0 (scan)",
                "Purpose": "prefetch",
                "Sec-Purpose": "prefetch;prerender",
                "Sec-Fetch-Site": "none",
            }
            answer = desk.session.request(method, link, headers=headers, allow_redirects=True, timeout=20)
            assert answer.status_code in (200, 404, 405)
            found = {desk.url.removesuffix("/digest/") + path for path in re.findall(r'(?:href|action)="(/[^"]*)"', answer.text)}
            waiting += [one for one in found if one not in seen and one not in waiting]
    assert len(seen) > len(links)
    assert everything(desk) == before


@NEEDS_CHROMIUM[0]
@NEEDS_CHROMIUM[1]
def test_drawing_every_page_with_scripts_changes_nothing_and_its_button_does(desk: Reception) -> None:
    reader, asker, links = mailed(desk)
    before = everything(desk)
    with chromium() as browser:
        for link in sorted(links):
            look_at(browser, link)
        assert everything(desk) == before
        for what, person, told in (("confirm", asker, "You are subscribed"), ("leave", reader, "You have left")):
            with Visit(browser, desk.url + desk.path(what, person), java_script_enabled=False) as visit:
                visit.page.get_by_role("button").first.click()
                visit.page.wait_for_selector(f"h1:has-text('{told}')")
    states = [desk.private.subscribers.one(person.id) for person in (asker, reader)]
    assert [found.state for found in states if found] == [SubscriberState.ACTIVE, SubscriberState.LEFT]


def look_at(browser: Any, link: str) -> None:
    """Draw the page as a scanner does that wants to see what it does: with scripts, its policy set aside, whatever it names loaded."""
    with Visit(browser, link, bypass_csp=True) as visit:
        page = visit.page
        page.wait_for_load_state("networkidle")
        page.evaluate("""async () => {
            for (const rel of ['prefetch', 'prerender', 'preload', 'dns-prefetch'])
                for (const one of document.querySelectorAll('[href],[action]'))
                    document.head.append(Object.assign(document.createElement('link'),
                        { rel, as: 'fetch', href: one.action || one.href }));
            for (const one of document.querySelectorAll('form'))
                for (const method of ['GET', 'HEAD']) await fetch(one.action, { method });
            dispatchEvent(new Event('scroll')); dispatchEvent(new MouseEvent('mousemove'));
        }""")
        page.mouse.move(100, 200)
        for button in page.get_by_role("button").all():
            button.hover()
            button.focus()
        page.reload()
        page.screenshot()
