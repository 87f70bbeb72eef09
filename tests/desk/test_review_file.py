"""What was decided becomes Rasa's YAML: added to what is there, each once, whole or not at all."""

import os
import subprocess
import threading
from pathlib import Path

import pytest
import yaml

from desk.errors import Conflict, Invalid
from desk.review.masking import Mark
from desk.review.training_data import read_training_data
from desk.review.writing import Lesson, is_writable, propose, write

WRITTEN_BY_HAND = """# da equipe
version: "3.1"  # do Rasa

nlu:
# pessoas
- intent: talk_to_human
  examples: |
    - chama alguém
    - quero gente

# termos
- synonym: nota fiscal
  examples: |
    - nf
- intent: greet   # olá
  examples: |-
    - oi
    - meu cnpj é [38119044000108](cnpj)
# fim
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small project."""
    folder = tmp_path / "data"
    (folder / "smalltalk").mkdir(parents=True)
    (folder / "smalltalk" / "nlu.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: thanks\n  examples: |\n    - Muito obrigado!\n'
    )
    (tmp_path / "domain.yml").write_text(
        "intents: [greet, thanks, talk_to_human, nlu_fallback, human_finished]\n"
        "entities: [email, {cnpj: {influence_conversation: false}}]\n"
        "slots: {identified: {influence_conversation: true}, menu: {type: any}}\n"
    )
    return folder


def review_file(data: Path, content: str = WRITTEN_BY_HAND) -> Path:
    """The review file as somebody left it."""
    path = data / "review" / "nlu.yml"
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    return path


def test_the_intents_and_entities_that_may_be_taught_are_those_of_the_domain(data: Path) -> None:
    read = read_training_data(data)
    assert read.intents == ["greet", "talk_to_human", "thanks"]
    assert read.entities == ["cnpj", "email"]
    assert read.slots == {"identified"}


def test_the_first_lesson_makes_the_file(data: Path) -> None:
    proposal = write(data, [Lesson("greet", "eae 38119044000108", [Mark(4, 18, "cnpj")])])
    assert len(proposal.added) == 1
    (entry,) = yaml.safe_load((data / "review" / "nlu.yml").read_text())["nlu"]
    assert entry == {"intent": "greet", "examples": "- eae [38119044000108](cnpj)\n"}


def test_lines_are_added_and_what_stood_there_stays_with_its_comments(data: Path) -> None:
    path = review_file(data)
    write(data, [Lesson("talk_to_human", "me dá um humano"), Lesson("thanks", "brigadão")])
    before, after = WRITTEN_BY_HAND.splitlines(), path.read_text("utf-8").splitlines()
    assert [line for line in after if line not in before] == [
        "    - me dá um humano",
        "- intent: thanks",
        "    - brigadão",
    ]
    assert [line for line in before if line not in after] == []
    assert [line for line in after if line in before][: len(before)] == before
    assert after.index("    - me dá um humano") == after.index("    - quero gente") + 1


def test_a_block_without_its_last_newline_is_gone_on_with(data: Path) -> None:
    path = review_file(data)
    write(data, [Lesson("greet", "bom dia")])
    entries = yaml.safe_load(path.read_text("utf-8"))["nlu"]
    assert entries[2]["examples"].splitlines()[-1] == "- bom dia"
    assert "# fim" in path.read_text("utf-8")


def test_what_the_training_data_knows_is_not_written_again(data: Path) -> None:
    review_file(data)
    known = [Lesson("thanks", "muito  OBRIGADO"), Lesson("greet", "Oi!!"), Lesson("greet", "opa")]
    proposal = propose(data, [*known, Lesson("greet", "Opa!")])
    assert [each.sentence for each in proposal.added] == ["opa"]
    assert [each.sentence for each in proposal.known] == ["muito  OBRIGADO", "Oi!!", "Opa!"]


def test_what_the_training_data_says_otherwise_is_left_out_and_told(data: Path) -> None:
    proposal = write(data, [Lesson("greet", "muito obrigado", message_id=7)])
    assert [(each.sentence, other) for each, other in proposal.contradicting] == [
        ("muito obrigado", "thanks")
    ]
    assert proposal.settled == []
    assert not (data / "review" / "nlu.yml").exists()


def test_in_the_review_file_itself_the_last_decision_holds(data: Path) -> None:
    path = review_file(data)
    write(data, [Lesson("greet", "quero gente")])
    by_intent = {
        entry["intent"]: entry["examples"]
        for entry in yaml.safe_load(path.read_text("utf-8"))["nlu"]
        if "intent" in entry
    }
    assert "quero gente" not in by_intent["talk_to_human"]
    assert "- quero gente" in by_intent["greet"]


@pytest.mark.parametrize("content", [None, WRITTEN_BY_HAND, WRITTEN_BY_HAND.rstrip("\n")])
def test_the_patch_is_one_that_git_applies(data: Path, content: str | None) -> None:
    if content is not None:
        review_file(data, content)
    proposal = propose(data, [Lesson("greet", "eae 😀"), Lesson("thanks", "vlw")])
    patch = data.parent / "x.patch"
    patch.write_text(proposal.patch, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=data.parent, check=True)
    subprocess.run(["git", "apply", "x.patch"], cwd=data.parent, check=True)
    assert (data / "review" / "nlu.yml").read_text("utf-8") == proposal.after


def test_a_file_that_is_no_yaml_is_named_and_left_alone(data: Path) -> None:
    path = review_file(data, "nlu:\n- intent: [")
    with pytest.raises(Invalid, match=r"review/nlu\.yml"):
        write(data, [Lesson("greet", "eae")])
    assert path.read_text() == "nlu:\n- intent: ["


def test_in_a_read_only_folder_nothing_is_written_and_the_words_say_so(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "review").write_text("a file where the folder should be")
    with pytest.raises(Conflict, match="só de leitura"):
        write(data, [Lesson("greet", "eae")])
    assert propose(data.parent / "data", [Lesson("greet", "eae")]).patch.startswith("--- /dev/null")
    assert not is_writable(data / "nowhere")
    if os.geteuid() != 0:  # root may write anywhere
        data.chmod(0o500)
        assert not is_writable(data)


def test_two_who_write_at_once_both_find_their_lines(data: Path) -> None:
    lessons = [[Lesson("greet", f"eae {who} {line}") for line in range(20)] for who in range(4)]
    writers = [threading.Thread(target=write, args=(data, each)) for each in lessons]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    (entry,) = yaml.safe_load((data / "review" / "nlu.yml").read_text())["nlu"]
    assert len(entry["examples"].splitlines()) == 80
    assert [each.name for each in (data / "review").iterdir()] == ["nlu.yml"]
