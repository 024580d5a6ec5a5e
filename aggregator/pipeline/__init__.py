"""From what platforms say to what is remembered. The steps, in the order in which an entry meets them:

poll      asks one source for what is new, a page at a time, and lands each page in one transaction (`poll.py`, the only step with effects);
look      tells from the raw bytes that a reply cannot concern any topic, so that it need not be parsed (`look.py`);
match     says why an entry concerns a topic, or that it does not (`match.py`);
identify  says what a mention is about: its own address, or the one page it shares (`identify.py`);
cluster   says which story a mention belongs to (`cluster.py`);
enrich    reads what a linked page says of itself (`enrich.py`);
schedule  says when a source is asked again (`schedule.py`).

All but poll are pure: the same values give the same values, without network, database or clock.
"""
