"""Mails to hand over, and a count of how often a mailer said that it begins."""

from __future__ import annotations

from aggregator.digest.mailers import Mail


class Began:
    """The callback of `Line.hand_over`."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def mail(address: str = "ada@example.org", *, recipient: str = "aaaaaaaaaaaaaaaa", number: int = 1, body: bytes = b"Hello.\r\n") -> Mail:
    """A mail from digest@example.org."""
    message_id = f"{recipient}.{number}@example.org"
    head = f"To: {address}\r\nMessage-ID: <{message_id}>\r\nFrom: digest@example.org\r\nSubject: Hello\r\n\r\n"
    return Mail(recipient=recipient, address=address, sender="digest@example.org", message_id=message_id, content=head.encode() + body)
