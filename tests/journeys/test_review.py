"""From a message that the bot does not understand to a bot that does: a designer's whole way."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from playwright.sync_api import Page, expect

from deploy.local.processes import environment_of
from deploy.local.stages import RASA_ENVIRONMENT
from deploy.local.training import MODEL, RASA, ROOT
from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import LIVE_MS, check_accessible, check_fits
from tests.system import RunningSystem
from tests.webchat import WebChat, wait_until

# Words of nobody's language: no training data knows them.
SAYINGS = ("zorbleta mivunque", "zorbleta mivunque já", "zorbleta mivunque hoje")
DESIGNER, PASSWORD = "dani@demo.ponte", "senha-da-designer"
LEFT_OUT = shutil.ignore_patterns("__pycache__")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what an assistant is made of: the checkout's own data stays as it is."""
    folder = tmp_path / "project"
    for name in ("data", "nlu", "deploy", "desk", "requirements", "tests/dialogues"):
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    for name in ("domain.yml", "config.yml", "endpoints.yml", "credentials.yml"):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv-rasa").symlink_to((ROOT / ".venv-rasa").resolve())
    return folder


@pytest.fixture
def taught(project: Path, tmp_path: Path) -> Iterator[RunningSystem]:
    """A running system whose training data is the copy, and a designer in its team."""
    # Whatever the assistant takes the words for, it is never so sure.
    running = RunningSystem(tmp_path / "var", data_dir=project / "data", review_below=1.0)
    try:
        running.start()
        subprocess.run(
            [
                *(sys.executable, "-m", "handoff", "create-user", DESIGNER, "Dani Designer"),
                *("--role", "designer"),
            ],
            cwd=ROOT,
            env=environment_of(running.settings) | {"PONTE_NEW_PASSWORD": PASSWORD},
            check=True,
            capture_output=True,
        )
        yield running
    finally:
        running.stop()


@pytest.mark.timeout(1500)
def test_from_an_unsure_message_to_a_trained_fix(
    taught: RunningSystem, project: Path, open_page: OpenPage
) -> None:
    for place, saying in enumerate(SAYINGS):
        with WebChat(taught) as chat:
            # A name and an address of their own, which nobody may find in the training data.
            address = f"jussara.{place}@estrela.com.br"
            for text in ("oi", "11.222.333/0001-81", "Jussara Quintanilha", address):
                chat.ask(text)
            said = chat.ask(f"{saying}, aqui é a Jussara")
            assert "fila" not in said
    page = sign_in(taught, open_page("dani", viewport={"width": 390, "height": 800}))
    decide_on_the_group(page, taught)
    path = project / "data" / "review" / "nlu.yml"
    write_the_file(page, taught, path)
    story = download(page, taught)
    (project / "tests" / "dialogues" / "test_review.yml").write_text(story, encoding="utf-8")
    train_and_load(taught, project)
    with WebChat(taught) as chat:
        assert "fila" in chat.ask(f"{SAYINGS[0]}, aqui é a Jussara")
    rasa(project, "data", "validate", "--fail-on-warnings")
    only = ("--stories", "tests/dialogues/test_review.yml")
    # The story is that of the day before: it is read, and its last turn goes otherwise now.
    rasa(project, "test", "core", "--e2e", *only, "--model", str(MODEL), "--no-plot")


def sign_in(system: RunningSystem, page: Page) -> Page:
    """The designer begins at the review."""
    page.goto(f"{system.base_url}/console/login")
    page.get_by_label("E-mail").fill(DESIGNER)
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    expect(page.get_by_role("heading", name="Revisão")).to_be_visible()
    expect(page.locator("#connection")).to_have_text("Ao vivo", timeout=LIVE_MS)
    return page


def decide_on_the_group(page: Page, system: RunningSystem) -> None:
    """The three lie together; they are taught, opened again, and taught once more."""
    group = page.locator(".review-group", has_text="zorbleta")
    wait_until(lambda: page.reload() and "3" in "".join(group.all_inner_texts()), what="the group")
    expect(group).to_have_count(1)
    expect(group.locator(".review-group__count")).to_contain_text("3")
    assert "Jussara" not in page.locator("main").inner_text()
    check_fits(page, "the review")
    check_accessible(page, "the review")
    picture(page, "review-groups", full_page=True)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    for undone in (True, False):
        if not undone:
            group.click()
        expect(page.locator(".review-item")).to_have_count(3)
        page.locator(".review-item__around summary").first.click()
        expect(page.locator(".around__line[aria-current]").first).to_contain_text("zorbleta")
        assert "Jussara" not in page.locator("main").inner_text()
        picture(page, "review-group", full_page=True)
        page.get_by_label("Intenção certa").select_option("talk_to_human")
        page.get_by_role("button", name="Ensinar").click()
        expect(page.get_by_text("Decisão guardada.")).to_be_visible()
        expect(group).to_have_count(0)
        if undone:
            page.get_by_role("button", name="Desfazer").click()
            expect(group).to_have_count(1)


def write_the_file(page: Page, system: RunningSystem, path: Path) -> None:
    """What changes is shown, then written, and nothing of it is anybody's."""
    page.get_by_role("link", name="Levar para o treino").click()
    expect(page.locator(".patch")).to_contain_text("+    - zorbleta mivunque, aqui é a Maria")
    check_accessible(page, "the export")
    picture(page, "review-export", full_page=True)
    page.get_by_role("button", name="Escrever no arquivo").click()
    expect(page.get_by_text("Escrito. Agora treine")).to_be_visible()
    expect(page.get_by_text("Nada novo para escrever.")).to_be_visible()
    written = path.read_text(encoding="utf-8")
    assert "Jussara" not in written
    (entry,) = yaml.safe_load(written)["nlu"]
    assert entry["intent"] == "talk_to_human"
    assert sorted(entry["examples"].split("\n")) == sorted(
        ["", *(f"- {saying}, aqui é a Maria" for saying in SAYINGS)]
    )


def download(page: Page, system: RunningSystem) -> str:
    """The conversation of one of them as a test story, without anything of hers."""
    page.goto(f"{system.base_url}/console/review?state=done")
    page.locator(".review-group", has_text="zorbleta").click()
    page.locator(".review-item__around summary").first.click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Baixar como história de teste").first.click()
    story = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert "Jussara" not in story
    assert "jussara" not in story
    assert "zorbleta" in story
    assert "- action: " in story
    return story


def train_and_load(system: RunningSystem, project: Path) -> None:
    """Trains the copy as `make train` does, and gives the model to the running Rasa."""
    environment = os.environ | {"PONTE_VAR_DIR": str(project / "var"), "PYTHONPATH": ""}
    command = [sys.executable, "-m", "deploy.local.training"]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = httpx.put(
        f"{system.rasa_url}/model",
        params={"token": system.rasa_token},
        json={"model_file": str(project / "models" / "ponte.tar.gz")},
        timeout=120,
    )
    assert answer.status_code == 204, answer.text


def rasa(project: Path, *command: str) -> None:
    """A command of Rasa in the copy."""
    done = subprocess.run(
        [str(RASA), *command],
        cwd=project,
        env=os.environ | RASA_ENVIRONMENT | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
