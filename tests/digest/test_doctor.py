"""`doctor mail`: what the DNS says is judged as the large providers do, and what to set is said letter for letter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.digest import dns as door
from aggregator.digest.dns import Resolver
from aggregator.digest.doctor import Check, Diagnosis, Record, Standing
from aggregator.digest.doctor_checks import diagnose
from aggregator.digest.spf_merging import UNKNOWN
from aggregator.settings import Buttondown, Digest, Listmonk, Mailbox, Serve, Smtp
from tests.support.dns import Dns
from tests.support.drafts import GOOD_KEY, settings_for, whole_digest

ZONE = {
    "example.org": {"TXT": ["v=spf1 a:mail.example.org -all"], "MX": ["10 mail.example.org"]},
    "mail.example.org": {"A": ["192.0.2.1"]},
    "1.2.0.192.in-addr.arpa": {"PTR": ["mail.example.org"]},
    "key._domainkey.example.org": {"TXT": [GOOD_KEY]},
    "_dmarc.example.org": {"TXT": ["v=DMARC1; p=none; rua=mailto:dmarc@example.org"]},
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dns]:
    monkeypatch.setattr(door, "_ONE", 0.3)
    monkeypatch.setattr(door, "_ALL", 0.6)
    with Dns(ZONE) as running:
        yield running


def seen(server: Dns, digest: Digest | None = None, *, readers: int | None = 120) -> Diagnosis:
    return diagnose(settings_for(digest or whole_digest()), Resolver(server.server), readers=readers)


def check(server: Dns, rule: str, digest: Digest | None = None) -> Check:
    return next(one for one in seen(server, digest).checks if one.rule == rule)


def value(found: Check) -> str:
    (record,) = found.records
    return record.value


def test_a_domain_that_has_everything_meets_every_rule(server: Dns) -> None:
    found = seen(server)
    assert {one.rule: one.standing for one in found.checks if one.standing is not Standing.MET} == {"complaints": Standing.ELSEWHERE}
    assert found.missing == ()
    assert not any(one.records for one in found.checks)


def test_a_domain_that_has_nothing_is_told_what_to_set(server: Dns) -> None:
    for name in ("example.org", "key._domainkey.example.org", "_dmarc.example.org"):
        server.zone[name] = {"MX": ["10 mail.example.org"]}
    found = seen(server)
    assert {one.rule for one in found.checks if one.standing is Standing.MISSING} == {"spf", "dkim", "dmarc", "alignment"} - {
        "alignment"
    } | {"alignment"}
    assert [record for one in found.checks for record in one.records] == [
        Record(name="example.org", kind="TXT", value="v=spf1 a:mail.example.org ~all"),
        Record(name="_dmarc.example.org", kind="TXT", value="v=DMARC1; p=none; rua=mailto:digest@example.org"),
    ]
    text = found.text()
    assert "  Name   _dmarc.example.org\n  Type   TXT\n  Value  v=DMARC1; p=none; rua=mailto:digest@example.org" in text
    assert "key._domainkey.example.org" in text


@pytest.mark.parametrize(
    ("records", "host", "standing", "wanted"),
    [
        (["v=spf1 mx -all"], "smtp.gmail.com", Standing.MISSING, "v=spf1 mx include:_spf.google.com -all"),
        (
            ["v=spf1 mx -all", "v=spf1 ip4:192.0.2.0/24 ~all"],
            "mail.example.org",
            Standing.MISSING,
            "v=spf1 mx ip4:192.0.2.0/24 a:mail.example.org -all",
        ),
        (["v=spf1 mx +all"], "mail.example.org", Standing.MISSING, "v=spf1 mx a:mail.example.org ~all"),
        (["v=spf1 mx ?all"], "mail.example.org", Standing.MET, "v=spf1 mx a:mail.example.org ~all"),
        (["v=spf1 mx"], "mail.example.org", Standing.MET, "v=spf1 mx a:mail.example.org ~all"),
        (["v=spf1 mx ipv4:192.0.2.1 -all"], "mail.example.org", Standing.MISSING, "v=spf1 mx a:mail.example.org -all"),
        ([], "smtp.relay.example", Standing.MISSING, f"v=spf1 {UNKNOWN} ~all"),
        ([], "192.0.2.7", Standing.MISSING, "v=spf1 ip4:192.0.2.7 ~all"),
    ],
)
def test_an_spf_record_is_merged_with_the_one_that_is_there(
    server: Dns, records: list[str], host: str, standing: Standing, wanted: str
) -> None:
    server.zone["example.org"] = {"TXT": records}
    found = check(server, "spf", whole_digest(smtp=Smtp(host=host)))
    assert (found.standing, value(found)) == (standing, wanted)
    assert sorted(found.records[0].instead_of) == sorted(records)
    assert ("NAME-FROM-YOUR-PROVIDER" in found.sentence) == (UNKNOWN in wanted)


def test_a_relay_that_is_named_already_is_good(server: Dns) -> None:
    server.zone["example.org"] = {"TXT": ["v=spf1 include:_spf.google.com ~all"]}
    server.zone["_spf.google.com"] = {"TXT": ["v=spf1 ip4:192.0.2.0/24 ~all"]}
    found = check(server, "spf", whole_digest(smtp=Smtp(host="smtp.gmail.com")))
    assert (found.standing, found.records) == (Standing.MET, ())


def test_too_many_look_ups_and_includes_of_nothing_are_told(server: Dns) -> None:
    server.zone["example.org"] = {"TXT": ["v=spf1 include:gone.example -all"]}
    assert "gone.example" in check(server, "spf").sentence
    server.zone["example.org"] = {"TXT": ["v=spf1 " + " ".join(f"a:h{number}.example.org" for number in range(11)) + " -all"]}
    assert "11 times" in check(server, "spf").sentence


@pytest.mark.parametrize(
    ("text", "standing", "words"),
    [
        ("v=DKIM1; p=", Standing.MISSING, "was withdrawn"),
        ("v=DKIM1; p=###", Standing.MISSING, "cannot be read"),
        ("v=DKIM1; p=" + "A" * 124, Standing.MISSING, "shorter than 1024"),
        ("v=DKIM1; p=" + "A" * 216, Standing.MET, "2048 bits are better"),
        ("v=DKIM1; t=y; p=" + "A" * 392, Standing.MET, "t=y"),
        ("v=DKIM1; k=ed25519; p=" + "A" * 43 + "=", Standing.MET, "good"),
        ("google-site-verification=x", Standing.MISSING, "There is no key"),
    ],
)
def test_a_key_is_judged(server: Dns, text: str, standing: Standing, words: str) -> None:
    server.zone["key._domainkey.example.org"] = {"TXT": [text]}
    found = check(server, "dkim")
    assert (found.standing, words in found.sentence) == (standing, True)


def test_a_key_whose_name_is_not_known_cannot_be_looked_up(server: Dns) -> None:
    found = check(server, "dkim", whole_digest(dkim_selector=""))
    assert (found.standing, "SELECTOR._domainkey.example.org" in found.sentence) == (Standing.UNKNOWN, True)


@pytest.mark.parametrize(
    ("texts", "standing", "words"),
    [
        (["v=DMARC1; p=reject"], Standing.MET, "Nobody gets its reports"),
        (["v=DMARC1; p=quarantine; rua=mailto:d@example.org"], Standing.MET, "p=quarantine"),
        (["v=DMARC1; p=nothing"], Standing.MISSING, "no valid policy"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], Standing.MISSING, "2 records"),
        (["v=spf1 -all"], Standing.MISSING, "has no policy"),
    ],
)
def test_a_policy_is_judged(server: Dns, texts: list[str], standing: Standing, words: str) -> None:
    server.zone["_dmarc.example.org"] = {"TXT": texts}
    found = check(server, "dmarc")
    assert (found.standing, words in found.sentence, found.bulk_only) == (standing, True, True)


def test_mail_that_comes_back_to_another_domain_needs_a_signature(server: Dns) -> None:
    elsewhere = Mailbox(address="digest@elsewhere.example", host="imap.example.org")
    server.zone["elsewhere.example"] = {"TXT": ["v=spf1 a:mail.example.org -all"]}
    server.zone["key._domainkey.example.org"] = {"TXT": []}
    found = check(server, "alignment", whole_digest(mailbox=elsewhere))
    assert (found.standing, found.bulk_only, found.holds) == (Standing.MISSING, True, True)
    below = Mailbox(address="digest@bounces.example.org", host="imap.example.org")
    server.zone["bounces.example.org"] = server.zone["elsewhere.example"]
    assert check(server, "alignment", whole_digest(mailbox=below)).standing is Standing.MET
    server.zone["_dmarc.example.org"] = {"TXT": ["v=DMARC1; p=none; aspf=s"]}
    assert check(server, "alignment", whole_digest(mailbox=below)).standing is Standing.MISSING


def test_a_dns_that_is_silent_makes_nothing_missing(server: Dns) -> None:
    server.broken.update(("example.org", "_dmarc.example.org", "key._domainkey.example.org", "mail.example.org"))
    found = seen(server)
    unknown = {one.rule for one in found.checks if one.standing is Standing.UNKNOWN}
    assert unknown == {"spf", "dkim", "dmarc", "alignment", "reverse-dns", "answers"}
    assert found.missing == ()


@pytest.mark.parametrize("names", [[], ["other.example"], ["forged.example"]])
def test_a_server_of_ours_needs_a_name_that_leads_back(server: Dns, names: list[str]) -> None:
    server.zone["forged.example"] = {"A": ["192.0.2.99"]}
    server.zone["1.2.0.192.in-addr.arpa"] = {"PTR": names}
    found = check(server, "reverse-dns")
    assert (found.standing, "192.0.2.1 has no name" in found.sentence) == (Standing.MISSING, True)


@pytest.mark.parametrize(
    ("host", "standing"), [("smtp.relay.example", Standing.ELSEWHERE), ("127.0.0.1", Standing.UNKNOWN), ("localhost", Standing.UNKNOWN)]
)
def test_the_name_of_a_relay_is_the_relays_affair(server: Dns, host: str, standing: Standing) -> None:
    assert check(server, "reverse-dns", whole_digest(smtp=Smtp(host=host))).standing is standing


@pytest.mark.parametrize(
    ("security", "host", "standing"),
    [("none", "mail.example.org", Standing.MISSING), ("none", "127.0.0.1", Standing.MET), ("tls", "mail.example.org", Standing.MET)],
)
def test_mail_in_the_clear_is_told(server: Dns, security: str, host: str, standing: Standing) -> None:
    assert check(server, "tls", whole_digest(smtp=Smtp(host=host, security=security))).standing is standing


def test_one_click_needs_a_page_and_counts_for_bulk_senders(server: Dns) -> None:
    by_mail = whole_digest(serve=None)
    assert check(server, "one-click", by_mail).standing is Standing.MISSING
    assert seen(server, by_mail, readers=4_999).missing == ()
    assert [one.rule for one in seen(server, by_mail, readers=5_000).missing] == ["one-click"]
    insecure = whole_digest(serve=Serve(url="http://127.0.0.1:8025/"))
    assert check(server, "one-click", insecure).standing is Standing.MISSING


def test_what_would_hold_an_edition_back_is_missing_however_few_get_it(server: Dns) -> None:
    server.zone["_dmarc.example.org"] = {}
    assert [one.rule for one in seen(server, readers=3).missing] == ["dmarc"]
    assert seen(server, whole_digest(through="folder"), readers=3).missing == ()


def test_an_address_of_everybody_cannot_send(server: Dns) -> None:
    found = check(server, "own-domain", whole_digest(sender="crews@gmail.com"))
    assert found.standing is Standing.MISSING


@pytest.mark.parametrize(("mx", "standing"), [(["0 ."], Standing.MISSING), (["10 mail.example.org"], Standing.MET)])
def test_answers_must_reach_somebody(server: Dns, mx: list[str], standing: Standing) -> None:
    server.zone["example.org"] = {**ZONE["example.org"], "MX": mx}
    assert check(server, "answers").standing is standing


def test_what_listmonk_does_is_its_affair_and_the_domain_is_ours(server: Dns) -> None:
    digest = whole_digest(
        through="listmonk", smtp=None, serve=None, mailbox=None, listmonk=Listmonk(url="https://x.example/", user="a", lists=(1,))
    )
    found = {one.rule: one.standing for one in seen(server, digest, readers=None).checks}
    assert {rule for rule, standing in found.items() if standing is Standing.ELSEWHERE} == {
        "one-click",
        "tls",
        "reverse-dns",
        "format",
        "complaints",
    }
    assert found["spf"] is found["dkim"] is found["dmarc"] is Standing.MET


def test_what_buttondown_does_is_its_affair(server: Dns) -> None:
    digest = whole_digest(through="buttondown", smtp=None, serve=None, mailbox=None, buttondown=Buttondown())
    found = seen(server, digest, readers=None)
    assert found.missing == ()
    assert server.asked == []
    assert "BUTTONDOWN_API_KEY" in found.text()


def test_what_the_configuration_lacks_is_told(server: Dns) -> None:
    bare = replace(whole_digest(), serve=None, mailbox=None, dkim_selector="", smtp=Smtp(host="mail.example.org", user="digest"))
    text = " ".join(seen(server, bare).lacks)
    for key in ("digest.mailbox", "digest.serve", "digest.postal", "digest.dkim_selector", "AGGREGATOR_SMTP_PASSWORD"):
        assert key in text
    assert check(server, "leave", bare).standing is Standing.MISSING


def test_the_plain_form_is_json(server: Dns) -> None:
    server.zone["_dmarc.example.org"] = {}
    plain = json.loads(json.dumps(seen(server).plain()))
    found = next(one for one in plain["checks"] if one["rule"] == "dmarc")
    assert (plain["met"], plain["bulk"], found["standing"], found["holds_back"]) == (False, False, "missing", True)
    assert found["records"][0]["name"] == "_dmarc.example.org"


def test_the_command_says_what_to_set_and_exits_by_it(server: Dns, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from aggregator.cli import main

    config = tmp_path / "sources.yaml"
    config.write_text(
        "site: {title: Discussing, url: https://example.org/discussing/}\n"
        "topics: {crews: {title: Crews, any_of: [crews]}}\n"
        "sources: [{id: feed, platform: feed, url: https://example.org/feed}]\n"
        "digest: {from: digest@example.org, through: smtp, smtp: {host: mail.example.org}, dkim_selector: key,\n"
        f"  serve: {{url: https://news.example.org/}}, resolver: '{server.server}'}}\n"
    )
    arguments = ["doctor", "mail", "--config", str(config), "--state", str(tmp_path / "state")]
    assert main(arguments) == 0
    assert "All rules that can be seen from here are met." in capsys.readouterr().out
    server.zone["example.org"] = {"TXT": []}
    assert main(arguments) == 6
    assert "v=spf1 a:mail.example.org ~all" in capsys.readouterr().out
    assert main([*arguments, "--json"]) == 6
    assert json.loads(capsys.readouterr().out)["met"] is False


def test_without_a_digest_there_is_nothing_to_look_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from aggregator.cli import main

    config = tmp_path / "sources.yaml"
    config.write_text(
        "site: {title: Discussing}\ntopics: {crews: {title: Crews, any_of: [crews]}}\n"
        "sources: [{id: feed, platform: feed, url: https://example.org/feed}]\n"
    )
    assert main(["doctor", "mail", "--config", str(config)]) == 3
    assert "has no digest" in capsys.readouterr().err
