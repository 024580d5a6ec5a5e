"""Stories to files. `site.publish` is the whole of it; everything else here is pure, except files.py, which writes.

words.py, dates.py and notes.py make text, days and chosen notes fit to be shown · leads.py says what is shown of the thing itself,
people.py whose posts are one person's, voices.py who talks, ties.py why it is one story · stories.py makes the view of a story of these,
shelves.py says on which list it stands, sources.py and views.py make the views of sources and pages · feeds.py with tombstones.py,
listing.py, opml.py and markdown.py make files without a template · templates.py finds the templates, render.py fills them ·
story_pages.py and year_pages.py keep the many pages, digests.py with story_lines.py those of editions that were mailed, made_from.py tells
which of them are as they were, files.py writes · making.py makes all of it, site.py says whether anything has to be made.
"""
