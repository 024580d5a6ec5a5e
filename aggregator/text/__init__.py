"""Pure reading of text: addresses, platform ids, markup, words, dates, encodings, and what a page says of itself."""
