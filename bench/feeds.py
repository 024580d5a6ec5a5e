"""A thousand feeds as they are in the wild: RSS and Atom, about 20 entries and 70 kB each, a few of which mention the topic.

The same seed gives the same bytes. In the second phase 5 % of the feeds have changed and hold about two new entries each.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

WORDS = (
    "people group work time circle small community meeting practice care question story trust share learn money power city garden food "
    "house network world change listen open hand local long year week friend reader paper river light early often begin build keep"
).split()
START = datetime(2026, 1, 1, tzinfo=UTC)
TOPIC = "microsolidarity"


def feed(number: int, *, phase: int) -> bytes:
    """One feed; odd numbers are Atom, even ones RSS."""
    luck = random.Random(number)
    count = luck.randint(14, 26)
    fresh = 2 if phase == 2 and changes(number) else 0
    entries = [_entry(number, at, luck) for at in range(count)] + [
        _entry(number, count + at, random.Random(number * 97 + at)) for at in range(fresh)
    ]
    return (_atom if number % 2 else _rss)(number, entries[::-1])


def changes(number: int) -> bool:
    """Whether a feed has changed in the second phase."""
    return number % 20 == 7


def etag(number: int, *, phase: int) -> str:
    """The validator of a feed."""
    return f'"{number}-{2 if phase == 2 and changes(number) else 1}"'


def _entry(number: int, at: int, luck: random.Random) -> tuple[str, str, datetime, str]:
    title = " ".join(luck.choices(WORDS, k=7)).capitalize()
    paragraphs = ["<p>" + " ".join(luck.choices(WORDS, k=90)).capitalize() + ".</p>" for _ in range(5)]
    if luck.random() < 0.01:
        paragraphs[2] = f"<p>And then there is {TOPIC}, which some call a practice.</p>"
    body = "".join(paragraphs) + f'<p><a href="https://example.org/{number}/{at}?utm_source=feed">Read more</a></p>'
    return f"https://blog{number}.example.org/{at}", title, START + timedelta(hours=number % 24, days=at), body


def _rss(number: int, entries: list[tuple[str, str, datetime, str]]) -> bytes:
    items = "".join(
        f"<item><title>{title}</title><link>{link}</link><guid isPermaLink='true'>{link}</guid><pubDate>{format_datetime(at)}</pubDate>"
        f"<dc:creator>Ana</dc:creator><category>{WORDS[number % 40]}</category><description>{body[3:200].partition('<')[0]}</description>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded></item>"
        for link, title, at, body in entries
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Blog {number}</title>'
        f"<link>https://blog{number}.example.org/</link><description>A blog</description>{items}</channel></rss>"
    ).encode()


def _atom(number: int, entries: list[tuple[str, str, datetime, str]]) -> bytes:
    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    items = "".join(
        f"<entry><id>tag:blog{number}.example.org,2026:{link[-3:]}{link}</id><title>{title}</title><link rel='alternate' href='{link}'/>"
        f"<published>{at.isoformat()}</published><updated>{at.isoformat()}</updated><author><name>Ana</name></author>"
        f"<content type='html'>{escaped(body)}</content></entry>"
        for link, title, at, body in entries
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>tag:blog{number}.example.org,2026:feed</id>'
        f"<title>Blog {number}</title><updated>{START.isoformat()}</updated>{items}</feed>"
    ).encode()
