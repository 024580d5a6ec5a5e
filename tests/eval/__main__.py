"""`python -m tests.eval`: a table of the scores; exit code 1 when one has fallen."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

from tests.eval.corpora import HELD_BACK, Case
from tests.eval.pins import FILE, fallen, judged, pin, pinned, risen, scores_of

_COLUMNS = ("precision", "recall", "f1")


def main(words: Sequence[str] | None = None) -> int:
    """Judge every corpus and print what came out."""
    options = _options(words)
    cases = judged()
    scores = {corpus: scores_of(there) for corpus, there in cases.items()}
    _print_table(cases, scores)
    if options.families:
        _print_families(cases)
    if options.wrong:
        _print_wrong(cases, held=options.held)
    if options.pin:
        pin(scores)
        print(f"\nPinned in {FILE.name}.")
        return 0
    before = pinned()
    lower, higher = fallen(scores, before), risen(scores, before)
    for sentence in (*lower, *higher):
        print(sentence)
    if higher and not lower:
        print("Better than before: keep it with `make eval PIN=1`.")
    return 1 if lower else 0


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.eval", description="Score the heuristics by the labelled corpora.")
    parser.add_argument("--families", action="store_true", help="also the scores of each family of cases")
    parser.add_argument("--wrong", action="store_true", help="also each case that came out otherwise than labelled")
    parser.add_argument("--held", action="store_true", help="with --wrong: those held back, too; never look at them while tuning a rule")
    parser.add_argument("--pin", action="store_true", help="make these the scores that must not be fallen below")
    return parser.parse_args(words)


def _print_table(cases: Mapping[str, Sequence[Case]], scores: Mapping[str, Mapping[str, float]]) -> None:
    print(f"{'':42}{'cases':>7}{'wrong':>7}" + "".join(f"{column:>11}" for column in _COLUMNS))
    for corpus, made in scores.items():
        for measure in dict.fromkeys(name.rpartition(" ")[0] for name in made):
            _print_row(f"{corpus} {measure}".strip(), cases[corpus], [made[f"{measure} {column}".strip()] for column in _COLUMNS])


def _print_row(label: str, cases: Sequence[Case], shares: Sequence[float]) -> None:
    wrong = sum(bool(case.wrong) for case in cases)
    print(f"{label:42}{len(cases):>7}{wrong:>7}" + "".join(f"{share:>11.4f}" for share in shares))


def _print_families(cases: Mapping[str, Sequence[Case]]) -> None:
    print()
    for corpus, there in cases.items():
        families: dict[str, list[Case]] = defaultdict(list)
        for case in there:
            families[case.family].append(case)
        if len(families) > 1:
            for family, members in families.items():
                _print_row(f"{corpus}: {family}"[:41], members, list(scores_of(members).values())[:3])


def _print_wrong(cases: Mapping[str, Sequence[Case]], *, held: bool) -> None:
    for corpus, there in cases.items():
        wrong = [case for case in there if case.wrong]
        if corpus in HELD_BACK and not held:
            print(f"\n{corpus}: {len(wrong)} wrong cases, not shown")
            continue
        for case in wrong:
            print(f"\n{corpus}, {case.family}: {case.name}".replace(", :", ":"))
            for line in case.wrong:
                print(f"  {line}")


if __name__ == "__main__":
    sys.exit(main())
