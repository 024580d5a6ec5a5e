"""The simplest honest peer: requests in 32 threads, feedparser, SQLite, ETags kept."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import feedparser
import requests

store = sqlite3.connect("peer.db")
store.execute("create table if not exists feed (url text primary key, etag text)")
store.execute("create table if not exists entry (url text, id text, title text, body text, primary key (url, id))")
etags = dict(store.execute("select url, etag from feed"))
session = requests.Session()
adapter = requests.adapters.HTTPAdapter(pool_connections=1100, pool_maxsize=2)
session.mount("http://", adapter)


def ask(url: str) -> tuple[str, requests.Response]:
    return url, session.get(url, headers={"If-None-Match": etags[url]} if url in etags else {}, timeout=20)


with ThreadPoolExecutor(32) as pool:
    for url, reply in pool.map(ask, Path("urls.txt").read_text().split()):
        if reply.status_code == 304:
            continue
        rows = [(url, entry.id, entry.title, entry.get("summary")) for entry in feedparser.parse(reply.content).entries]
        store.executemany("insert or ignore into entry values (?, ?, ?, ?)", rows)
        store.execute("insert or replace into feed values (?, ?)", (url, reply.headers["ETag"]))
        store.commit()
