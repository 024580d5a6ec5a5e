"""What stands around a text without being part of it: invitations, credits, dates, notices about cookies. In English, German, French and
Spanish, with the commonest words of some others. Pure.

Phrases are matched where a sentence begins, in lower case. A word that could begin an honest sentence ("Teilen", "Donate") counts only when
hardly anything follows it. When in doubt it is text: a strange sentence is better than none.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from aggregator.text.dates import parse_date
from aggregator.text.months import MONTHS


class _Late:
    """A pattern that is compiled when it is first asked: a build without news asks none of them."""

    def __init__(self, text: str, flags: re.RegexFlag) -> None:
        self._text, self._flags = text, flags

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self._text, self._flags)


def _either(*lines: str) -> str:
    return "(?:" + "|".join(lines) + ")"


_PLACES = (
    r"(?:spotify|apple podcasts?|itunes|youtube|soundcloud|google podcasts|anchor|overcast|stitcher|deezer|amazon|audible|any|all|your)"
)
_INVITATIONS: Final = _either(
    # English
    r"continue reading|read more\b|read the (?:full|rest|whole|original|entire)|keep reading|click (?:here|to|through|on|the)\b"
    r"|view (?:on|in|this)\b",
    rf"(?:listen|watch)(?: now| here| below| in| on| to (?:this|the) (?:episode|podcast|show)| wherever| via)\b|available (?:now )?(?:on"
    rf"|at|wherever) {_PLACES}",
    r"subscribe\b|sign (?:up|in)\b|log in\b|register (?:now|here|for|today)|join (?:our|my) (?:newsletter|mailing|patreon|discord|list)",
    r"share (?:this|on|it)\b|follow (?:us|me|along)\b|find (?:us|me) on|connect with (?:us|me)\b|like and subscribe"
    r"|don.?t forget to (?:subscribe|like|rate)",
    r"please (?:subscribe|rate|leave|support|enable|consider|share|like)\b|if you (?:like|liked|enjoy|enjoyed) (?:this|the) (?:episode"
    r"|podcast|show|post|video)\b",
    r"support (?:this|the|our|my) (?:podcast|show|work|channel|newsletter)|send (?:in|us) a voice message|leave (?:us )?a (?:voice"
    r"|review|rating)|become a (?:patron|member|supporter|paid|paying)",
    r"buy me a coffee|thank(?:s| you) for (?:reading|listening|watching|subscribing|tuning)|skip to|table of contents|forwarded this"
    r"|having trouble (?:viewing|reading)",
    r"view (?:it )?in (?:your )?browser|you(?:.re| are) (?:receiving|reading) (?:this|the free)|unsubscribe|this (?:is a )?(?:post"
    r"|newsletter|publication) is (?:for|public)|this is a public (?:episode|post)",
    r"get full access|upgrade to paid|start your free|.{1,80} is a reader-supported publication|learn more about your ad choices"
    r"|visit (?:podcastchoices|megaphone\.fm|acast\.com)",
    # German
    r"weiterlesen|mehr (?:lesen|erfahren)|zum (?:ganzen |vollständigen )?(?:artikel|beitrag)\b|hier (?:klicken|anmelden|abonnieren)"
    r"|jetzt (?:anhören|weiterlesen|abonnieren|anmelden|reinhören|bei|auf)\b",
    r"abonnier(?:e|en|t)\b|meldet? (?:dich|euch|sie sich)|melden sie sich|folgt? (?:uns|mir)\b|folgen sie (?:uns|mir)|unterstütz(?:e|t"
    r"|en sie) (?:uns|diesen|den)\b|schickt? uns|hör(?:e|t|en sie)? (?:uns )?(?:auf|bei) ",
    # French
    r"lire (?:la suite|l.article)|en savoir plus|continuer (?:la lecture|à lire)|cliquez|abonnez|s.abonner|inscrivez|connectez-vous"
    r"|partagez|suivez[- ](?:nous|moi)|écoute[rz]? (?:sur|cet épisode|ce podcast|nous)|soutenez|hébergé par|visitez acast",
    # Spanish
    r"leer más|(?:sigue|seguir|continuar|continúa) leyendo|leer (?:el artículo|la nota|completo)|ha[zg]a? clic|suscr[ií]b\w+"
    r"|reg[ií]str(?:ate|ese)|inicia(?:r)? sesión|s[ií]gue(?:nos|me)|escúcha(?:lo|nos|me)|escuchar? (?:en|este|ahora)\b|apoya (?:este|el"
    r"|nuestro)|envía un mensaje|comparte (?:esto|este|esta)",
    # Dutch, Italian, Portuguese, Russian, Japanese, Chinese
    r"lees verder|leggi (?:tutto|di più)|continua a leggere|leia mais|continue lendo|читать (?:далее|дальше)|続きを読む"
    r"|阅读全文|继续阅读|閱讀全文",
)  # fmt: skip
_NOTICES: Final = _either(
    r"we use cookies|this (?:web)?site uses|(?:our|this) (?:web)?site (?:uses|stores)|by (?:continuing|clicking|using"
    r"|browsing)\b.{0,60}(?:you|agree|accept)|accept (?:all )?cookies|cookies? (?:notice|policy|settings|preferences|consent)",
    r"we value your privacy|we and our (?:\d+ )?partners|your privacy (?:matters|choices|is important)|manage (?:cookies?|consent"
    r"|preferences)|to provide the best experiences|javascript (?:is|must|seems)|(?:please |you need to )?enable javascript"
    r"|your browser (?:does|is)\b|this (?:page|site|app) requires",
    r"wir (?:verwenden|nutzen|setzen|benutzen) .{0,60}cookies|diese (?:web)?(?:seite|site) (?:verwendet|nutzt|benutzt|setzt)"
    r"|cookie-?(?:hinweis|einstellungen|richtlinie)|durch die (?:weitere )?nutzung|mit der (?:weiteren )?nutzung|datenschutz(?:hinweis"
    r"|erklärung)\b",
    r"nous utilisons (?:des|les)|ce site (?:web |internet )?utilise|en (?:poursuivant|continuant) (?:votre|à|la)|politique de (?:cookies"
    r"|confidentialité)|gérer (?:les|vos) (?:cookies|préférences)|accepter (?:tous )?les cookies|nous respectons votre vie privée",
    r"(?:utilizamos|usamos|empleamos) cookies|est[ea] (?:sitio|web|página)(?: web)? (?:utiliza|usa)|al (?:continuar|navegar"
    r"|seguir) (?:navegando|en|usando)|política de (?:cookies|privacidad)|aceptar (?:todas )?(?:las )?cookies",
    r"all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados|©|copyright (?:©|\(c\)|\d{4})",
    r"the post .{1,300} (?:appeared first|first appeared) on|der beitrag .{1,300} erschien (?:zuerst|erstmals)"
    r"|l.article .{1,300} est apparu en premier|la entrada .{1,300} (?:se publicó primero|aparece primero|apareció primero)",
    r"(?:this|the) (?:post|article|story|essay|piece|text|interview) (?:first )?(?:appeared|was (?:originally |first )?(?:published"
    r"|posted))|originally (?:published|posted|appeared)|dieser (?:beitrag|artikel|text) (?:erschien|wurde)|cet article (?:est"
    r"|a été) .{0,20}(?:publié|paru)|este (?:artículo|texto) (?:fue|se) public",
    r"just another wordpress site|enjoy the videos and music you love|share your videos with friends|provided to youtube by"
    r"|auto-generated by youtube|create an account or log in|an error occurred",
    r"no description(?: available)?\b|keine beschreibung|aucune description|sin descripción|listen to this episode from",
)  # fmt: skip
_CREDITS: Final = _either(
    r"(?:cover |header |featured |hero |title )?(?:photo(?:graph)?s?|images?|pictures?|pics?|illustrations?|artwork|art"
    r"|drawings?)(?: ?credits?| courtesy| source)?(?: by\b| from\b| via\b| of\b.{1,60}\bby\b| ?:| ?©| credit)",
    r"(?:titel|beitrags|symbol)?(?:bild|foto)(?:s|er|quelle|nachweis|rechte)?(?: von\b| ?:| ?©)|illustration(?:en)?(?: von| de|:)"
    r"|crédits?(?: photos?)? ?:|photo(?:graphie)?s? (?:de|par|d.)\b|imagen(?:es)?(?: de\b| por\b| ?:)|foto(?:grafía)?s?(?: de\b| por\b"
    r"| ?:)|crédito",
    r"(?:intro |outro |theme |background |intro/outro )?(?:music|musik|musique|música)(?: ?credits?)?(?: by\b| von\b| de\b| par\b| ?:)"
    r"|(?:edited|produced|hosted|recorded|mixed|transcribed) by\b|(?:show |episode )?(?:notes|transcript|chapters|timestamps|timecodes"
    r"|links|resources)(?: (?:mentioned|from).{0,40})?:",
    r"this (?:episode|podcast|show|video|newsletter) (?:is|was) (?:sponsored|brought|supported|powered|produced|hosted|edited|presented)"
    r"|sponsored by\b|hosted (?:on|by) (?:acast|ausha|simplecast|buzzsprout|podbean)|gehostet (?:auf|von)|see (?:acast|omnystudio"
    r"|pcm\.adswizz)\S*|advertising inquiries|privacy (?:&|and) opt-out|our gdpr privacy policy",
    r"\d{1,3} ?[-–]? ?min(?:ute)?s?\.? (?:read|to read|lesezeit|lesedauer|de lecture|de lectura)|(?:estimated )?read(?:ing)? time"
    r"|geschätzte lesezeit|lese(?:zeit|dauer)|temps de lecture|tiempo de lectura",
    r"(?:web ?site|website|twitter|instagram|facebook|linkedin|youtube|mastodon|e-?mail|web|patreon|tiktok|telegram|bluesky) ?: ?\S+$",
    r"\(?\[?\d{1,2}:\d{2}(?::\d{2})?\b|(?:recorded|aufgenommen) (?:on|at|live|am|in)\b|views? expressed",
)  # fmt: skip
_BEGINS: Final = _Late(f"{_INVITATIONS}|{_NOTICES}|{_CREDITS}", re.IGNORECASE)
# These are boilerplate alone, or with at most three words behind them.
_ALONE: Final = _Late(
    r"(?:share|donate|follow|menu|home|search|advertisement|sponsored|loading|learn more|contents|related(?: posts)?|see also"
    r"|transcript|description"
    r"|anzeige|werbung|teilen|anmelden|registrieren|inhaltsverzeichnis|inhalt|startseite|suche|newsletter"
    r"|publicité|partager|sommaire|table des matières|accueil|recherche|se connecter|s.inscrire"
    r"|publicidad|compartir|índice|tabla de contenidos?|inicio|buscar|reklame|pubblicità"
    r"|hi|hello|hey|dear|good (?:morning|evening|afternoon)|hallo|liebe[rs]?|guten (?:tag|morgen|abend)|moin|bonjour|salut|chers?"
    r"|chères?|hola|querid[oa]s?|buenos días"
    r"|by|von|par|por)\b(?:\W+[\w'’.-]+){0,3}\W*\Z",
    re.IGNORECASE,
)
# What a notice about cookies says wherever its sentence begins.
_COOKIES: Final = re.compile(r"\bcookies?\b", re.IGNORECASE)
_CONSENT: Final = _Late(
    r"\bwe use\b|\buses? cookies|\bverwende|\bnutz(?:en|t)\b|\bsetzen\b|\butilis(?:e|ons|er)\b|\butiliza|\busamos\b|\baccept|\bconsent"
    r"|\bakzept|\beinwillig"
    r"|\bacepta|\bacconsent|\bgebruik",
    re.IGNORECASE,
)
# A label before what is text.
_LABEL: Final = _Late(
    r"(?:(?:episode |video )?(?:summary|description|abstract|intro(?:duction)?|overview|about this (?:episode|video))|zusammenfassung"
    r"|beschreibung|résumé|resumen|descripción"
    r"|(?:listen|watch) now(?: \(\d+ mins?\))?|\(?\d{1,3} ?min(?:ute)?s?\.?(?: read| lesezeit| de lecture"
    r"| de lectura)?\)?)\s*[|:·—–]+\s*(?=\S)",
    re.IGNORECASE,
)
_PHOTO: Final = _Late(
    r"(?:photo|image|picture|foto|bild|imagen)s? (?:by|von|de|par|por) [^.!?\n]{1,60}? (?:on|auf|sur|en|via|from) (?:unsplash|pexels"
    r"|pixabay|flickr|wikimedia(?: commons)?)\W*",
    re.IGNORECASE,
)
# From here on everything is what a host of podcasts or newsletters adds.
_TAIL: Final = _Late(
    r"(?:^|\s)(?:-{3,}|—{2,}|_{3,})\s*(?:this (?:episode|podcast) is|send in a voice|support this podcast|hosted (?:on|by)).*"
    r"|\s*(?:support this podcast|send in a voice message) ?:[^\n]*"
    r"|(?<=[.!?…\])])\s*this is a public episode\b.*",
    re.IGNORECASE | re.DOTALL,
)
# What a summary that was cut short by a machine ends in.
_CUT_SHORT: Final = _Late(
    r"(?:\s*(?:\[\s*(?:…|\.{3})\s*\]|…|\.{3})\s*[(\[→»>\s]*|(?<=[.!?”\")])\s+[(\[→»>\s]*|\s+(?-i:(?=[A-ZÀ-Ý])))"
    r"(?:continue reading|read more|keep reading|read the (?:full|rest)|weiterlesen|mehr lesen|lire la suite|seguir leyendo|sigue leyendo"
    r"|leer más|lees verder)\b[^.!?]{0,200}\Z|\s*(?:\[\s*(?:…|\.{3})\s*\]|\(\s*more\s*(?:…|\.{3})\s*\))\s*\Z",
    re.IGNORECASE,
)
# A first look, which costs a tenth.
_SIGNS_OF_A_CUT: Final = (
    "]", "…)", "..)", "continue reading", "read more", "keep reading", "read the full", "read the rest", "weiterlesen", "mehr lesen",
    "la suite", "leyendo", "leer más", "lees verder",
)  # fmt: skip
_DIGIT: Final = re.compile(r"\d")
_DATE_LABEL: Final = _Late(
    r"(?:(?:first |last |originally )?(?:posted|published|updated|modified|written|created)|veröffentlicht|aktualisiert|erstellt"
    r"|publiée?|mise? à jour|publicad[oa]|actualizad[oa]|date|datum|fecha)"
    r"(?: on| at| am| le| el| den)?\b[:\s]*",
    re.IGNORECASE,
)
_ARTICLE: Final = re.compile(r"(?:le|el|am|den|on)\s+", re.IGNORECASE)
_LEADING: Final = re.compile(r"\A(?:[^\w\s©]+\s*)+")
_BESIDE: Final = re.compile(r"\s*(?:[·|•—–]|\s-\s|,? (?:by|von|par|por) )\s*", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_NAMED: Final = re.compile(
    r"(?:(?:\d{1,2}(?:st|nd|rd|th|\.)?|\w+,)\s+)?([^\W\d_]{3,12})\.?,?(?: \d{1,2}(?:st|nd|rd|th)?)?,?(?: (?:de |del )?\d{4})?"
)
_LENGTH: Final = re.compile(r"\d{1,3} ?min(?:ute)?s?\.?(?: \w+){0,2}|\d+ (?:comments?|kommentare?|views?|likes?|shares?)", re.IGNORECASE)
_NAME: Final = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,3}")


def is_boilerplate(sentence: str) -> bool:
    """True when a sentence is an invitation, a credit, a notice or a date, and says nothing of what a page is about."""
    start = _LEADING.sub("", sentence)
    if _BEGINS.pattern.match(start) or _ALONE.pattern.match(start):
        return True
    about_cookies = "ookie" in sentence and _COOKIES.search(sentence) is not None and _CONSENT.pattern.search(sentence) is not None
    return about_cookies or is_date_line(start)


def is_date_line(line: str) -> bool:
    """True for a day with what stands beside it on a page: its label, who wrote it, how long it takes to read."""
    if len(line) > 90 or _DIGIT.search(line) is None:
        return False
    parts = [part for part in _BESIDE.split(_DATE_LABEL.pattern.sub("", line.strip(" .·|")).strip()) if part]
    dates = [_is_date(part) for part in parts]
    return any(dates) and all(dated or _LENGTH.fullmatch(part) or _NAME.fullmatch(part) for part, dated in zip(parts, dates, strict=True))


def without_frame(text: str) -> str:
    """A text without what a host puts before and behind it in the same breath; "…" where it was cut short."""
    if "--" in text or "__" in text or "odcast" in text or "oice" in text or "public" in text:
        text = _TAIL.pattern.sub("", text)
    last = text[-260:].lower()
    if any(sign in last for sign in _SIGNS_OF_A_CUT) and (end := _CUT_SHORT.pattern.search(text[-260:])):
        stem = text[: len(text) - len(end[0])].rstrip(" ,;:–—-")
        text = stem if not stem or stem[-1] in ".!?…" else f"{stem}…"
    for _ in range(3):
        begun = _PHOTO.pattern.match(text) or _LABEL.pattern.match(text) or _dated(text)
        if begun is None:
            break
        text = text[begun.end() :]
    return text


def _dated(text: str) -> re.Match[str] | None:
    """A day that a text begins with, and the dash behind it."""
    found = _DATED.match(text) if text[:1].isalnum() else None
    return found if found and is_date_line(found[1]) else None


_DATED: Final = re.compile(r"([^.!?\n|—–·]{4,40}?)\s+[|—–·-]\s+(?=\S)")


def _is_date(part: str) -> bool:
    part = _ARTICLE.sub("", part, count=1)
    if _NUMBERS.fullmatch(part) or parse_date(part) is not None:
        return True
    named = _NAMED.fullmatch(part)
    return named is not None and named[1].casefold() in MONTHS and any(character.isdigit() for character in part)
