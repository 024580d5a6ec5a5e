"""What of a bulk mail everybody may see: links without whom they were sent to, text without addresses, and where it stands on the web.

A mail is made for one reader, and its links often are: they count who opens them, let that reader leave, and show on the web a copy with
that reader's name. Such a link is unwrapped where its target stands in it, freed of what names the reader, or left out. Forms of senders as
seen in 2026-11 (Mailchimp, Substack, Buttondown, beehiiv, Kit, SendGrid and others).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from aggregator.text.html import soup
from aggregator.text.page_tree import bounded
from aggregator.text.urls import canonical, is_public_web

Anchor = tuple[str, str]
"""The words of a link and its address."""

# Only where a word begins: tried at each letter of a long one, it would take a minute for a mail.
_MAIL = re.compile(r"(?<![\w.+%'-])[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_WEB = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_BRACKETED = re.compile(r"<\s*(https?://[^<>\s]+)\s*>", re.IGNORECASE)
# Hosts that only count who follows, by their names or by one of their labels.
_COUNTING = re.compile(
    r"(?:\A|\.)(?:list-manage\.com|sendgrid\.net|mandrillapp\.com|mailgun\.(?:org|net|info)|mjt\.lu|sendib\w*\.com|hubspotlinks\.com|"
    r"hubspotemail\.net|rs6\.net|cmail\d*\.com|createsend\d*\.com|exacttarget\.com|mlsend\d*\.com|awstrack\.me|emltrk\.com|mailchimpapp\.com|"
    r"customeriomail\.com|convertkit-mail\d*\.com|kit-mail\d*\.com|klclick\d*\.com|mkt\d+\.com|acemlnb?\.com|activehosted\.com|"
    r"eomail\d*\.com|em\.secureserver\.net)\Z|\A(?:ab|e|em|email|mail)?\d*\.?(?:click|clicks|ablink|track|tracking|trk|lnk|links?)\d*\.",
    re.IGNORECASE,
)
# In a path or a query: what only this reader may do, or is counted by.
_PERSONAL = re.compile(
    r"unsub|opt-?out|(?:manage|update|edit|email|subscription|communication|newsletter)[-_]?(?:preferences?|subscriptions?|settings|profile)"
    r"|preference[-_]?cent|update[-_]?profile|/profile\?|forward[-_]to|disable_email|abmeld|abbestell|desinscri|desabonn|cancelar|/wf/(?:click|open)"
    r"|/ls/click|/ss/c/|/track/(?:click|open)|/redirect/[0-9a-f]{8}-|/c/eJ[\w-]+",
    re.IGNORECASE,
)
# Parameters that name a reader, on any host; and on Mailchimp's.
_READER = re.compile(
    r"(?:e?mail|email_?(?:id|address)|subscriber\w*|recipient\w*|contact_?id|member_?id|ss_email_id|token|jwt|sig|signature)\Z",
    re.IGNORECASE,
)
_MAILCHIMP = re.compile(r"(?:\A|\.)(?:mailchi\.mp|campaign-archive\d*\.com)\Z")
# Letters and figures mixed at random: longer than any word, and not the parts of a slug.
_RANDOM = re.compile(r"(?=[A-Za-z0-9_]*\d)(?=[A-Za-z0-9_]*[A-Za-z])[A-Za-z0-9_]{16,}={0,2}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_ON_THE_WEB = re.compile(
    r"(?:view|read|open|see|display)\b.{0,30}\b(?:browser|online|on the web|web version|webpage|in app)|web ?version|online version|"
    r"im browser (?:ansehen|öffnen|lesen|anzeigen)|online[- ](?:ansicht|version|lesen)|version (?:en ligne|web)|"
    r"(?:voir|lire|ouvrir|afficher)\b.{0,30}\b(?:navigateur|en ligne)|(?:ver|leer|abrir)\b.{0,30}\b(?:navegador|l[ií]nea|online)|"
    r"(?:bekijk|lees)\b.{0,30}\b(?:browser|online)|(?:visualizza|leggi|apri)\b.{0,30}\b(?:browser|online)",
    re.IGNORECASE,
)
_LONGEST_WORDS = 200


def anchors(html: str) -> tuple[Anchor, ...]:
    """The links of a mail in order, each with its words on one line."""
    found = soup(bounded(html)).find_all("a", href=True)
    return tuple((" ".join(one.get_text(" ").split())[:_LONGEST_WORDS], str(one["href"]).strip()) for one in found)


def public_link(address: str) -> str | None:
    """The address as anybody may have it: unwrapped, and without what names its reader; None for one that is made for a reader."""
    found = canonical(address).href
    try:
        parts = urlsplit(found)
        host = (parts.hostname or "").lower()
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return None
    if not is_public_web(found) or _COUNTING.search(host) or _PERSONAL.search(f"{parts.path}?{parts.query}"):
        return None
    kept = [(name, value) for name, value in pairs if not _names_reader(host, name, value)]
    if len(kept) == len(pairs):
        return found
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), parts.fragment))


def public_links(addresses: Iterable[str]) -> tuple[str, ...]:
    """Those of some addresses that anybody may have, each once, in their order."""
    return tuple(dict.fromkeys(found for one in addresses if (found := public_link(one))))


def public_text(text: str) -> str:
    """A text without mail addresses, and without links that are made for its reader."""
    shown = _WEB.sub(lambda found: public_link(found[0].rstrip(".,;:!?)")) or "…", text)
    return _MAIL.sub("…", shown)


def web_copy(headers: Iterable[str], links: Iterable[Anchor], *, subject: str) -> str | None:
    """Where a mail stands on the web for everybody; None: it does not say.

    Args:
        headers: Archived-At (RFC 5064), and List-Post and List-Archive, where senders such as Substack write the issue's own address.
        links: of its body; one counts that says so ("View in your browser"), or whose words are the mail's subject.
    """
    for value in headers:
        if (found := _BRACKETED.search(value) or _WEB.search(value)) and (address := public_link(found[found.lastindex or 0])):
            return address
    title = subject.casefold()
    for words, address in links:
        said = _ON_THE_WEB.search(words) or (title and words.casefold() == title)
        if said and (copy := public_link(address)) and not _is_secret(copy):
            return copy
    return None


def by_id(template: str, message_id: str) -> str:
    """The address of a message in an archive that knows it by its Message-ID."""
    return template.replace("{id}", quote(message_id, safe="@"))


def written_links(text: str) -> Iterator[str]:
    """The addresses that stand in a plain text."""
    return (found[0].rstrip(".,;:!?)") for found in _WEB.finditer(text))


def _names_reader(host: str, name: str, value: str) -> bool:
    if _MAILCHIMP.search(host):
        return name not in ("u", "id")
    return _READER.match(name) is not None or "@" in unquote(value) or (len(value) >= 40 and _RANDOM.search(value) is not None)


def _is_secret(address: str) -> bool:
    """Whether the page is found by a random name alone, so that it may be one reader's. Of Mailchimp `u` and `id` are the sender's."""
    parts = urlsplit(address)
    return not _MAILCHIMP.search(parts.hostname or "") and _RANDOM.search(f"{parts.path}?{parts.query}") is not None
