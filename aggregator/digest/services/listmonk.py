"""listmonk sends the edition: as a campaign of our own HTML, to the lists that are configured.

Source: knadh/listmonk, docs/docs/content/apis/campaigns.md and templating.md, cmd/campaigns.go, queries/campaigns.sql (version 6, read
2026-11-22). Only a campaign of the type "visual", which listmonk has since version 5, is sent as it is; every other one is put inside a
template of listmonk's, which tracks who opened it. Lists that do not exist, or that the user may not use, are left out without a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aggregator.digest.doors import Doors
from aggregator.digest.mailers import Reply
from aggregator.digest.services import CHANGE_DOOR, LEAVE_DOOR, escaping, handing
from aggregator.digest.services.handing import Found, Refused
from aggregator.fetch.api import Api
from aggregator.model import Edition, Rendered
from aggregator.settings import Listmonk, Secret

if TYPE_CHECKING:
    from aggregator.fetch.client import Client

PLACES: Mapping[str, str] = {LEAVE_DOOR: "{{ UnsubscribeURL }}", CHANGE_DOOR: "{{ ManageURL }}"}
_WAITING = frozenset({"draft"})


class ListmonkService:
    """`Service` over listmonk's API."""

    name = recipient = "listmonk"
    variable = "LISTMONK_TOKEN"
    rights = "get, manage and send campaigns of these lists"
    place = "digest.listmonk.url"

    def __init__(self, client: Client, settings: Listmonk, secret: Secret, *, sender: str) -> None:
        """`sender`: the mailbox that the edition comes from."""
        base = settings.url if settings.url.endswith("/") else settings.url + "/"
        # RFC 9110 §11.6.2: the scheme is listmonk's own.
        form = f"token {settings.user.replace('{', '{{').replace('}', '}}')}:{{}}"
        self._api = Api(client=client, base=base, secret=secret, form=form)
        self._lists = settings.lists
        self._sender = sender

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
        """Of several campaigns with the edition's tag the one that was sent, if one was."""
        value = handing.asked(self._api, "GET", "api/campaigns", params={"tag": tag_of(edition), "per_page": "100", "no_body": "true"})
        rows = _member(value, "data").get("results") or []
        found = [
            Found(id=str(row["id"]), sent=row.get("status") not in _WAITING) for row in rows if tag_of(edition) in (row.get("tags") or ())
        ]
        return max(found, key=lambda one: one.sent, default=None)

    def draft(self, edition: Edition, rendered: Rendered, there: Found | None) -> str:
        campaign = self._campaign(edition, rendered)
        if there is None:
            value = handing.asked(self._api, "POST", "api/campaigns", json=campaign)
        else:
            value = handing.asked(self._api, "PUT", f"api/campaigns/{there.id}", json=campaign)
        made = _member(value, "data")
        if made.get("content_type") != "visual":
            raise Refused("it is older than version 5, and would put its own template around the mail; renew it", status=400)
        missing = sorted(set(self._lists) - {row.get("id") for row in made.get("lists") or ()})
        if missing:
            raise Refused(f"it has no list {', '.join(map(str, missing))} that this user may use (digest.listmonk.lists)", status=400)
        return str(made["id"])

    def start(self, id: str) -> None:
        handing.asked(self._api, "PUT", f"api/campaigns/{id}/status", json={"status": "running"})

    def _campaign(self, edition: Edition, rendered: Rendered) -> Mapping[str, object]:
        return {
            "name": f"{edition.title}: {edition.id}",
            "subject": escaping.go_line(edition.subject),
            "lists": list(self._lists),
            "from_email": self._sender,
            "type": "regular",
            "content_type": "visual",
            "body": escaping.html(rendered.html, PLACES),
            "altbody": escaping.go_text(rendered.text, PLACES),
            "messenger": "email",
            "tags": ["aggregator", tag_of(edition.id)],
            "headers": [{"Precedence": "bulk"}, {"Auto-Submitted": "auto-generated"}],
        }


def tag_of(edition: str) -> str:
    """The tag that an edition is found by. A tag of listmonk's has at most 100 characters, and no spaces."""
    return f"edition-{hashlib.sha256(edition.encode()).hexdigest()[:32]}"


def _member(value: Any, name: str) -> Any:
    member = value.get(name)
    if not isinstance(member, dict):
        raise Refused("its reply is none of listmonk's", status=200)
    return member
