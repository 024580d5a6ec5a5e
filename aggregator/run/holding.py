"""Sources that changed their nature: said once, and held until the steward approves them."""

from __future__ import annotations

from aggregator.app import App
from aggregator.pipeline.nature import released


def release_held(app: App) -> None:
    """Hold no longer the sources that the steward approved after they came to be held; what they are now is what they are like."""
    held = [state for state in app.store.states().values() if state.held is not None]
    if not held:
        return
    decisions = app.store.decisions.standing()
    after = [(state, released(state, decisions)) for state in held]
    app.store.settle_all([(now, None) for before, now in after if now is not before])
