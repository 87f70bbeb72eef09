"""Held-out questions and messages lead somewhere, and nobody trains on them."""

from pathlib import Path

import yaml

from desk.knowledge.folder import page_files, read_folder
from desk.knowledge.passages import anchor_of
from desk.sentiment.training import read_sentences
from desk.text import fold

ROOT = Path(__file__).parents[2]
SHORT_WORDS = 4
HELP = ROOT / "help_center"
QUESTIONS = yaml.safe_load((Path(__file__).parent / "questions.yml").read_text("utf-8"))
MESSAGES = yaml.safe_load((ROOT / "tests" / "sentiment" / "held_out.yml").read_text("utf-8"))


def test_every_page_and_section_that_a_question_names_exists() -> None:
    places = {path for path, _ in page_files(HELP)}
    for source in read_folder(HELP, "/ajuda"):
        for section in source.page.sections:
            if section.headings:
                places.add(f"{source.page.path}#{anchor_of(section.headings[-1])}")
    named = {place for question in QUESTIONS for place in question["pages"]}
    assert named - places == set()


def test_no_page_carries_a_held_out_question() -> None:
    asked = {fold(question["text"]).strip(" ?!.") for question in QUESTIONS}
    for source in read_folder(HELP, "/ajuda"):
        for section in source.page.sections:
            for phrasing in section.phrasings:
                assert fold(phrasing).strip(" ?!.") not in asked, f"{source.page.path}: {phrasing}"


def test_no_held_out_message_but_everybodys_short_words_is_trained_on() -> None:
    trained = {fold(text).strip(" ?!.") for text in read_sentences().texts}
    repeated = [each["text"] for each in MESSAGES if fold(each["text"]).strip(" ?!.") in trained]
    assert [text for text in repeated if len(text.split()) > SHORT_WORDS] == []


def test_the_sets_are_large_and_balanced_enough_to_judge_by() -> None:
    for split in ("dev", "test"):
        kinds = [each["kind"] for each in QUESTIONS if each["split"] == split]
        assert kinds.count("plain") >= 120
        assert kinds.count("colloquial") >= 120
        assert kinds.count("off_topic") >= 60
    feelings = [each["feeling"] for each in MESSAGES]
    assert min(feelings.count(feeling) for feeling in set(feelings)) >= 60
