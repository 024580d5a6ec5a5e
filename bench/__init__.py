"""Measures what the program costs, beside peers that do the same work in the same run. Nothing here is a test: only ratios count."""
