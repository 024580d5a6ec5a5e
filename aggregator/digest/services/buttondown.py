"""Buttondown sends the edition: as an email of our own HTML, to all its subscribers.

Source: buttondown/docs, content/pages/api-*.mdoc, naked-mode.mdoc, templating.mdoc and public/openapi.json (API version 2026-04-01, read
2026-11-22). "naked" sends the HTML without Buttondown's own around it; Buttondown makes the plain text itself. An email is made as a draft
and then changed to "about_to_send", which needs no header of confirmation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from aggregator.digest.doors import Doors
from aggregator.digest.mailers import Reply
from aggregator.digest.services import CHANGE_DOOR, LEAVE_DOOR, escaping, handing
from aggregator.digest.services.handing import Found, Refused
from aggregator.fetch.api import Api
from aggregator.model import Edition, Rendered
from aggregator.settings import Buttondown, Secret

if TYPE_CHECKING:
    from aggregator.fetch.client import Client

VERSION = "2026-04-01"
PLACES: Mapping[str, str] = {LEAVE_DOOR: "{{ unsubscribe_url }}", CHANGE_DOOR: "{{ manage_subscription_url }}"}
_KEY = "aggregator_edition"
_WAITING = frozenset({"draft"})
_GONE = frozenset({"deleted"})
# Pages of emails that are looked through, the newest first: some years of weekly ones.
_MOST_PAGES = 20


class ButtondownService:
    """`Service` over Buttondown's API."""

    name, recipient = "Buttondown", "buttondown"
    variable = "BUTTONDOWN_API_KEY"
    rights = "write emails and send them"
    place = "digest.buttondown.url"

    def __init__(self, client: Client, settings: Buttondown, secret: Secret) -> None:
        base = settings.url if settings.url.endswith("/") else settings.url + "/"
        self._api = Api(client=client, base=f"{base}v1/", secret=secret, form="Token {}", headers={"X-API-Version": VERSION})

    @property
    def live(self) -> bool:
        return self._api.live

    def doors(self) -> Doors:
        return Doors(leave=LEAVE_DOOR, change=CHANGE_DOOR)

    def hand_over(self, edition: Edition, rendered: Rendered, begin: Callable[[], None]) -> Reply:
        return handing.hand_over(self, edition, rendered, begin)

    def seek(self, edition: str) -> bool | None:
        return handing.seek(self, edition)

    def find(self, edition: str) -> Found | None:
        """Of several emails with the edition's id the one that was sent, if one was."""
        found: list[Found] = []
        for page in range(1, _MOST_PAGES + 1):
            params = {"ordering": "-creation_date", "excluded_fields": "body", "page": str(page)}
            value = handing.asked(self._api, "GET", "emails", params=params)
            rows = value.get("results")
            if not isinstance(rows, list):
                raise Refused("its reply is none of Buttondown's", status=200)
            for row in rows:
                if (row.get("metadata") or {}).get(_KEY) == edition and row.get("status") not in _GONE:
                    found.append(Found(id=str(row["id"]), sent=row.get("status") not in _WAITING))
            if not value.get("next") or any(one.sent for one in found):
                break
        return max(found, key=lambda one: one.sent, default=None)

    def draft(self, edition: Edition, rendered: Rendered, there: Found | None) -> str:
        email = {
            "subject": escaping.apart(edition.subject),
            "body": escaping.html(rendered.html, PLACES),
            "template": "naked",
            "metadata": {_KEY: edition.id},
        }
        if there is not None:
            handing.asked(self._api, "PATCH", f"emails/{there.id}", json=email)
            return there.id
        made = handing.asked(self._api, "POST", "emails", json={**email, "status": "draft"})
        if made.get("status") != "draft":
            raise Refused("it made something else than a draft", status=200)
        return str(made["id"])

    def start(self, id: str) -> None:
        handing.asked(self._api, "PATCH", f"emails/{id}", json={"status": "about_to_send"})
