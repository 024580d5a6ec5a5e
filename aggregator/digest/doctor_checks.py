"""The rules of `doctor mail`, one by one; see doctor.py for where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Protocol

from aggregator.digest import encoding
from aggregator.digest.doctor import GOOGLE_AND_YAHOO, Check, Diagnosis, Provider, Record, Standing
from aggregator.digest.domain import Domain, Silent, look_up
from aggregator.digest.domain import Resolver as AsksTxt
from aggregator.digest.lint_domain import envelope_domain, spf_aligned, usable
from aggregator.digest.records import MOST_LOOKUPS, dkim, spf
from aggregator.digest.spf_merging import UNKNOWN, mechanism, merged
from aggregator.digest_forms import secrets_wanted
from aggregator.settings import Digest, Settings

# Domains of everybody: their policies let nobody but themselves send in their name.
_OF_EVERYBODY = frozenset(
    "gmail.com googlemail.com yahoo.com ymail.com aol.com outlook.com hotmail.com live.com msn.com icloud.com me.com gmx.de gmx.net web.de"
    " proton.me protonmail.com".split()
)


class Resolver(AsksTxt, Protocol):
    """Who asks the DNS; `dns.Resolver` is it. Each method raises `Silent` when no answer came."""

    def mx(self, name: str) -> tuple[str, ...]: ...

    def addresses(self, name: str) -> tuple[str, ...]: ...

    def names(self, address: str) -> tuple[str, ...]: ...


def diagnose(settings: Settings, resolver: Resolver, *, readers: int | None) -> Diagnosis:
    """How the configured way of sending stands.

    Args:
        readers: active subscribers; None: a service keeps them.
    """
    digest = settings.digest
    assert digest is not None, "there is nothing to look at without a digest"
    name = encoding.domain(digest.sender).lower()
    if digest.through == "buttondown":
        checks = tuple(_at_buttondown())
    else:
        domain = look_up(resolver, name, returns=envelope_domain(digest), selector=digest.dkim_selector)
        checks = tuple(_all(digest, domain, resolver))
    return Diagnosis(through=digest.through, domain=name, readers=readers, checks=checks, lacks=tuple(_lacks(settings, digest)))


def _all(digest: Digest, domain: Domain, resolver: Resolver) -> Iterator[Check]:
    yield _own_domain(domain)
    yield _spf(digest, domain)
    yield _dkim(digest, domain)
    yield _dmarc(digest, domain)
    yield _alignment(digest, domain)
    yield _one_click(digest)
    yield _leave(digest)
    yield _tls(digest)
    yield _reverse(digest, domain, resolver)
    yield _answers(digest, resolver)
    yield _form(digest)
    yield _complaints()


def _own_domain(domain: Domain) -> Check:
    if domain.name in _OF_EVERYBODY:
        say = f"{domain.name} lets nobody but itself send in its name. Write an address of a domain of your own in digest.from."
        return Check(rule="own-domain", title="Own domain", standing=Standing.MISSING, sentence=say)
    return Check(rule="own-domain", title="Own domain", standing=Standing.MET, sentence=f"{domain.name} is none that everybody uses.")


def _spf(digest: Digest, domain: Domain) -> Check:
    owner = envelope_domain(digest)
    needed = mechanism(digest.smtp.host, owner) if digest.through == "smtp" and digest.smtp else UNKNOWN

    def check(standing: Standing, say: str, *, value: str = "") -> Check:
        hint = " Your provider's help says which name belongs in the place of NAME-FROM-YOUR-PROVIDER." if UNKNOWN in value else ""
        records = (Record(name=owner, kind="TXT", value=value, instead_of=domain.spf or ()),) if value else ()
        return Check(rule="spf", title="SPF", standing=standing, sentence=say + hint, records=records)

    if domain.spf is None:
        return check(Standing.UNKNOWN, f"The DNS did not answer about {owner}. Ask again later.")
    if not domain.spf:
        say = f"{owner} does not say which servers may send in its name. Set the record below."
        return check(Standing.MISSING, say, value=merged((), needed))
    if len(domain.spf) > 1:
        say = f"{owner} has {len(domain.spf)} SPF records, and with more than one none counts. Put one in their place."
        return check(Standing.MISSING, say, value=merged(domain.spf, "" if needed == UNKNOWN else needed))
    return _the_one(domain, owner, needed, check)


def _the_one(domain: Domain, owner: str, needed: str, check: Callable[..., Check]) -> Check:
    assert domain.spf, "the caller saw one"
    record = domain.spf[0]
    read = spf(record)
    known = "" if needed == UNKNOWN else needed
    if read.broken:
        say = f"The SPF record of {owner} has words that are none ({', '.join(read.broken)}), so that it counts for nothing. Put it right."
        return check(Standing.MISSING, say, value=merged(domain.spf, known))
    if read.end in ("+all", "?all", ""):
        say = f"The SPF record of {owner} ends with {read.end or 'nothing'}: it keeps nobody from sending in its name. End it with ~all."
        standing = Standing.MISSING if read.end == "+all" else Standing.MET
        return check(standing, say, value=merged(domain.spf, known))
    if domain.spf_lookups > MOST_LOOKUPS:
        say = f"It asks the DNS {domain.spf_lookups} times, and {MOST_LOOKUPS} is the most. Take out what you left: {record}"
        return check(Standing.MISSING, say)
    if domain.spf_missing:
        say = f"It includes {', '.join(domain.spf_missing)}, where there is no record; it counts for nothing. Take that out: {record}"
        return check(Standing.MISSING, say)
    if known and known.startswith("include:") and known not in record.lower():
        say = f"The SPF record of {owner} does not name your relay. Put the one below in its place."
        return check(Standing.MISSING, say, value=merged(domain.spf, known))
    unsure = "" if known else " Whether it names who sends for you cannot be seen from here."
    return check(Standing.MET, f"{owner} has one record that is good, with {domain.spf_lookups} of {MOST_LOOKUPS} look-ups.{unsure}")


def _dkim(digest: Digest, domain: Domain) -> Check:
    selector = digest.dkim_selector
    place = f"{selector or 'SELECTOR'}._domainkey.{domain.name}"

    def check(standing: Standing, say: str) -> Check:
        return Check(rule="dkim", title="DKIM", standing=standing, sentence=say)

    how = "Whoever sends for you signs the mail, and shows name and value of the record, often under “domains”"
    if not selector:
        say = f"{how}: {place}. Set it, and write what stands for SELECTOR in digest.dkim_selector, so that it can be looked up."
        return check(Standing.UNKNOWN, say)
    if domain.dkim is None:
        return check(Standing.UNKNOWN, f"The DNS did not answer about {place}. Ask again later.")
    keys = [key for key in map(dkim, domain.dkim) if key is not None]
    good = [key for key in keys if usable(key)]
    if not keys:
        return check(Standing.MISSING, f"There is no key at {place}. {how}; it begins with v=DKIM1.")
    if not good:
        what = "was withdrawn (p= is empty)" if keys[0].revoked else "cannot be read" if keys[0].broken else "is shorter than 1024 bits"
        return check(Standing.MISSING, f"The key at {place} {what}. {how}: have a new one made.")
    extra = " It says that it is only being tried (t=y): take that out." if good[0].testing else ""
    short = " 2048 bits are better than 1024." if good[0].kind == "rsa" and good[0].bits == 1024 else ""
    return check(Standing.MET, f"There is a key that is good at {place}.{extra}{short}")


def _dmarc(digest: Digest, domain: Domain) -> Check:
    reports = f"rua=mailto:{encoding.parsed(digest.sender)[1]}"
    wanted = f"v=DMARC1; p=none; {reports}"
    name = f"_dmarc.{domain.dmarc_of or domain.name}"

    def check(standing: Standing, say: str, *, value: str = "") -> Check:
        records = (Record(name=name, kind="TXT", value=value, instead_of=domain.dmarc or ()),) if value else ()
        return Check(rule="dmarc", title="DMARC", standing=standing, sentence=say, bulk_only=True, holds=_sent(digest), records=records)

    if domain.dmarc is None:
        return check(Standing.UNKNOWN, f"The DNS did not answer about {name}. Ask again later.")
    if not domain.dmarc:
        say = f"{domain.name} has no policy. Set the record below; reports come by mail to the address in it, so take one that is read."
        return check(Standing.MISSING, say, value=wanted)
    if len(domain.dmarc) > 1:
        return check(Standing.MISSING, f"{name} has {len(domain.dmarc)} records, so that none counts. Keep one.", value=domain.dmarc[0])
    if domain.policy is None:
        return check(Standing.MISSING, f"The record at {name} has no valid policy. Put the one below in its place.", value=wanted)
    extra = "" if domain.policy.reports else f" Nobody gets its reports: add {reports} to see who sends."
    return check(Standing.MET, f"The policy at {name} is p={domain.policy.policy}, and p=none is enough.{extra}")


def _alignment(digest: Digest, domain: Domain) -> Check:
    def check(standing: Standing, say: str) -> Check:
        return Check(rule="alignment", title="Same domain", standing=standing, sentence=say, bulk_only=True, holds=_sent(digest))

    if domain.dkim is not None and any(map(usable, map(dkim, domain.dkim))):
        return check(Standing.MET, f"Mail that is signed with this key is proved to be of {domain.name}.")
    returns = envelope_domain(digest)
    if not spf_aligned(domain, digest):
        say = f"Mail comes back to {returns}, which SPF proves, and From is of {domain.name}. Have it signed for {domain.name} (DKIM)."
        return check(Standing.UNKNOWN if domain.dkim is None else Standing.MISSING, say)
    if domain.spf is None or domain.dmarc is None:
        return check(Standing.UNKNOWN, "The DNS did not answer. Ask again later.")
    if not domain.spf:
        return check(Standing.MISSING, f"Neither SPF nor DKIM proves that mail is of {domain.name}. Set one of them.")
    say = f"Mail comes back to {returns}, which belongs to {domain.name}, unless your relay puts an address of its own in that place."
    return check(Standing.MET, say)


def _one_click(digest: Digest) -> Check:
    def check(standing: Standing, say: str) -> Check:
        return Check(
            rule="one-click", title="One click", standing=standing, sentence=say, providers=GOOGLE_AND_YAHOO, bulk_only=True
        )  # fmt: skip

    if digest.through == "listmonk":
        say = "listmonk does it: switch on “Include `List-Unsubscribe` header” in its settings, under privacy. Its address needs https."
        return check(Standing.ELSEWHERE, say)
    if digest.serve and digest.serve.url.startswith("https://"):
        return check(Standing.MET, "A mail program's own button leaves at once, by a POST to `aggregator serve` (RFC 8058).")
    say = "The button of mail programs needs an https address (RFC 8058); a mailto is not enough. Run `aggregator serve` (digest.serve)."
    return check(Standing.MISSING, say)


def _leave(digest: Digest) -> Check:
    """A link in the mail itself; Microsoft recommends it."""
    met = digest.through == "listmonk" or digest.serve is not None or digest.mailbox is not None
    say = "Each mail says in its foot how to leave." if met else "Nobody could leave. Configure digest.serve or digest.mailbox."
    return Check(rule="leave", title="Way to leave", standing=Standing.MET if met else Standing.MISSING, sentence=say)


def _tls(digest: Digest) -> Check:
    def check(standing: Standing, say: str) -> Check:
        return Check(rule="tls", title="TLS", standing=standing, sentence=say, providers=(Provider.GOOGLE,))

    if digest.through != "smtp" or digest.smtp is None:
        return check(Standing.ELSEWHERE, "Whoever sends it must send it over TLS.")
    if digest.smtp.security == "none" and not _is_here(digest.smtp.host):
        return check(Standing.MISSING, "It goes to your mail server in the clear. Write starttls or tls in digest.smtp.security.")
    way = "on this machine" if digest.smtp.security == "none" else f"by {digest.smtp.security}"
    return check(Standing.MET, f"It goes to your mail server {way}; large servers all send it on over TLS.")


def _reverse(digest: Digest, domain: Domain, resolver: Resolver) -> Check:
    """Forward-confirmed reverse DNS of the server that sends (RFC 8601 §3 calls it "iprev")."""

    def check(standing: Standing, say: str) -> Check:
        return Check(rule="reverse-dns", title="Name of server", standing=standing, sentence=say, providers=GOOGLE_AND_YAHOO)

    host = digest.smtp.host.lower() if digest.through == "smtp" and digest.smtp else ""
    if not host:
        return check(Standing.ELSEWHERE, "The address of the server that sends it must have a name (PTR) that leads back to it.")
    if _is_here(host):
        say = "This machine sends. Ask who rents it to you to give its address the name that it has (PTR); that name must lead back to it."
        return check(Standing.UNKNOWN, say)
    if host != domain.name and not host.endswith(f".{domain.name}"):
        return check(Standing.ELSEWHERE, f"{host} is a relay, and the addresses that it sends from are its own affair.")
    try:
        bad = [address for address in _addresses(resolver, host) if not _confirmed(resolver, address)]
    except Silent:
        return check(Standing.UNKNOWN, f"The DNS did not answer about {host}. Ask again later.")
    if bad:
        say = f"{bad[0]} has no name that leads back to it. Ask who rents it to you to set its name (PTR) to {host}."
        return check(Standing.MISSING, say)
    return check(Standing.MET, f"The addresses of {host} have names that lead back to them.")


def _answers(digest: Digest, resolver: Resolver) -> Check:
    """From and Reply-To must take mail; Microsoft asks for it."""
    domain = encoding.domain(digest.reply_to or digest.sender).lower()

    def check(standing: Standing, say: str) -> Check:
        return Check(rule="answers", title="Answers", standing=standing, sentence=say, providers=(Provider.MICROSOFT,), bulk_only=True)

    try:
        hosts = resolver.mx(domain)
        taken = any(hosts) or (not hosts and bool(resolver.addresses(domain)))
    except Silent:
        return check(Standing.UNKNOWN, f"The DNS did not answer about the mail servers of {domain}. Ask again later.")
    if taken:
        return check(Standing.MET, f"{domain} takes mail. See that somebody reads what comes.")
    return check(Standing.MISSING, f"{domain} takes no mail (it has no MX record). Write an address in digest.reply_to that is read.")


def _form(digest: Digest) -> Check:
    """RFC 5322, with a Message-ID."""
    if digest.through == "listmonk":
        return Check(rule="format", title="Valid mail", standing=Standing.ELSEWHERE, sentence="listmonk makes header and Message-ID.")
    say = "Header, Message-ID and parts are made as RFC 5322 says, and looked at before each edition."
    return Check(rule="format", title="Valid mail", standing=Standing.MET, sentence=say)


def _complaints() -> Check:
    say = (
        "Fewer than 3 of 1,000 readers may call it spam, and 1 is the aim. It cannot be seen from here: look at postmaster.google.com, and"
        " enrol at senders.yahooinc.com (complaint feedback loop) and sendersupport.olc.protection.outlook.com (SNDS and JMRP)."
    )
    return Check(rule="complaints", title="Complaints", standing=Standing.ELSEWHERE, sentence=say)


def _at_buttondown() -> Iterator[Check]:
    """Buttondown signs and sends in its own name, unless a domain is set there."""
    say = "Buttondown sends from a domain of its own, or from yours, for which it shows the records under Settings, Domains."
    for rule, title in (("spf", "SPF"), ("dkim", "DKIM"), ("dmarc", "DMARC"), ("alignment", "Same domain")):
        yield Check(rule=rule, title=title, standing=Standing.ELSEWHERE, sentence=say, bulk_only=rule in ("dmarc", "alignment"))
    say = "Buttondown does it."
    yield Check(rule="one-click", title="One click", standing=Standing.ELSEWHERE, sentence=say, providers=GOOGLE_AND_YAHOO, bulk_only=True)
    yield Check(rule="leave", title="Way to leave", standing=Standing.MET, sentence="Each mail says in its foot how to leave.")
    yield Check(rule="tls", title="TLS", standing=Standing.ELSEWHERE, sentence=say, providers=(Provider.GOOGLE,))
    yield Check(rule="reverse-dns", title="Name of server", standing=Standing.ELSEWHERE, sentence=say, providers=GOOGLE_AND_YAHOO)
    yield Check(rule="complaints", title="Complaints", standing=Standing.ELSEWHERE, sentence="Buttondown shows them for each mail.")


def _lacks(settings: Settings, digest: Digest) -> Iterator[str]:
    """What is not configured and helps."""
    own = not digest.by_service
    if own and digest.mailbox is None:
        yield "digest.mailbox: nobody reads bounces and complaints, so that bad addresses are written to again and again."
    if own and digest.serve is None:
        yield "digest.serve: mail programs have no button for leaving, and people subscribe by mail alone."
    if own and not digest.postal:
        yield "digest.postal: some countries ask that bulk mail says who sends it and from which postal address (CAN-SPAM in the USA)."
    if own and not digest.dkim_selector:
        yield "digest.dkim_selector: whether mail is signed cannot be looked up."
    if not settings.site.url:
        yield "site.url: mails cannot lead to the page."
    for variable in secrets_wanted(digest):
        if variable not in settings.secrets:
            yield f"{variable}: it is not in the environment, and without it nobody gets in."


def _addresses(resolver: Resolver, host: str) -> tuple[str, ...]:
    try:
        return (str(ip_address(host.strip("[]"))),)
    except ValueError:
        return resolver.addresses(host)


def _confirmed(resolver: Resolver, address: str) -> bool:
    return any(address in resolver.addresses(name) for name in resolver.names(address))


def _sent(digest: Digest) -> bool:
    """True when what is missing keeps editions back; files that nobody sends are written all the same."""
    return digest.through != "folder"


def _is_here(host: str) -> bool:
    try:
        return host in ("localhost", "localhost.localdomain") or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
