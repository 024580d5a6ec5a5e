"""ural and w3lib on the URLs of urls.txt: lines "name rate"."""

import time
from pathlib import Path

from ural import normalize_url
from w3lib.url import canonicalize_url

urls = Path("urls.txt").read_text().split("\n")
for name, canonical in (("ural.normalize_url", normalize_url), ("w3lib.canonicalize_url", canonicalize_url)):
    began = time.perf_counter()
    for url in urls:
        canonical(url)
    print(name, len(urls) / (time.perf_counter() - began))
