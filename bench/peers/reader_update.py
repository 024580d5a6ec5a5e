"""lemon24/reader, 20 workers: a feed reader library with a store of its own."""

from pathlib import Path

from reader import make_reader

reader = make_reader("reader.db")
known = {feed.url for feed in reader.get_feeds()}
for url in Path("urls.txt").read_text().split():
    if url not in known:
        reader.add_feed(url)
# Also feeds whose time has not come: the second poll follows the first at once.
reader.update_feeds(workers=20, scheduled=False)
