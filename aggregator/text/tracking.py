"""Parameters that say how somebody came to a page, not which page it is.

A name stands in `EVERYWHERE` only when no platform is known that names a thing by it: `p id t v r ref list source page q lang` are not
among them. What means tracking on one platform alone stands in `BY_DOMAIN`. What opens a page that is otherwise closed stands in `GIFTS`:
a reader needs it, a comparison must not see it.

Sources: the parameter lists of web.md and of each platform's page; adbar/courlan, medialab/ural and the public "ClearURLs" rules for the
names that several of them agree on (read 2026-11).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

PREFIXES: Final = (
    "utm_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_", "_hs", "__hs", "at_custom", "at_medium", "at_campaign", "itm_", "stm_",
    "fb_action", "__cft__", "_bta_", "elqtrack",
    "showwelcome", "__cf_chl", "oly_", "sc_cmp", "ns_mchannel", "ns_campaign", "ns_source", "dm_i", "wt.mc",
)  # fmt: skip

EVERYWHERE: Final = frozenset(
    """
    gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid srsltid fbclid _ga _gl mc_cid mc_eid mc_tc mkt_tok msclkid twclid ttclid
    igshid igsh
    yclid ysclid _openstat s_kwcid ef_id oly_enc_id oly_anon_id vero_id vero_conv wickedid cmpid ncid li_fat_id rdt_cid epik
    irclickid irgwc sscid zanpid admitad_uid rb_clickid ml_subscriber ml_subscriber_hash ck_subscriber_id bsft_clkid bsft_eid bsft_uid
    bsft_mid trk_contact trk_msg trk_module trk_sid spm scm fb_ref fb_source mibextid wprov _branch_match_id _branch_referrer
    guccounter guce_referrer guce_referrer_sig emci emdi mbid smid smtyp tpcc cn-reloaded xtor echobox soc_src soc_trk
    replytocom triedredirect isfreemail usqp sfnsn ref_src ref_url referrer_source sharer_id __s
    __twitter_impression __readwiseLocation spreftype campaign_id_ga dicbo obOrigUrl _kx hss_channel msockid
    amp_js_v amp_gsa amp_r amp_kit amp_ct amp_tf amp_agsa elqaid elqat elqcampaignid elqak
    trackingid __tn__ __cft__ _unique_id hctatracking
    """.lower().split()
)

# Dropped when they hold one of these values: a button's name, a mark of the AMP or the printed form of a page.
VALUED: Final = {
    "amp": frozenset(("", "1", "true", "yes", "amp")),
    "outputtype": frozenset(("amp",)),
    "output": frozenset(("amp",)),
    "share": frozenset("twitter facebook email linkedin tumblr pinterest pocket reddit telegram jetpack-whatsapp x mastodon print".split()),
    "nb": frozenset(("1",)),
    "preview": frozenset(("true",)),
    "scrolltocomments": frozenset(("true",)),
}

_MEDIUM = frozenset("source sk gi responsesopen sortby postpublishedtype _branch_match_id _branch_referrer".split())
_SUBSTACK = frozenset("r s publication_id post_id isfreemail triedredirect sort token action".split())

BY_DOMAIN: Final = {
    "medium.com": _MEDIUM - {"sk"},
    "substack.com": _SUBSTACK,
    "youtube.com": frozenset("""
    si feature ab_channel pp cbrd ucbcb app themerefresh embeds_referring_euri embeds_referring_origin source_ve_path
    """.split()),
    "youtu.be": frozenset("si feature ab_channel pp app".split()),
    "spotify.com": frozenset("si nd dl_branch context pi go sp_cid dlsi utm_source _branch_match_id pt".split()),
    "twitter.com": frozenset("s t ref_src ref_url cn cxt".split()),
    "x.com": frozenset("s t ref_src ref_url cn cxt".split()),
    "instagram.com": frozenset("igshid igsh img_index hl".split()),
    "facebook.com": frozenset("ref fref mibextid rdid share_url locale sfnsn paipv eav __xts__[0] refid".split()),
    "linkedin.com": frozenset("trk trackingid originalsubdomain lipi licu refid rcm".split()),
    "reddit.com": frozenset("share_id rdt ref ref_source ref_campaign".split()),
    "tiktok.com": frozenset("is_from_webapp sender_device _t _r lang".split()),
    "soundcloud.com": frozenset("si in ref p c".split()),
    "vimeo.com": frozenset("fl fe share ref".split()),
    "threads.com": frozenset("xmt slof igshid".split()),
    "threads.net": frozenset("xmt slof igshid".split()),
    "apple.com": frozenset("l ls mt ign-mpt at ct itsct itscg uo".split()),
    "eventbrite.com": frozenset("aff keep_tld".split()),
    "meetup.com": frozenset("eventorigin recid recsource searchid _xtd rv".split()),
    "amazon.com": frozenset("tag ref ref_ psc pf_rd_p pf_rd_r linkcode th qid sr keywords crid sprefix dib dib_tag".split()),
    "patreon.com": frozenset("fan_landing l redirect".split()),
    "nytimes.com": frozenset("smid smtyp referringsource campaign_id emc partner _r".split()),
    "wsj.com": frozenset("reflink mod".split()),
    "theguardian.com": frozenset(("cmp",)),
    "bsky.app": frozenset(("ref", "ref_src")),
    "github.com": frozenset(("plain",)),
    "blogspot.com": frozenset(("m",)),
    "wikipedia.org": frozenset("wprov useskin mobileaction useformat uselang".split()),
    "feedburner.com": frozenset(("format",)),
}  # fmt: skip

GIFTS: Final = {
    "medium.com": frozenset(("sk",)),
    "nytimes.com": frozenset(("unlocked_article_code",)),
    "wsj.com": frozenset(("st",)),
    "washingtonpost.com": frozenset(("pwapi_token",)),
    "ft.com": frozenset(("accesstoken", "sharetype")),
    "economist.com": frozenset(("giftid",)),
    "theatlantic.com": frozenset(("gift",)),
    "bloomberg.com": frozenset(("accesstoken", "leadsource")),
    "newyorker.com": frozenset(("giftlink",)),
    "haaretz.com": frozenset(("gift",)),
    "zeit.de": frozenset(("freebie",)),
    "lemonde.fr": frozenset(("random", "lmd_medium", "lmd_campaign")),
    "vimeo.com": frozenset(("h",)),
}
GIFTS_EVERYWHERE: Final = frozenset(("unlocked_article_code", "gift", "giftcopy", "gift_code", "gift_token"))

# Ghost writes the sending site into `ref` (https://ghost.org, seen 2026): a host name, never a file or a number.
_HOST_NAME = re.compile(r"(?:https?://)?(?:[a-z0-9-]+\.)+(?!(?:md|html?|php|js|py|pdf|txt|json|xml|rs|ts|sh)\b)[a-z]{2,24}/?\Z")
_NOTHING: Final[frozenset[str]] = frozenset()


def domain_entry(table: dict[str, frozenset[str]], host: str) -> frozenset[str]:
    """What a table says of a host or of the nearest domain above it; nothing where it is silent."""
    name = host
    while name:
        if name in table:
            return table[name]
        name = name.partition(".")[2]
    return _NOTHING


def tracks(piece: str, here: frozenset[str] = _NOTHING) -> bool:
    """Whether a parameter as written only says how somebody came; `here` are the further names of its platform, in lower case."""
    name = piece.partition("=")[0]
    name, always, asks = _known(name)
    if always or name in here:
        return True
    if not asks:
        return False
    value = piece.partition("=")[2]
    if name == "ref":
        return _HOST_NAME.match(unquote(value).lower()) is not None
    return value.lower() in VALUED[name]


@lru_cache(maxsize=4096)
def _known(name: str) -> tuple[str, bool, bool]:
    """A parameter's name in plain lower case, whether it tracks everywhere, and whether its value must be asked."""
    name = unquote(name).lower().removeprefix("amp;")
    return name, name in EVERYWHERE or name.startswith(PREFIXES), name == "ref" or name in VALUED


def gives(piece: str, here: frozenset[str] = _NOTHING) -> bool:
    """Whether a parameter opens a page that is otherwise closed."""
    name = piece.partition("=")[0].lower()
    return name in GIFTS_EVERYWHERE or name in here
