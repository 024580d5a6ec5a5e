"""Stories to files. `site.publish` is the whole of it; everything else here is pure, except files.py, which writes.

words.py, dates.py and notes.py make text, days and chosen notes fit to be shown · voices.py, stories.py and sources.py make the views of
one thing, views.py those of a page · feeds.py, listing.py, opml.py and markdown.py make files without a template · templates.py finds the
templates, render.py fills them · files.py writes · site.py says which files there are.
"""
