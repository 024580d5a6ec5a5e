"""How many requests are taken, so that nobody can have mail sent to people who did not ask for it. Pure.

Everything is counted over a day. A request over a limit is answered like any other, and nothing is mailed.
"""

from __future__ import annotations

from datetime import timedelta

from aggregator.digest.mailable import untagged

WINDOW = timedelta(days=1)
# A room of people who sign up on one connection; a program that goes through a list of addresses is stopped soon.
PER_NETWORK = 50
# Somebody who lost the letter, mistyped, or changed their mind; signs behind a "+" are the same mailbox.
PER_ADDRESS = 3
# A small organisation that signs up on one day; its server is not flooded with letters to names that do not exist.
PER_DOMAIN = 50
# Over all networks: letters to a thousand strangers a day end as spam, and take every edition with them. A project that is in the news has
# room.
PER_DAY = 1000
# Of those that came by mail: one machine can write in the name of thousands.
PER_DAY_BY_MAIL = 200

# Not limited by domain: half of all readers are there, so that whoever used up their limit would shut the door for everybody, and these
# servers look after themselves.
LARGE = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.de hotmail.es hotmail.fr hotmail.it live.com live.co.uk live.fr
    live.nl msn.com yahoo.com yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.mx yahoo.de
    yahoo.es yahoo.fr yahoo.it ymail.com rocketmail.com aol.com icloud.com me.com mac.com proton.me protonmail.com pm.me fastmail.com
    fastmail.fm hey.com zoho.com mail.com gmx.at gmx.ch gmx.com gmx.de gmx.net web.de t-online.de freenet.de posteo.de mailbox.org
    tutanota.com tutanota.de tuta.com tuta.io riseup.net disroot.org bluewin.ch orange.fr wanadoo.fr free.fr laposte.net sfr.fr
    btinternet.com virginmedia.com talktalk.net comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net
    shaw.ca rogers.com sympatico.ca bigpond.com optusnet.com.au xtra.co.nz ziggo.nl kpnmail.nl telenet.be skynet.be libero.it
    virgilio.it tiscali.it telefonica.net terra.es uol.com.br bol.com.br terra.com.br wp.pl o2.pl interia.pl seznam.cz centrum.cz
    abv.bg mail.ru bk.ru list.ru inbox.ru yandex.ru yandex.com ya.ru ukr.net qq.com 163.com 126.com sina.com naver.com daum.net
    hanmail.net rediffmail.com
    """.split()
)


def counted(*, network: str, address: str) -> tuple[tuple[str, str, int], ...]:
    """What one request counts against: kind, name, and how many a window has room for.

    Args:
        network: of who asks, "192.0.2.0/24"; "": the request came by mail, whose way nobody can vouch for.
        address: to be written to.
    """
    mailbox = untagged(address)
    domain = mailbox.rpartition("@")[2]
    named = [("address", mailbox, PER_ADDRESS)]
    if network:
        named += [("network", network, PER_NETWORK), ("way", "form", PER_DAY)]
    else:
        named.append(("way", "mail", PER_DAY_BY_MAIL))
    if domain not in LARGE:
        named.append(("domain", domain, PER_DOMAIN))
    return tuple(named)
