"""The one sentence of a story, from descriptions as the web writes them. All names are made up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.boilerplate import is_boilerplate
from aggregator.text.excerpts import cut, mended, sentence, without_tail_tags

SAYS = "Small groups make large things possible, and here is how they do it."
SAGT = "Kleine Gruppen machen Großes möglich, und so gehen sie dabei vor."
DIT = "De petits groupes rendent possibles de grandes choses, et voici comment."
DICE = "Los grupos pequeños hacen posibles cosas grandes, y así es como lo logran."

# What stands there, and what is to be shown of it.
DESCRIPTIONS = {
    # -- nothing around it
    SAYS: SAYS,
    f"{SAYS} A second sentence that nobody needs.": SAYS,
    "What is care? A talk with Ada about what we owe each other and why it is hard.": (
        "What is care? A talk with Ada about what we owe each other and why it is hard."
    ),
    "We talked with Dr. Ada Lovelace about St. Gallen, e.g. its co-ops. More below.": (
        "We talked with Dr. Ada Lovelace about St. Gallen, e.g. its co-ops."
    ),
    "In this episode J. Doe of the U.S. Federation of Worker Co-ops speaks. Enjoy!": (
        "In this episode J. Doe of the U.S. Federation of Worker Co-ops speaks."
    ),
    "Am 3. Mai 2021 trafen wir uns zum ersten Mal in Gent. Es regnete.": "Am 3. Mai 2021 trafen wir uns zum ersten Mal in Gent.",
    "Wir lasen z. B. den Text von Frau Dr. Beispiel über Bünde und Banden. Es war gut.": (
        "Wir lasen z. B. den Text von Frau Dr. Beispiel über Bünde und Banden."
    ),
    "M. Dupont et Mme. Durand racontent comment leur équipe a survécu à l'hiver. Suite demain.": (
        "M. Dupont et Mme. Durand racontent comment leur équipe a survécu à l'hiver."
    ),
    "“Who is in?” she asked, and eleven hands went up at once in the room. Then silence.": (
        "“Who is in?” she asked, and eleven hands went up at once in the room."
    ),
    # -- invitations
    f"Continue reading\n\n{SAYS}": SAYS,
    f"{SAYS} Continue reading A quiet practice →": SAYS,
    "Small groups make large things possible, and here is how […] Continue reading A quiet practice →": (
        "Small groups make large things possible, and here is how…"
    ),
    "Small groups make large things possible, and here is how [&hellip;]".replace("&hellip;", "…"): (
        "Small groups make large things possible, and here is how…"
    ),
    "Small groups make large things possible, and here is how... Read more": "Small groups make large things possible, and here is how…",
    "Small groups make large things possible, and here is how (more…)": "Small groups make large things possible, and here is how…",
    f"Read the full story on our site. {SAYS}": SAYS,
    f"Sign up for our newsletter to get one mail a week. {SAYS}": SAYS,
    f"Subscribe now\n\n{SAYS}": SAYS,
    f"Thanks for reading Crew Letters! Subscribe for free to receive new posts.\n\n{SAYS}": SAYS,
    f"Crew Letters is a reader-supported publication. To receive new posts, consider becoming a subscriber. {SAYS}": (
        "To receive new posts, consider becoming a subscriber."
    ),
    f"Forwarded this email? Subscribe here for more\n\n{SAYS}": SAYS,
    f"{SAGT} Weiterlesen": SAGT,
    f"Jetzt anhören auf allen Plattformen. {SAGT}": SAGT,
    f"Abonniere unseren Rundbrief. {SAGT}": SAGT,
    f"Melde dich jetzt an und verpasse nichts mehr. {SAGT}": SAGT,
    f"Lire la suite\n\n{DIT}": DIT,
    f"Abonnez-vous à notre lettre. {DIT}": DIT,
    f"Inscrivez-vous pour recevoir nos articles. {DIT}": DIT,
    f"{DICE} Seguir leyendo »": DICE,
    f"Suscríbete a nuestro boletín. {DICE}": DICE,
    f"Haz clic aquí para escuchar el episodio completo. {DICE}": DICE,
    # -- cookies and walls
    f"We use cookies to give you the best experience. {SAYS}": SAYS,
    f"This website uses cookies. By continuing to browse you agree to our use of them. {SAYS}": SAYS,
    f"To give you the best experience, our partners and we use technologies such as cookies. {SAYS}": SAYS,
    f"Diese Website verwendet Cookies, um das Nutzererlebnis zu verbessern. {SAGT}": SAGT,
    f"Um unsere Seite optimal zu gestalten, verwenden wir Cookies. {SAGT}": SAGT,
    f"Nous utilisons des cookies pour améliorer votre expérience. {DIT}": DIT,
    f"En poursuivant votre navigation, vous acceptez l'utilisation de cookies. {DIT}": DIT,
    f"Utilizamos cookies propias y de terceros para mejorar nuestros servicios. {DICE}": DICE,
    f"Please enable JavaScript to view this page. {SAYS}": SAYS,
    # -- dates and reading times
    f"21 November 2026\n\n{SAYS}": SAYS,
    f"21 November 2026\n{SAYS}": SAYS,
    f"Nov 21, 2026 · 5 min read\n\n{SAYS}": SAYS,
    f"Nov 21, 2026 — {SAYS}": SAYS,
    f"5 min read · {SAYS}": SAYS,
    f"Posted on May 3, 2021 by Ada Example\n\n{SAYS}": SAYS,
    f"May 2021\n\n{SAYS}": SAYS,
    f"Veröffentlicht am 3. Mai 2021\n\n{SAGT}": SAGT,
    f"Lesezeit: 7 Minuten\n\n{SAGT}": SAGT,
    f"Publié le 3 mai 2021 par Ada Exemple\n\n{DIT}": DIT,
    f"Temps de lecture : 4 minutes\n\n{DIT}": DIT,
    f"3 de mayo de 2021\n\n{DICE}": DICE,
    f"Tiempo de lectura: 4 minutos\n\n{DICE}": DICE,
    f"03/05/2021\n\n{SAYS}": SAYS,
    # -- podcasts and videos
    f"{SAYS} --- Send in a voice message: https://anchor.fm/c/message Support this podcast: https://anchor.fm/c/support": SAYS,
    f"{SAYS}\n\n---\n\nThis episode is sponsored by\n· Anchor: The easiest way to make a podcast.": SAYS,
    f"Support this podcast: https://anchor.fm/crew/support\n\n{SAYS}": f"{SAYS}",
    f"Listen on Spotify, Apple Podcasts or wherever you get your podcasts. {SAYS}": SAYS,
    f"Listen now (52 mins) | {SAYS}": SAYS,
    f"{SAYS}\n\nThis is a public episode. If you'd like to discuss this with others, visit crew.example.": SAYS,
    f"Hosted on Acast. See acast.com/privacy for more information.\n\n{SAYS}": SAYS,
    f"Learn more about your ad choices. Visit megaphone.fm/adchoices\n\n{SAYS}": SAYS,
    f"00:00 Intro\n\n01:30 What is a crew?\n\n{SAYS}": SAYS,
    f"Music by the Examples.\n\nEdited by Bo.\n\n{SAYS}": SAYS,
    f"Episode summary: {SAYS}": SAYS,
    "Enjoy the videos and music you love, upload original content, and share it all with friends.": "",
    # -- credits
    f"Photo by Ada Example on Unsplash\n\n{SAYS}": SAYS,
    f"Photo by Ada Example on Unsplash {SAYS}": SAYS,
    f"Image credit: Bo Example\n\n{SAYS}": SAYS,
    f"Foto: Bo Beispiel\n\n{SAGT}": SAGT,
    f"Crédit photo : Bo Exemple\n\n{DIT}": DIT,
    f"Imagen de Bo Ejemplo\n\n{DICE}": DICE,
    f"{SAYS} The post A quiet practice appeared first on Crew Letters.": SAYS,
    f"This article was originally published on another site. {SAYS}": SAYS,
    # -- greetings, tags, addresses
    f"Hi everyone,\n\n{SAYS}": SAYS,
    f"Hallo zusammen!\n\n{SAGT}": SAGT,
    f"#microsolidarity #crews\n\n{SAYS}": SAYS,
    f"https://example.org/a\n\n{SAYS}": SAYS,
    f"{SAYS} https://example.org/a": SAYS,
    f"{SAYS[:-1]} #microsolidarity #crews": SAYS[:-1],
    f"🎧 Listen here: https://example.org/a\n\n{SAYS}": SAYS,
    f"Check out the video here: https://example.org/v\nPatreon: https://patreon.com/ada\n{SAYS}": SAYS,
    "A good read: https://example.org/a\n#crews": "A good read:",
    # -- honest sentences that begin as boilerplate does
    "Teilen macht Freude, und davon handelt dieser Text von Anfang an.": (
        "Teilen macht Freude, und davon handelt dieser Text von Anfang an."
    ),
    "Subscribers keep asking us how a crew begins, so we wrote it down.": (
        "Subscribers keep asking us how a crew begins, so we wrote it down."
    ),
    "Photography taught me how to look at the people I work with.": "Photography taught me how to look at the people I work with.",
    "Reading this book in a group of five changed how we disagree.": "Reading this book in a group of five changed how we disagree.",
    "Partager un repas, c'est déjà faire un peu confiance à un groupe.": (
        "Partager un repas, c'est déjà faire un peu confiance à un groupe."
    ),
    "We baked cookies for the whole site and talked until midnight.": "We baked cookies for the whole site and talked until midnight.",
    "In 2019 we were five, and nobody knew yet what a crew would be.": "In 2019 we were five, and nobody knew yet what a crew would be.",
    "Music brought us together long before we had a word for it.": "Music brought us together long before we had a word for it.",
    "Published authors rarely say how lonely the second book is.": "Published authors rarely say how lonely the second book is.",
    # -- nothing at all
    "Read more": "",
    "21 November 2026": "",
    "#one #two": "",
}


@pytest.mark.parametrize(("text", "shown"), DESCRIPTIONS.items())
def test_the_sentence_of_a_description(text: str, shown: str) -> None:
    assert sentence(text) == shown


TITLE = "A quiet practice"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"A quiet practice\n\n{SAYS}", SAYS),
        (f"A quiet practice. {SAYS}", SAYS),
        (f"A quiet practice — {SAYS}", SAYS),
        (f"A QUIET PRACTICE!\n\n{SAYS}", SAYS),
        (f"A quiet practice by Ada\n\n{SAYS}", SAYS),
        ("A quiet practice…", ""),
        ("A quiet practice is what remains when the noise is over.", "A quiet practice is what remains when the noise is over."),
        ("Ada's book shows what a quiet practice can do for seven.", "Ada's book shows what a quiet practice can do for seven."),
    ],
)
def test_the_title_is_not_said_again(text: str, shown: str) -> None:
    assert sentence(text, title=TITLE) == shown


LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"


@pytest.mark.parametrize(
    ("summary", "text", "shown"),
    [
        # Cut by a machine, perhaps inside a word.
        (f"{LONG[:98]}...", "", f"{LONG[:98].rpartition(' ')[0]}…"),
        (f"{LONG[:98]}…", "", f"{LONG[:98].rpartition(' ')[0]}…"),
        # As above, and the text goes on.
        (f"{LONG[:98]}…", f"{LONG} and so on.", f"{LONG} and so on."),
        # Cut at a place that nobody has marked.
        (f"{LONG} nineteen twe", "", f"{LONG} nineteen…"),
        # Between words.
        (f"{LONG[:80]} …", "", f"{LONG[:80]}…"),
        # An author's own.
        ("And then…", "", "And then…"),
        (SAYS, "", SAYS),
    ],
)
def test_a_summary_that_was_cut_off_ends_with_a_whole_word(summary: str, text: str, shown: str) -> None:
    assert mended(summary, text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("We met in Ghent. #crews", "We met in Ghent."),
        ("We met in Ghent\n#crews", "We met in Ghent"),
        ("We met in Ghent #crews #care #microsolidarity", "We met in Ghent"),
        ("Four quiet days in Ghent #crews #care", "Four quiet days in Ghent"),
        ("Discussing #microsolidarity", "Discussing #microsolidarity"),
        ("A short history of #microsolidarity", "A short history of #microsolidarity"),
        ("A reader about #crews #care #microsolidarity", "A reader about #crews #care #microsolidarity"),
        ("#crews #care", "#crews #care"),
        ("C# and F#", "C# and F#"),
        ("We met in Ghent.", "We met in Ghent."),
    ],
)
def test_hashtags_at_the_end_go_and_those_in_a_sentence_stay(text: str, shown: str) -> None:
    assert without_tail_tags(text) == shown


@given(st.text(), st.integers(min_value=5, max_value=250), st.text(max_size=30))
def test_a_sentence_is_never_longer_than_asked_and_never_boilerplate(text: str, limit: int, title: str) -> None:
    shown = sentence(text, limit, title=title)
    assert len(shown) <= limit
    assert not shown or re.search(r"[^\W\d_]", shown) or "…" in shown


@given(st.lists(st.sampled_from(LONG.split()), min_size=30, max_size=90).map(" ".join))
def test_no_word_is_cut(text: str) -> None:
    shown = cut(text, 200)
    assert text == shown or (shown.endswith("…") and text.startswith(shown[:-1] + " "))


def test_a_hostile_text_costs_no_time() -> None:
    for text in ("a." * 20_000, "[…] " * 8_000, "#a" * 20_000, "- " * 20_000, "1.1." * 10_000, "by " * 12_000, "der beitrag " * 4_000):
        assert len(sentence(text)) <= 200


def test_a_date_is_a_line_of_its_own_and_not_a_number_in_a_sentence() -> None:
    assert is_boilerplate("Montag, 3. Mai 2021")
    assert not is_boilerplate("In May 2021 five of us met.")
