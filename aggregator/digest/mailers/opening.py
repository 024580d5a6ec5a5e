"""Opens the mailer that the configuration names: the only code that knows which there are."""

from __future__ import annotations

from aggregator.digest.mailers import Mailer
from aggregator.errors import MissingSecret
from aggregator.settings import Secret, Settings

PASSWORD = "AGGREGATOR_SMTP_PASSWORD"  # noqa: S105  # its name


def mailer_of(settings: Settings) -> Mailer:
    """Who hands the digest's mails over.

    With listmonk and Buttondown, which send the editions themselves, it is for what is still mailed from here, confirmations: by the mail
    server where one is configured, else into the folder.

    Raises:
        MissingSecret: the mail server has a user, and there is no password.
    """
    digest = settings.digest
    assert digest is not None, "nobody opens a mailer without a digest"
    if digest.smtp is not None and digest.through != "folder":
        from aggregator.digest.mailers.smtp import SmtpMailer

        return SmtpMailer(digest.smtp, password=_password(settings) if digest.smtp.user else None)
    from aggregator.digest.mailers.folder import FolderMailer

    return FolderMailer(digest.folder)


def _password(settings: Settings) -> Secret:
    password = settings.secrets.get(PASSWORD)
    if password is None:
        raise MissingSecret(PASSWORD, "set it to the password of digest.smtp.user")
    return password
