"""The mailbox that readers write to: requests to subscribe, to confirm and to leave, and what came back, read over IMAP.

    imap        the folder: new messages, the first part of each, handled ones put aside     the only importer of imaplib
    headers     a message taken apart, however broken it is                                  pure
    reading     one message ─► Ask | Signed | Returned | Complaint | Ignored                 pure
    automatic   was it a machine that answered?                                              pure
    bounces     delivery status notifications (RFC 3464), and what looks like one            pure
    complaints  feedback reports (RFC 5965)                                                  pure
    acting      what is done about it: membership and the ledger
    polling     which messages are new, and each acted on once

What counts is where a message was sent to, or its subject, and never what it quotes; who it says that it is from counts for one thing, a
request to subscribe, which leads to one letter to that address and to nothing else. A token is all the authority that confirming and
leaving need: it was given to one reader, and From can be forged. A message that proves to be ours (a good token, the Message-ID of a copy,
a request to subscribe) is handled and put aside, and deleted after four weeks, when the addresses of those who left are erased; whatever
else arrives is for a person, and is left as it is, unread.
"""
