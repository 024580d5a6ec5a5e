"""The weekly mail, from stories to one copy for each subscriber.

    period    which edition is due                                    pure
    compose   stories ─► Edition                                      pure
    rendering Edition ─► HTML and plain text                          templates
    lint      what must not go out                                    pure, but for looking links and the DNS up
    freeze    Edition, hash and a due row per recipient               ONE transaction, and a line in the journal
    deliver   due ─► claimed ─► handed over | refused | uncertain     the ledger first, then the mailer; crew.py has the threads
    journal   what was begun and what was accepted, append only       reconciling.py compares it at start: a restored database sends
                                                                      nothing twice, and what a dead process left behind is settled

An edition is frozen once; a send that was cut short is gone on with from the frozen bytes and the rows. A copy that was claimed and
whose end nobody has seen is *uncertain*, and is never sent again by the program itself.

Beside it, membership: asking, confirming, leaving and changing, the same by form (`aggregator serve`) and by mail (`aggregator mailbox`).
"""
