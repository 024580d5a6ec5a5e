"""Which mailer the configuration names."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.digest.mailers.folder import FolderMailer
from aggregator.digest.mailers.opening import PASSWORD, mailer_of
from aggregator.digest.mailers.smtp import SmtpMailer
from aggregator.errors import MissingSecret
from aggregator.settings import Digest, Secret, Settings, Site, Smtp
from tests.support.editions import digest_of

SERVER = Smtp(host="mail.example.org", user="crew", connections=3, per_second=4)


def configured(digest: Digest, **secrets: str) -> Settings:
    hidden = {name: Secret(text) for name, text in secrets.items()}
    return Settings(file=Path("sources.yaml"), site=Site(title="Crews"), topics=(), sources=(), digest=digest, secrets=hidden)


def test_a_mail_server_is_used_as_it_is_configured() -> None:
    mailer = mailer_of(configured(digest_of(through="smtp", smtp=SERVER), **{PASSWORD: "secret"}))
    assert isinstance(mailer, SmtpMailer)
    assert (mailer.server, mailer.password, mailer.width, mailer.per_second) == (SERVER, Secret("secret"), 3, 4)


def test_a_user_needs_a_password_and_no_user_needs_none() -> None:
    with pytest.raises(MissingSecret, match=f"{PASSWORD} is not set: set it to the password of digest.smtp.user"):
        mailer_of(configured(digest_of(through="smtp", smtp=SERVER)))
    mailer = mailer_of(configured(digest_of(through="smtp", smtp=Smtp(host="localhost")), **{PASSWORD: "of something else"}))
    assert isinstance(mailer, SmtpMailer)
    assert mailer.password is None


def test_the_folder_is_used_although_a_server_is_configured() -> None:
    assert isinstance(mailer_of(configured(digest_of(through="folder", smtp=SERVER))), FolderMailer)


@pytest.mark.parametrize("through", ["listmonk", "buttondown"])
def test_beside_a_service_that_sends_letters_go_by_the_server_that_is_there_or_into_the_folder(through: str) -> None:
    with_server = configured(digest_of(through=through, smtp=SERVER), **{PASSWORD: "secret"})
    assert isinstance(mailer_of(with_server), SmtpMailer)
    assert isinstance(mailer_of(configured(digest_of(through=through))), FolderMailer)
