"""What holds for every test: random examples are the same at each run, and no test is timed.

A run is red because something was changed, and not because a machine was busy or a new example was drawn. `make explore` draws new ones.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("AGGREGATOR_EXAMPLES", "repeatable"))
