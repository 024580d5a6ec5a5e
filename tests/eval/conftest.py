"""A steward with an empty folder."""

from tests.scenarios.conftest import steward

__all__ = ["steward"]
