"""Text that has been through a wrong decoding, put right again. The only module that knows ftfy."""

from __future__ import annotations

import re

# Repair begins with a letter that stands for the first byte of a UTF-8 sequence read in a single-byte encoding; without one of these (and
# without C1 controls, the trace of the same accident in latin-1) there is nothing to repair, and ftfy need not be loaded.
_SUSPECT = re.compile("[\u0080-\u009fÂ-ßà-ôÃĂВГРСТабвгдрÎÏ√‚¬][^\x00-\x7f]")
# Not `splitlines`: U+0085, which ends a line there, is half of a letter here.
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def repair_text(text: str) -> str:
    """The text with UTF-8 that was read as windows-1252 (or a relative of it) read as UTF-8 again, line by line.

    Nothing else is changed: no quotes, no width, no form of composition. What ftfy cannot be sure of stays, such as UTF-8 that was read as
    GBK ("馃帀"): every such text is also a possible one.
    """
    if not _SUSPECT.search(text):
        return text
    import ftfy

    return "".join(ftfy.fix_encoding(line) if _SUSPECT.search(line) else line for line in _LINE.findall(text))
