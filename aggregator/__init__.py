"""Watches the web for what a community is talked about, joins what is the same, and keeps a page of it."""

__version__ = "0.1.0"
