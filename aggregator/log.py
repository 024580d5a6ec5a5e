"""The log: one line per unit of work, to stderr. Secrets mask themselves (`settings.Secret`); addresses of people are never logged."""

from __future__ import annotations

import logging
import sys


def start(*, verbose: int, quiet: bool) -> None:
    """Log warnings; with -v also what is done, with -vv also what is asked; with -q errors alone."""
    level = logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z"))
    logger = logging.getLogger("aggregator")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
