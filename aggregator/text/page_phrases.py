"""Words and phrases that `page` and its pieces know: plain lists, no rules.

Entries of a list stand between middle dots.
"""

from __future__ import annotations

from enum import StrEnum


def listed(text: str) -> tuple[str, ...]:
    """The entries of a list that is written between middle dots, white space folded."""
    return tuple(" ".join(entry.split()) for entry in text.split("·"))


class Wall(StrEnum):
    """What stands where the page should be."""

    CONSENT = "consent wall"
    BOT = "bot wall"
    LOGIN = "log-in page"
    MISSING = "soft 404"


# A title, or one part of it, that is wholly one of these belongs to a wall. In English and in the languages in which the platforms we read
# serve theirs; letters and digits alone, as `page_titles.fold` leaves them.
WALL_TITLES = {
    Wall.BOT: listed(
        """
        403 forbidden · 429 too many requests · 500 internal server error · 502 bad gateway · 503 service temporarily unavailable ·
        504 gateway timeout · access denied · access to this page has been denied · account suspended · are you a robot · are you human ·
        attention required · bad gateway · blocked · bot verification · captcha · checking your browser ·
        checking your browser before accessing · client challenge · database error · ddos guard · ddos protection by cloudflare ·
        een moment geduld · einen moment bitte · enable javascript and cookies to continue · error 403 · forbidden · human verification ·
        internal server error · javascript is disabled · javascript required · just a moment · maintenance mode ·
        making sure youre not a bot · nur einen moment · one moment please · pardon our interruption · please enable javascript ·
        please verify you are a human · please verify you are human · please wait · please wait for verification ·
        reddit please wait for verification · rate limited · recaptcha · maintenance · site maintenance mode · request blocked ·
        request rejected · robot check · security check
        · security checkpoint · service unavailable · site maintenance · sorry you have been blocked · too many requests · um momento ·
        un instant · un momento · under maintenance · unusual traffic · vercel security checkpoint · verify you are human ·
        verifying you are human · whoa there pardner · you have been blocked
        """
    ),
    Wall.CONSENT: listed(
        """
        accept cookies · age verification · antes de continuar · antes de ir a google · antes de ir a youtube · are you over 18 ·
        avant dacceder a google · avant dacceder a youtube · avant de continuer · before you continue · before you continue to google ·
        before you continue to google search · before you continue to youtube · bevor sie fortfahren · bevor sie zu google weitergehen ·
        bevor sie zu youtube weitergehen · consent · cookie consent · cookie einstellungen · consent management ·
        consent management platform · privacy center · privacy centre · cookie preferences · cookie settings ·
        cookie wall · datenschutzeinstellungen · dpg media privacy gate · gestion des cookies · manage consent · prima di continuare ·
        prima di continuare su youtube · privacy gate · privacy preference center · privacy settings · privatsphare einstellungen ·
        tumblr is part of oath · voordat je verdergaat · voordat je verdergaat naar youtube · we care about your privacy ·
        we value your privacy · wir benotigen ihre zustimmung · yahoo is now part of oath · yahoo is part of the yahoo family of brands ·
        your privacy · your privacy choices · your privacy settings · zustimmung
        """
    ),
    Wall.LOGIN: listed(
        """
        401 unauthorized · aanmelden · acceder · accedi · account login · anmelden · anmeldung · authentication required · connexion ·
        einloggen · entrar · facebook log in or sign up · google accounts · google docs sign in · google drive access denied ·
        google drive sign in · google forms sign in · google sheets sign in · google slides sign in ·
        inicia sesion · iniciar sesion · inloggen · instagram login ·
        join · linkedin login · log in · log in or register · log in or sign up · log in required · log in to continue · log in to facebook
        · log in to twitter · log in to x · log ind · log into facebook · log on · logg inn · logga in · login · login instagram ·
        login on twitter · login or sign up · login required · logowanie · member login · members only · password protected ·
        password required · please log in
        · please sign in · private site · protected page · se connecter · security verification linkedin · sign in · sign in google accounts
        · sign in or create an account · sign in or sign up · sign in required · sign in to continue · sign up · sign up linkedin · signin ·
        subscribe to continue reading · subscribe to read · unauthorized · user login · you must log in · you need to sign in · zaloguj sie
        · воити · вход · ロクイン · 登录 · 로그인
        """
    ),
    Wall.MISSING: listed(
        """
        410 · 403 · 500 · 502 · 503 · user deactivated or deleted their account · 404 · 404 error · 404 not found · 404 page not found ·
        404 seite nicht gefunden · 404 site not found · 404 this page could not be found · 410 gone · article not found ·
        content not found · content unavailable · deleted video · diese seite wurde nicht gefunden · domain for sale · domain parked ·
        error · error 404 · error 404 not found · file not found · gone · nie znaleziono strony · no results found · not found ·
        nothing found · oops · oops page not found · oops something went wrong · oops that page cant be found · out of nothing something ·
        page cannot be found · page does not exist · page doesnt exist · page gone · page introuvable · page isnt available · page missing
        · page non trouvee · page not found · page not found 404 · page unavailable · pagina nao encontrada · pagina niet gevonden ·
        pagina no encontrada · pagina non trovata · parked domain · post not found · private video · seite nicht gefunden ·
        sidan hittades inte · siden blev ikke fundet · site not found · something went wrong · sorry this page isnt available ·
        strona nie znaleziona · this account doesnt exist · this content isnt available · this content isnt available right now ·
        this domain is for sale · this page could not be found · this page does not exist · this page doesnt exist ·
        this page isnt available · this post was deleted · this video is unavailable · this video isnt available ·
        this video isnt available anymore · user not found · video unavailable · страница не наидена · ヘーシか見つかりません · 页面不存在
        """
    ),
}

