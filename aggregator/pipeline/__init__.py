"""From what platforms say to what is remembered. The steps, in the order in which an entry meets them:

poll      asks one source for what is new, a page at a time, and lands each page in one transaction (`poll.py`);
look      tells from the raw bytes that a reply cannot concern any topic, so that it need not be parsed (`look.py`);
match     says why an entry concerns a topic, or that it does not (`match.py`);
identify  says what a mention is about: its own address, or the one page it shares (`identify.py`);
enrich    reads what a linked page says of itself (`enrich.py`);
cluster   makes what stands at an address into a work (`works.py`), compares two works (`alike.py`), and says which mentions are
          one story (`cluster.py`, whose step over a store has effects, too);
schedule  says when a source is asked again (`schedule.py`).

All but poll and the step over a store are pure: the same values give the same values, without network, database or clock.
"""
