"""What was shared in a server that readers cannot enter: the page is shown, and nothing of who shared it, where and with which words."""

from __future__ import annotations

from tests.support.exchanges import cases
from tests.support.har import write_har
from tests.support.steward import Steward

KEY = {"DISCORD_BOT_TOKEN": "a-token-that-nobody-has"}
CONFIGURATION = """\
site: {title: Discussing crews}
topics: {crews: {any_of: [microsolidarity]}}
sources:
  - {platform: discord, channels: '1100000000000000001', id: shared, takes: everything, label: 'shared in Example crews'%s}
"""


def published(steward: Steward, options: str, case: str) -> bytes:
    steward.configures(CONFIGURATION % options)
    [recorded] = [one for one in cases("discord") if one.name == case]
    write_har(steward.folder / "r.har", recorded.exchanges)
    assert steward.runs("run", "--replay", "r.har", environ=KEY).code == 0
    return b"".join(steward.output().values())


def test_by_default_a_link_is_shown_with_neither_door_nor_words_nor_name(steward: Steward) -> None:
    output = published(steward, "", "ordinary")
    assert b"https://garden.example/crews" in output
    assert b"shared in Example crews" in output
    for hidden in (b"discord.com/channels", b"Good read", b"Ada", b"garden.example/quiet", b"garden.example/digest"):
        assert hidden not in output, hidden
    kept = b"".join(path.read_bytes() for path in (steward.folder / "state").rglob("*") if path.is_file())
    assert b"Good read" not in kept


def test_an_open_server_whose_people_agreed_is_heard_like_any_other_place(steward: Steward) -> None:
    output = published(steward, ", open: 'yes', quoted: 'yes'", "open")
    for shown in (b"discord.com/channels/900000000000000001", b"Ada", b"Good read"):
        assert shown in output, shown
