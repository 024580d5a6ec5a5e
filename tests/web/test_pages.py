"""The templates of the pages, and what an operator may make of them."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.errors import AggregatorError
from aggregator.publish.render import Templates, content_hash
from aggregator.publish.templates import folders
from aggregator.settings import Settings
from aggregator.web.pages import Pages
from aggregator.web.signup import Choice
from tests.support.reception import serving_settings
from tests.support.site import TEMPLATES, site_of

URL = "https://example.org/digest/"
OWN = sorted(path.name for path in TEMPLATES.glob("web_*"))


def pages_with(folder: Path, **files: str) -> Pages:
    """The pages of an operator who has templates of their own."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    settings = replace(serving_settings(folder, URL), templates=folder)
    return Pages(settings, Templates(folders(settings.templates)))


def settings_called(title: str, folder: Path) -> Settings:
    return replace(serving_settings(folder, URL), site=site_of(title=title, language="ar"))


def test_an_operator_may_replace_one_template_and_keep_the_others(tmp_path: Path) -> None:
    pages = pages_with(tmp_path, web_leave__html='{% extends "web_base.html" %}{% block heading %}Tschüss?{% endblock %}')
    assert "<h1>Tschüss?</h1>" in pages.leave("token")
    assert "<h1>Get it by mail</h1>" in pages.subscribe("")


def test_the_operators_own_style_is_let_in(tmp_path: Path) -> None:
    pages = pages_with(tmp_path, web_style__css="h1{color:red}")
    assert content_hash("h1{color:red}") in pages.styles
    assert "<style>h1{color:red}</style>" in pages.subscribe("")


@pytest.mark.parametrize("name", OWN)
def test_every_template_is_used_and_its_faults_are_told_at_the_start(tmp_path: Path, name: str) -> None:
    pages = pages_with(tmp_path)
    pages.rehearse()
    shutil.copy(TEMPLATES / name, tmp_path / name)
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write("{% block %}")
    with pytest.raises(AggregatorError, match=rf"the template {re.escape(name)}"):
        pages_with(tmp_path).rehearse()


def test_a_style_sheet_that_would_end_early_is_told(tmp_path: Path) -> None:
    with pytest.raises(AggregatorError, match=r"web_style\.css holds '</'"):
        _ = pages_with(tmp_path, web_style__css="</style><script>").styles


def test_titles_are_text_in_their_own_language(tmp_path: Path) -> None:
    settings = settings_called("<b>التضامن</b>", tmp_path)
    pages = Pages(settings, Templates((TEMPLATES,)))
    for page in (pages.subscribe(""), pages.confirm("t", Choice(rhythm="weekly")), pages.leave("t"), pages.broken(), pages.refused("lost")):
        assert "<b>" not in page
        assert 'lang="ar" dir="auto">&lt;b&gt;التضامن&lt;/b&gt;<' in page
        assert '<html lang="en">' in page


def test_the_day_on_which_an_address_is_forgotten_is_one_of_the_digests_zone(tmp_path: Path) -> None:
    settings = serving_settings(tmp_path, URL, timezone="America/Los_Angeles")
    left = Pages(settings, Templates((TEMPLATES,))).left("", datetime(2026, 12, 20, tzinfo=UTC))
    assert "19 December 2026" in left


def test_a_choice_that_is_not_configured_any_more_is_shown_as_it_is(tmp_path: Path) -> None:
    """Rhythm and topics of a subscriber may have left the configuration; the form then has nothing chosen in their place."""
    pages = Pages(serving_settings(tmp_path, URL), Templates((TEMPLATES,)))
    page = pages.change("t", Choice(rhythm="daily", topics=("gone",)))
    assert "checked" not in page
    assert "weekly" in page
