"""How good the heuristics are: every labelled corpus is run through the program's own functions and scored. `make eval` prints it.

`metrics` counts, `corpora` reads and judges, `pins` knows what was reached before, `__main__` prints. A label says what the conventions
say and never what the code happens to do; whoever tunes a rule looks at `bundles.jsonl` and never at `bundles_held.jsonl`.
"""
