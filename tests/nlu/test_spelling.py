"""Mistyped words, corrected; in Rasa's environment, where the assistant corrects them."""

import json
import subprocess
from pathlib import Path
from random import Random

import pytest

from bench.understanding.slips import with_slips
from nlu.typos import mistyped

ROOT = Path(__file__).parents[2]
CORRECT = """
import json, sys
from nlu.spelling import Speller
speller = Speller(json.loads(sys.argv[1]), {"placar", "lasanha"})
print(json.dumps([speller.corrected(each) for each in json.loads(sys.argv[2])]))
"""
TRAINED = [
    "quero abrir um chamado",
    "esqueci a senha do portal",
    "meu cnpj e numerocnpj",
    "a impressora parou",
]
CASES = {
    "quero abrit um chamdo": "quero abrir um chamado",
    "esqeuci a senah": "esqueci a senha",
    "impresssoraa": "impressora",
    "placar": "placar",
    "lasanha": "lasanha",
    "vc": "vc",
    "maria@gmial.com": "maria@gmial.com",
    "2026-000123": "2026-000123",
    "wanderleia": "wanderleia",
    "": "",
}


def test_unknown_words_become_the_nearest_known_one_and_nothing_else_changes() -> None:
    done = subprocess.run(
        [
            str(ROOT / ".venv-rasa" / "bin" / "python"),
            *("-c", CORRECT, json.dumps(TRAINED), json.dumps(list(CASES))),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert dict(zip(CASES, json.loads(done.stdout), strict=True)) == CASES


@pytest.mark.parametrize("slip", [mistyped, with_slips])
def test_slips_are_the_same_each_time_and_touch_letters_only(slip: object) -> None:
    assert callable(slip)
    text = "cnpj 11.222.333/0001-81 da loja"
    one, other = (slip(text, 3, Random(7)) for _ in range(2))
    assert one == other != text
    assert "11.222.333/0001-81" in one
    assert slip("2026-000123", 3, Random(7)) == "2026-000123"
    assert slip("n", 5, Random(7))
