"""Names of months and of time zones, for `dates`. A name that means two months in two languages is left out ("listopada")."""

from __future__ import annotations

_NAMES = (
    "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari januar tammikuuta stycznia sty ledna január "
    "января янв січня ianuarie gener ιανουαρίου ocak",
    "february feb februar février févr fév febrero febbraio febr fevereiro fev februari helmikuuta lutego lut února február "
    "февраля фев февр лютого februarie febrer φεβρουαρίου şubat",
    "march mar märz mrz mär mars marzo março maart mrt marts maaliskuuta marca března március márc марта мар березня martie març "
    "μαρτίου mart",
    "april apr avril avr abril abr aprile aprilie huhtikuuta kwietnia kwi dubna április ápr апреля апр квітня απριλίου nisan",
    "may mai mayo maggio mag maio mei maj toukokuuta maja května máj május мая травня maig μαΐου μαίου mayıs",
    "june jun juni juin junio giugno giu junho kesäkuuta czerwca cze června június jún июня июн червня iunie juny ιουνίου haziran",
    "july jul juli juillet juil julio luglio lug julho heinäkuuta lipca července július júl июля июл липня iulie juliol ιουλίου temmuz",
    "august aug août agosto ago augustus augusti elokuuta sierpnia sie srpna augusztus августа авг серпня agost αυγούστου ağustos",
    "september sep sept septembre septiembre settembre set setembro septiembre syyskuuta września wrz září szeptember szept "
    "сентября сен сент вересня septembrie setembre σεπτεμβρίου eylül",
    "october oct oktober okt octobre octubre ottobre ott outubro out lokakuuta października paź října október октября окт жовтня "
    "octombrie octubre οκτωβρίου ekim",
    "november nov novembre noviembre novembro marraskuuta listopadu november ноября ноя нояб листопада noiembrie νοεμβρίου kasım",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro joulukuuta grudnia gru prosince prosinec december "
    "декабря дек грудня decembrie desembre desember δεκεμβρίου aralık",
)
MONTHS = {name.casefold(): number for number, names in enumerate(_NAMES, 1) for name in names.split()}

# Hours ahead of UTC. Names in use for two zones (IST, BST, CST outside of RFC 822) are here only where RFC 822 §5.1 settles them.
ZONES = {
    "UT": 0.0, "UTC": 0.0, "GMT": 0.0, "Z": 0.0, "WET": 0.0,
    "EST": -5.0, "EDT": -4.0, "CST": -6.0, "CDT": -5.0, "MST": -7.0, "MDT": -6.0, "PST": -8.0, "PDT": -7.0,
    "AKST": -9.0, "AKDT": -8.0, "HST": -10.0,
    "CET": 1.0, "CEST": 2.0, "MEZ": 1.0, "MESZ": 2.0, "WEST": 1.0, "EET": 2.0, "EEST": 3.0, "MSK": 3.0,
    "JST": 9.0, "KST": 9.0, "AEST": 10.0, "AEDT": 11.0, "NZST": 12.0, "NZDT": 13.0,
}  # fmt: skip
