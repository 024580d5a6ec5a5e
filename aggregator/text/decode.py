"""From the bytes of a reply to text. What the bytes show wins over what a label claims when the label cannot be true.

Labels are those of the WHATWG Encoding Standard (read 2026-11-20): "latin1" is windows-1252, "gb2312" is gb18030, and so on. Nothing here
parses; a feed or a page is text afterwards, and its own declaration no longer matters.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

_WESTERN = "windows-1252"
_BOMS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Python's codec for each group of labels; labels that Python already reads the way the standard does are not listed.
_LABELS = {
    "utf-8": "utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf8mb4",
    _WESTERN: "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 "
    "latin1 latin-1 us-ascii x-cp1252 x-user-defined ansi",
    "windows-1254": "iso-8859-9 iso8859-9 iso_8859-9 latin5 l5 csisolatin5 x-cp1254",
    "cp874": "iso-8859-11 iso8859-11 tis-620 dos-874 windows-874",
    "gb18030": "gb2312 gbk gb_2312 gb_2312-80 chinese csgb2312 x-gbk iso-ir-58 cp936 euc-cn",
    "big5hkscs": "big5 big5-hkscs big-5 cn-big5 csbig5 x-x-big5",
    "cp949": "euc-kr euckr korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 cseuckr iso-ir-149 windows-949",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji ms932 windows-31j csshiftjis",
    "euc_jp": "euc-jp x-euc-jp cseucpkdfmtjapanese",
    "mac_roman": "macintosh x-mac-roman mac csmacintosh",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "windows-1251": "x-cp1251 cp1251",
    "windows-1250": "x-cp1250 cp1250",
    "iso8859-8": "iso-8859-8-i logical visual hebrew",
    "koi8-r": "koi koi8 koi8_r cskoi8r",
    "koi8-u": "koi8-ru",
    "utf-16-le": "utf-16 utf-16le ucs-2 unicode csunicode iso-10646-ucs-2 unicodefeff",
    "utf-16-be": "utf-16be unicodefffe",
}
_CODEC_OF = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_XML_DECLARATION = re.compile(rb"\s*<\?xml[^>]*?\bencoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]+)", re.IGNORECASE)
_META = re.compile(rb"<meta\b[^>]*?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]+)", re.IGNORECASE)
_FEED_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF)\b", re.IGNORECASE)
# The standard looks at 1,024 bytes; pages exist whose declaration stands behind a long comment or script.
_PRESCAN_BYTES = 4096

# Western text does not hold four accented letters in a row; Cyrillic, Greek, Hebrew and Arabic words in one byte a letter do.
_FOREIGN_RUN = re.compile(rb"[\xc0-\xff]{4}")
# In the encodings of East Asia each byte of a letter may lie lower.
_WIDE_RUN = re.compile(rb"[\x80-\xff]{4}")
_EAST_ASIAN = frozenset({"gb18030", "big5hkscs", "cp949", "cp932", "euc_jp"})
_SURROGATE_IN_UTF8 = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_UNDECODED = re.compile("[\udc80-\udcff]")
# The five bytes windows-1252 leaves open are the C1 controls of the same number, as in the standard.
_C1 = {byte: bytes([byte]).decode(_WESTERN, "ignore") or chr(byte) for byte in range(0x80, 0xA0)}


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a reply; every byte string gives one, and none raises.

    In this order: byte order mark, zero bytes that show UTF-16, charset of `content_type`, the document's own declaration, UTF-8,
    windows-1252. Bytes that are UTF-8 beyond doubt are read so whatever the labels say. In a page that mixes encodings each stray byte is
    read as windows-1252; a character that was cut off at the very end is dropped.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return _marked(body[len(mark) :], codec)
    if b"\x00" in body[:_PRESCAN_BYTES] and (wide := _wide(body)):
        return body.decode(wide, "replace")
    if body.isascii() and b"\x1b" not in body:
        return body.decode("ascii")
    labels = tuple(_labelled(body, content_type))
    if b"\x1b" in body and (stateful := next((codec for codec in labels if codec.startswith("iso2022")), None)):
        return body.decode(stateful, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy(body, labels)


def codec_of(label: str) -> str | None:
    """Python's codec for an encoding label as the web means it; None when nobody knows the label."""
    clean = label.strip().strip("\"'").lower()
    if clean in _CODEC_OF:
        return _CODEC_OF[clean]
    try:
        name = codecs.lookup(clean).name
        "".encode(name)  # a codec from bytes to bytes ("hex") is not an encoding
    except (LookupError, ValueError, TypeError, AttributeError):
        return None
    return _CODEC_OF.get(name, name)