# Titles that say nothing.
PLACEHOLDERS = frozenset(
    listed(
        """
        accueil · article · blog · create next app · default · document · home · home page · homepage · image 1 · index · inicio · loading ·
        my site · nan · new tab · no title · none · null · page · post · react app · sans titre · sin titulo · start · startseite · test ·
        title · title goes here · unbenannt · undefined · untitled · untitled document · untitled page · video · vite app · welcome ·
        wordpress
        """
    )
)

# Names that programs put where an author belongs.
NOBODY = frozenset(
    listed(
        """
        about the author · admin · administrator · anonymous · author · author name · authors · default · editor · guest · guest author · na
        · name · nan · none · null · owner · root · site admin · siteadmin · super user · superuser · system · test · undefined · unknown ·
        user · view all posts · web admin · webadmin · webmaster · wordpress · wpadmin · your name
        """
    )
)

# What stands before the name in a byline, by language.
BY_WORDS = {"de": "von", "fr": "par", "es": "por", "pt": "por", "it": "di", "nl": "door", "sv": "av", "da": "af", "nb": "av", "no": "av"}

# Hosts whose sub-domains belong to different people, and public suffixes of two labels.
SHARED_HOSTS = frozenset(
    listed(
        """
        ac.uk · amazonaws.com · azurewebsites.net · bandcamp.com · bearblog.dev · blogspot.com · buzzsprout.com · cloudfront.net · co.in ·
        co.jp · co.kr · co.nz · co.uk · co.za · com.ar · com.au · com.br · com.cn · com.hk · com.mx · com.tr · com.tw · dreamwidth.org ·
        firebaseapp.com · fly.dev · ghost.io · gitbook.io · github.io · gitlab.io · glitch.me · gov.uk · herokuapp.com · libsyn.com ·
        livejournal.com · micro.blog · neocities.org · net.au · netlify.app · notion.site · onrender.com · or.jp · org.au · org.br · org.in
        · org.nz · org.uk · pages.dev · podbean.com · readthedocs.io · repl.co · simplecast.com · squarespace.com · substack.com · surge.sh
        · transistor.fm · tumblr.com · typepad.com · vercel.app · web.app · webflow.io · weebly.com · wixsite.com · wordpress.com · write.as
        """
    )
)

# Deprecated, three-letter and mistaken codes that pages carry, and names (IANA Language Subtag Registry, read 2026-11-20).
LANGUAGES = dict(
    entry.split("=")
    for entry in listed(
        """
        iw=he · in=id · ji=yi · eng=en · deu=de · ger=de · fra=fr · fre=fr · spa=es · ita=it · por=pt · nld=nl · dut=nl · swe=sv · dan=da ·
        nor=no · fin=fi · pol=pl · ces=cs · cze=cs · rus=ru · ukr=uk · jpn=ja · zho=zh · chi=zh · kor=ko · ara=ar · heb=he · tur=tr · ell=el
        · gre=el · hun=hu · jp=ja · cn=zh · kr=ko · gr=el · dk=da · cz=cs · english=en · german=de · deutsch=de · french=fr · français=fr ·
        spanish=es · español=es · italian=it · italiano=it · portuguese=pt · dutch=nl · nederlands=nl
        """
    )
)

# Metas that hold the date of publication, the surest first; never those of a build, an update or an event.
DATE_METAS = listed(
    """
    article:published_time · og:article:published_time · article:published · og:published_time · og:video:release_date ·
    video:release_date · citation_publication_date · citation_date · citation_online_date · dc.date.issued · dcterms.issued ·
    dc.date.created · dcterms.created · dc.date · dcterms.date ·
    parsely-pub-date · sailthru.date · datepublished · date · pubdate
    · publish-date · publish_date · publication_date · publishdate · publicationdate · article.published · created ·
    originalpublicationdate · article_date_original · dc.date.published · bt:pubdate · dcsext.articlefirstpublished
    """
)

# Platforms by host, for pages of theirs that do not say where they are.
SITE_NAMES = dict(
    entry.split("=")
    for entry in listed(
        """
        youtube.com=YouTube · youtu.be=YouTube · vimeo.com=Vimeo · reddit.com=Reddit · news.ycombinator.com=Hacker News ·
        lobste.rs=Lobsters · github.com=GitHub · gitlab.com=GitLab · medium.com=Medium · docs.google.com=Google Docs · x.com=X ·
        twitter.com=X · bsky.app=Bluesky · loomio.com=Loomio · loomio.org=Loomio · open.spotify.com=Spotify ·
        podcasts.apple.com=Apple Podcasts · arxiv.org=arXiv · wikipedia.org=Wikipedia · soundcloud.com=SoundCloud ·
        stackoverflow.com=Stack Overflow · linkedin.com=LinkedIn · facebook.com=Facebook · instagram.com=Instagram · threads.net=Threads
        · threads.com=Threads · patreon.com=Patreon · anchor.fm=Anchor
        """
    )
)
