"""listmonk and Buttondown over real HTTP: an edition is handed over once, whatever breaks, and nothing in it is read as a template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.digest.doors import LEAVE_MARK
from aggregator.digest.lint import Draft, lint
from aggregator.digest.mailers import Fate
from aggregator.digest.rendering import render
from aggregator.digest.services import CHANGE_DOOR, LEAVE_DOOR, Service, service_of
from aggregator.errors import DeliveryError
from aggregator.fetch.auth import Sessions
from aggregator.fetch.client import Client
from aggregator.fetch.recording import Recorder, Replay
from aggregator.model import Edition, Rendered
from aggregator.publish.render import Templates
from aggregator.settings import Buttondown, Fetch, Listmonk, Secret, Settings, Site
from tests.support.buttondown import FakeButtondown
from tests.support.editions import digest_of, edition, item
from tests.support.listmonk import FakeListmonk, filled, reply
from tests.support.server import Asked, Script, Server

NOW = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
FETCH = Fetch(
    allow_networks=("127.0.0.0/8",),
    connect_timeout=timedelta(seconds=1),
    read_timeout=timedelta(seconds=1),
    total_timeout=timedelta(seconds=2),
)
TOKENS = {"listmonk": "listmonk-token-1", "buttondown": "buttondown-key-1"}
DROPPED = Script(raw=b"")
TEMPLATES = Templates([Path(__file__).parents[2] / "templates"])


@dataclass
class Begun:
    """How often handing over had begun."""

    times: int = 0

    def __call__(self) -> None:
        self.times += 1


@dataclass(frozen=True)
class Case:
    """One service, its fake, and an edition for it."""

    name: str
    server: Server
    fake: FakeListmonk | FakeButtondown
    service: Service
    settings: Settings
    # True for the request that has the edition sent.
    starts: Callable[[Asked], bool]

    def rendered(self, given: Edition) -> Rendered:
        return render(given, self.settings, self.service.doors(), TEMPLATES)

    def hand_over(self, given: Edition | None = None, begin: Begun | None = None) -> Fate:
        given = given or edition()
        return self.service.hand_over(given, self.rendered(given), begin or Begun()).fate


def starts_listmonk(asked: Asked) -> bool:
    return asked.method == "PUT" and asked.path.endswith("/status")


def starts_buttondown(asked: Asked) -> bool:
    return asked.method == "PATCH" and b"about_to_send" in asked.body


def settings_of(name: str, url: str, secret: str) -> Settings:
    digest = digest_of(
        through=name,
        listmonk=Listmonk(url=url, user="aggregator", lists=(1, 2)) if name == "listmonk" else None,
        buttondown=Buttondown(url=url) if name == "buttondown" else None,
    )
    variable = {"listmonk": "LISTMONK_TOKEN", "buttondown": "BUTTONDOWN_API_KEY"}[name]
    site = Site(title="Discussing", url="https://example.org/discussing/")
    return Settings(
        file=Path("sources.yaml"), site=site, topics=(), sources=(), digest=digest, fetch=FETCH, secrets={variable: Secret(secret)}
    )


@pytest.fixture
def clients() -> Iterator[Callable[..., Client]]:
    opened: list[Client] = []

    def open_one(**given: object) -> Client:
        opened.append(Client(settings=FETCH, version="1.2", clock=lambda: NOW, sessions=Sessions(None), **given))  # type: ignore[arg-type]  # arguments of Client, as a test names them
        return opened[-1]

    yield open_one
    for client in opened:
        client.close()


@pytest.fixture(params=["listmonk", "buttondown"])
def case(request: pytest.FixtureRequest, clients: Callable[..., Client]) -> Iterator[Case]:
    with Server() as server:
        yield case_of(request.param, server, clients)


def case_of(name: str, server: Server, clients: Callable[..., Client], *, secret: str = "", **given: object) -> Case:
    settings = settings_of(name, server.url("/"), secret or TOKENS[name])
    fake = FakeListmonk(server) if name == "listmonk" else FakeButtondown(server)
    service = service_of(settings, lambda: clients(**given))
    assert service is not None
    starts = starts_listmonk if name == "listmonk" else starts_buttondown
    return Case(name=name, server=server, fake=fake, service=service, settings=settings, starts=starts)


def once(condition: Callable[[Asked], bool], script: Script) -> Callable[[Asked], Script | None]:
    left = [script]
    return lambda asked: left.pop() if left and condition(asked) else None


def test_an_edition_is_handed_over_and_sent_once(case: Case) -> None:
    begun = Begun()
    assert case.hand_over(begin=begun) is Fate.ACCEPTED
    assert len(case.fake.sent) == begun.times == 1
    assert case.service.seek(edition().id) is True


def test_what_was_handed_over_is_not_handed_over_again(case: Case) -> None:
    case.hand_over()
    begun = Begun()
    assert case.hand_over(begin=begun) is Fate.ACCEPTED
    assert (len(case.fake.sent), begun.times) == (1, 0)


def test_another_edition_is_another_one(case: Case) -> None:
    case.hand_over()
    assert case.service.seek("crews/weekly/2026-W48") is False
    assert case.hand_over(edition(id="crews/weekly/2026-W48")) is Fate.ACCEPTED
    assert len(case.fake.sent) == 2


def test_readers_leave_and_change_by_the_services_own_addresses(case: Case) -> None:
    case.hand_over()
    sent = case.fake.campaigns[1] if isinstance(case.fake, FakeListmonk) else case.fake.emails[0]
    leave = "{{ UnsubscribeURL }}" if case.name == "listmonk" else "{{ unsubscribe_url }}"
    assert f'href="{leave}"' in sent["body"]
    assert LEAVE_MARK not in str(sent)


def test_an_edition_for_a_service_has_a_door_to_the_linter(case: Case) -> None:
    given = edition()
    draft = Draft(settings=case.settings, edition=given, rendered=case.rendered(given), now=NOW)
    assert lint(draft).text() == ""


def test_a_draft_left_by_a_crash_is_gone_on_with(case: Case) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    given = edition()
    with pytest.raises(Killed):
        case.service.hand_over(given, case.rendered(given), die)
    assert case.service.seek(given.id) is False
    assert case.hand_over() is Fate.ACCEPTED
    made = case.fake.campaigns if isinstance(case.fake, FakeListmonk) else case.fake.emails
    assert (len(made), len(case.fake.sent)) == (1, 1)


def test_a_connection_that_drops_once_it_was_sent_is_asked_about(case: Case) -> None:
    case.fake.after = once(case.starts, DROPPED)
    assert case.hand_over() is Fate.ACCEPTED
    assert len(case.fake.sent) == 1


def test_a_connection_that_drops_before_anything_was_done_is_uncertain(case: Case) -> None:
    case.fake.before = once(case.starts, DROPPED)
    assert case.hand_over() is Fate.UNCERTAIN
    assert case.service.seek(edition().id) is False
    assert case.hand_over() is Fate.ACCEPTED
    assert len(case.fake.sent) == 1


def test_silence_after_it_was_told_to_send_is_uncertain(case: Case) -> None:
    down = once(case.starts, DROPPED)
    gone: list[bool] = []

    def silent(asked: Asked) -> Script | None:
        if gone or down(asked) is not None:
            gone.append(True)
            return DROPPED
        return None

    case.fake.before = silent
    assert case.hand_over() is Fate.UNCERTAIN
    assert case.service.seek(edition().id) is None


def test_a_slow_service_is_not_waited_for_longer_than_configured(case: Case) -> None:
    case.fake.before = once(case.starts, Script(status=200, delay=1.5))
    assert case.hand_over() is Fate.UNCERTAIN


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_service_in_trouble_is_asked_again_later(case: Case, status: int) -> None:
    begun = Begun()
    case.fake.before = lambda asked: reply({"message": "trouble"}, status)
    assert case.hand_over(begin=begun) is Fate.LATER
    assert begun.times == 0


def test_a_service_that_asked_for_rest_gets_it(case: Case) -> None:
    case.fake.before = once(lambda asked: True, reply({"message": "too many requests"}, 429))
    assert [case.hand_over(), case.hand_over()] == [Fate.LATER, Fate.LATER]
    assert len(case.server.asked) == 1


@pytest.mark.parametrize(("status", "fate"), [(500, Fate.LATER), (503, Fate.LATER), (502, Fate.UNCERTAIN), (504, Fate.UNCERTAIN)])
def test_trouble_when_it_is_told_to_send(case: Case, status: int, fate: Fate) -> None:
    case.fake.before = once(case.starts, reply({"message": "trouble"}, status))
    assert case.hand_over() is fate
    assert case.fake.sent == []


def test_trouble_that_was_only_said_is_none(case: Case) -> None:
    case.fake.after = once(case.starts, reply({"message": "trouble"}, 500))
    assert case.hand_over() is Fate.ACCEPTED
    assert len(case.fake.sent) == 1


def test_what_the_account_may_not_do_yet_is_tried_again(case: Case) -> None:
    case.fake.before = once(case.starts, reply({"message": "confirm your address first"}, 400))
    assert [case.hand_over(), case.hand_over()] == [Fate.LATER, Fate.ACCEPTED]
    assert len(case.fake.sent) == 1


@pytest.mark.parametrize("name", ["listmonk", "buttondown"])
def test_a_wrong_key_is_told_with_its_variable_and_nothing_of_itself(name: str, clients: Callable[..., Client]) -> None:
    with Server() as server:
        case = case_of(name, server, clients, secret="a-wrong-key-of-ours")
        begun = Begun()
        with pytest.raises(DeliveryError, match=r"LISTMONK_TOKEN|BUTTONDOWN_API_KEY") as raised:
            case.hand_over(begin=begun)
    assert "a-wrong-key-of-ours" not in str(raised.value)
    assert begun.times == 0


def test_a_key_that_may_write_and_not_send_loses_nothing(case: Case) -> None:
    case.fake.before = once(case.starts, reply({"message": "permission denied: campaigns:send"}, 403))
    assert case.hand_over() is Fate.LATER
    assert case.hand_over() is Fate.ACCEPTED
    assert len(case.fake.sent) == 1


@pytest.mark.parametrize("name", ["listmonk", "buttondown"])
def test_a_service_that_is_not_there_is_told(name: str, clients: Callable[..., Client]) -> None:
    with Server() as server:
        case = case_of(name, server, clients)
    with pytest.raises(DeliveryError, match=f"digest.{name}.url"):
        case.hand_over()
    assert case.service.seek(edition().id) is None


def test_a_private_address_is_not_asked_unless_it_was_opened(case: Case, clients: Callable[..., Client]) -> None:
    closed = Client(settings=Fetch(), version="1.2", clock=lambda: NOW, sessions=Sessions(None))
    service = service_of(case.settings, lambda: closed)
    assert service is not None
    given = edition()
    with pytest.raises(DeliveryError, match="allow_networks"):
        service.hand_over(given, case.rendered(given), Begun())
    closed.close()
    assert case.server.asked == []


def test_what_is_no_reply_of_such_a_service_is_told(case: Case) -> None:
    case.fake.before = lambda asked: Script(body=b"<html>Welcome to the router</html>")
    with pytest.raises(DeliveryError, match="none of such a service"):
        case.hand_over()


def test_a_redirect_is_not_followed_with_the_edition(case: Case) -> None:
    case.fake.before = once(lambda asked: asked.method == "POST", Script.redirect("http://127.0.0.1:1/"))
    with pytest.raises(DeliveryError, match="url"):
        case.hand_over()


@pytest.mark.parametrize("name", ["listmonk", "buttondown"])
def test_a_service_may_live_below_a_path(name: str, clients: Callable[..., Client]) -> None:
    with Server() as server:
        service = service_of(settings_of(name, server.url("/below/it"), TOKENS[name]), clients)
        assert service is not None
        assert service.seek("crews/weekly/2026-W48") is None
        (asked,) = server.asked
    assert asked.path.startswith(("/below/it/api/campaigns?", "/below/it/v1/emails?"))


def test_a_list_that_the_user_may_not_use_is_told_before_anything_is_sent(clients: Callable[..., Client]) -> None:
    with Server() as server:
        case = case_of("listmonk", server, clients)
        case.fake._lists = (1,)  # type: ignore[union-attr]  # it is the fake of listmonk
        with pytest.raises(DeliveryError, match="no list 2"):
            case.hand_over()
        assert case.fake.sent == []


def test_a_listmonk_that_would_add_a_tracker_is_told(clients: Callable[..., Client]) -> None:
    with Server() as server:
        case = case_of("listmonk", server, clients)
        old = {"data": {"id": 1, "content_type": "richtext", "lists": [{"id": 1}, {"id": 2}]}}
        case.fake.before = once(lambda asked: asked.method == "POST", reply(old))
        with pytest.raises(DeliveryError, match="older than version 5"):
            case.hand_over()
        assert case.fake.sent == []


def test_an_email_is_found_on_a_later_page(clients: Callable[..., Client]) -> None:
    with Server() as server:
        case = case_of("buttondown", server, clients)
        case.hand_over()
        for number in range(5):
            case.hand_over(edition(id=f"crews/weekly/2027-W0{number}"))
        assert case.service.seek(edition().id) is True


def test_of_two_emails_about_an_edition_the_one_that_was_sent_counts(clients: Callable[..., Client]) -> None:
    with Server() as server:
        case = case_of("buttondown", server, clients)
        case.hand_over()
        assert isinstance(case.fake, FakeButtondown)
        case.fake.emails.append({**case.fake.emails[0], "id": "em_2", "status": "draft"})
        assert case.service.seek(edition().id) is True
        assert case.hand_over() is Fate.ACCEPTED
        assert case.fake.sent == ["em_1"]


def test_a_recording_is_not_told_to_send(case: Case, clients: Callable[..., Client], tmp_path: Path) -> None:
    path = tmp_path / "run.har"
    recorder = Recorder(path, version="1.2", secrets=(Secret(TOKENS[case.name]),))
    with Server() as server:
        recorded = case_of(case.name, server, clients, recorder=recorder)
        assert recorded.hand_over() is Fate.ACCEPTED
        recorder.close()
    assert TOKENS[case.name] not in path.read_text()
    service = service_of(recorded.settings, lambda: clients(replay=Replay(path)))
    assert service is not None
    with pytest.raises(DeliveryError, match="--replay"):
        service.hand_over(edition(), recorded.rendered(edition()), Begun())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"message": "Invalid {{ body }} of ada@example.org"}, "Invalid body of …@… (status 400)"),
        ({"detail": "No such newsletter."}, "No such newsletter. (status 400)"),
        ({"detail": [{"msg": "Extra inputs"}, {"msg": "Too long"}]}, "Extra inputs; Too long (status 400)"),
        ([], "status 400"),
    ],
)
def test_what_a_service_says_of_a_refusal_is_told_without_addresses(case: Case, value: object, words: str) -> None:
    case.fake.before = lambda asked: reply(value, 400)
    with pytest.raises(DeliveryError, match=re.escape(f"{case.service.name}: {words}; look at it in {case.service.name}")):
        case.hand_over()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "trouble (status 500)"),
        (401, "set "),
        (404, "url is right"),
        (301, "url is right"),
        (403, "to a key that may"),
        (400, "put right"),
    ],
)
def test_what_to_do_is_said_with_each_answer(case: Case, status: int, words: str) -> None:
    case.fake.before = once(case.starts, reply({"message": "trouble"}, status))
    given = edition()
    said = case.service.hand_over(given, case.rendered(given), Begun())
    assert words in said.text


def test_a_service_that_wants_rest_when_it_is_told_to_send_gets_it(case: Case) -> None:
    case.fake.before = once(case.starts, reply({"message": "too many requests"}, 429))
    assert case.hand_over() is Fate.LATER


def test_only_the_placeholders_are_templates_in_what_is_sent(case: Case) -> None:
    given = edition([item("{{ .Subscriber.Email }} {% debug %} {# x #}", "https://blog.example.org/{{a}}"), *edition().items])
    case.hand_over(given)
    sent = case.fake.campaigns[1] if isinstance(case.fake, FakeListmonk) else case.fake.emails[0]
    left = re.findall(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", sent["body"])
    assert set(left) <= {"{{ UnsubscribeURL }}", "{{ ManageURL }}", "{{ unsubscribe_url }}", "{{ manage_subscription_url }}"}
    if case.name == "listmonk":
        text = filled(sent["altbody"])
        assert text == case.rendered(given).text.replace(LEAVE_DOOR, "<UnsubscribeURL>").replace(CHANGE_DOOR, "<ManageURL>")