def _marked(body: bytes, codec: str) -> str:
    if codec != "utf-8":
        return body.decode(codec, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _mixed(body, claimed=True)


def _wide(body: bytes) -> str | None:
    """UTF-16 without a mark: in markup at least every fourth unit is ASCII, so its zero bytes stand on one side."""
    head = body[: _PRESCAN_BYTES // 2 * 2]
    units = max(len(head) // 2, 1)
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd * 4 >= units and even * 8 <= odd:
        return "utf-16-le"
    if even * 4 >= units and odd * 8 <= even:
        return "utf-16-be"
    return None


def _labelled(body: bytes, content_type: str) -> Iterator[str]:
    """The codecs that the header and then the document itself name, without those the bytes have ruled out already."""
    found = _CHARSET.search(content_type)
    if found and (codec := codec_of(found[1])) and not codec.startswith("utf-16"):
        yield codec
    head = _COMMENT.sub(b"", body[:_PRESCAN_BYTES])
    declared = _XML_DECLARATION.match(head)
    if declared is None and not _FEED_ROOT.search(head):
        declared = _META.search(head)
    # A declaration in readable ASCII cannot be true when it says UTF-16 (WHATWG HTML §13.2.3.2).
    if declared and (codec := codec_of(declared[1].decode("ascii"))) and not codec.startswith("utf-16"):
        yield codec


def _legacy(body: bytes, labels: tuple[str, ...]) -> str:
    """Text of bytes that are not clean UTF-8."""
    for index, codec in enumerate(labels):
        if codec == _WESTERN and not _doubtful(body, labels[index + 1 :]):
            return _western(body)
        if codec in (_WESTERN, "utf-8"):
            continue
        try:
            # Not final: a character that was cut off at the end is no error.
            return codecs.getincrementaldecoder(codec)("strict").decode(body)
        except (UnicodeError, LookupError):
            continue
    for codec in labels:
        if codec not in (_WESTERN, "utf-8"):
            text = body.decode(codec, "replace")
            # One broken character in a hundred is damage; more is a wrong label.
            if text.count("\ufffd") * 100 <= len(text):
                return text
    return _mixed(body, claimed="utf-8" in labels)


def _doubtful(body: bytes, others: tuple[str, ...]) -> bool:
    """Servers say latin-1 of everything: not believed where the document names another encoding and its bytes look like it."""
    named = {codec for codec in others if codec not in (_WESTERN, "utf-8")}
    return bool(named) and (_WIDE_RUN if named & _EAST_ASIAN else _FOREIGN_RUN).search(body) is not None


def _mixed(body: bytes, *, claimed: bool) -> str:
    """UTF-8 where it is UTF-8; all of it windows-1252 when stray bytes outnumber the good characters."""
    text = _SURROGATE_IN_UTF8.sub("\ufffd".encode(), body).decode("utf-8", "surrogateescape")
    tail = _tail(text)
    undecoded = len(_UNDECODED.findall(text))
    good = sum(1 for character in text if character > "\x7f") - undecoded
    if undecoded - tail > good or (good == 0 and not claimed):
        return _western(body)
    return _UNDECODED.sub(_one_western, text[: len(text) - tail])


def _tail(text: str) -> int:
    """How many bytes at the end begin a character that never came."""
    for length in (3, 2, 1):
        end = text[-length:]
        if len(end) == length and "\udcc2" <= end[0] <= "\udcf4" and all("\udc80" <= byte <= "\udcbf" for byte in end[1:]):
            return length
    return 0


def _one_western(found: re.Match[str]) -> str:
    byte = ord(found[0]) - 0xDC00
    return _C1.get(byte, chr(byte))


def _western(body: bytes) -> str:
    return body.decode("latin-1").translate(_C1)
