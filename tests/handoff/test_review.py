"""The review over HTTP: who may, what is shown, what is decided and written; the bot's own word."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from desk.conversations.understanding import Understood
from desk.passwords import hash_password
from desk.team.tables import Role
from desk.team.users import find_user
from handoff.bot import BotConfused, RasaClient, check_items, replies_of, understood_of
from tests.desk.building import a_user
from tests.fakes.http import FakeServer
from tests.fakes.rasa import LISTEN, TOKEN, FakeRasa, gives
from tests.handoff.serving import PASSWORD, Served, Visitor

ROLES = {"dani": Role.DESIGNER, "bia": Role.DESIGNER}
DOMAIN = "intents: [greet, ask_docs, talk_to_human, nlu_fallback]\nentities: [cnpj, email]\n"
TRAINED = 'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - oi\n'


def told(intent: str, confidence: float, *actions: str) -> dict[str, Any]:
    """What Rasa tells beside a reply."""
    return {
        "custom": {
            "understood": {
                "intent": intent,
                "confidence": confidence,
                "ranking": [["ask_docs", confidence], ["greet", 0.1]],
                "entities": [],
                "form": None,
                "actions": list(actions),
                "responses": [],
            }
        }
    }


LOST = told("nlu_fallback", 0.3, "action_rephrase")


@pytest.fixture
def data(served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Training data of the test's own."""
    folder = tmp_path / "data"
    (folder / "talk").mkdir(parents=True)
    (folder / "talk" / "nlu.yml").write_text(TRAINED)
    (tmp_path / "domain.yml").write_text(DOMAIN)
    # Settings are frozen; the running service reads this one at every request.
    monkeypatch.setitem(vars(served.services.settings), "data_dir", folder)
    return folder


@pytest.fixture(autouse=True)
def people(served: Served) -> None:
    """Two designers, once a service."""

    async def add() -> None:
        async with served.database.transaction() as session:
            for name, role in ROLES.items():
                email = f"{name}@demo.ponte"
                if await find_user(session, email) is None:
                    await a_user(session, email, role, password_hash=await hash_password(PASSWORD))

    served.call(add())


@pytest.fixture
def dani(served: Served) -> Iterator[httpx.Client]:
    """A designer's program."""
    with served.team("dani@demo.ponte") as client:
        yield client


def lost(served: Served, *texts: str) -> list[int]:
    """Messages that the bot does not understand, when they lie in the review."""
    with served.visitor() as visitor:
        for text in texts:
            served.rasa.turns.append(gives([{"text": "Desculpe?"}, LOST]))
            visitor.post(text)
            said = len(texts[: texts.index(text) + 1])
            served.until(lambda said=said: replies(visitor) >= said, "the reply")  # type: ignore[misc]
        mine = {each["id"] for each in visitor.messages() if each["direction"] == "in"}
    with served.team("dani@demo.ponte") as api:
        served.until(lambda: mine <= set(found(api)), "the review")
    return sorted(mine)


def replies(visitor: Visitor) -> int:
    """How many replies the visitor has."""
    return sum(each["direction"] == "out" for each in visitor.messages())


def found(api: httpx.Client, **filters: str) -> dict[int, dict[str, Any]]:
    """All messages of the review that fit, by their number."""
    messages: dict[int, dict[str, Any]] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = api.get("/review/groups", params=filters | {"cursor": cursor}).json()
        cursor = page["next_cursor"]
        for group in page["groups"]:
            listed = api.get(f"/review/groups/{group['id']}", params=filters).json()
            messages |= {each["message"]: each for each in listed["messages"]}
    return messages


def test_designers_and_admins_decide_others_may_not_even_look(served: Served) -> None:
    for email, status in (
        ("dani@demo.ponte", 200),
        ("admin@demo.ponte", 200),
        ("supervisora@demo.ponte", 403),
        ("ana@demo.ponte", 403),
    ):
        with served.team(email) as api:
            for path in ("/review/groups", "/review/quality", "/review/rates"):
                assert api.get(path).status_code == status, (email, path)
    with served.team("dani@demo.ponte") as dani:
        assert dani.get("/conversations").status_code == 403
        assert dani.get("/contacts").status_code == 403


def test_what_was_not_understood_is_found_without_anything_personal(
    served: Served, dani: httpx.Client
) -> None:
    word = uuid.uuid4().hex[:6]
    (message,) = lost(served, f"{word} sou a Jurema, cnpj 44.555.666/0001-81, (11) 98765-4321")
    item = found(dani)[message]
    assert item["text"] == f"{word} sou a Maria, cnpj 38.119.044/0001-08, (11) 91234-5678"
    assert item["entities"][0]["entity"] == "cnpj"
    assert (item["reason"], item["understood"], item["state"]) == (
        *("fallback", "nlu_fallback"),
        "open",
    )
    assert item["guesses"][0] == {"intent": "ask_docs", "confidence": 0.3}
    assert item["answered"] == ["action_rephrase"]
    assert message not in found(dani, reason="unsure")
    assert dani.get("/review/groups", params={"reason": "x"}).status_code == 400


def test_what_was_decided_is_written_once_and_can_be_taken_along(
    served: Served, dani: httpx.Client, data: Path
) -> None:
    ids = lost(served, "cadê a nota", "Cadê a NOTA?", "oi!!")
    body = {"messages": ids, "intent": "ask_docs", "entities": []}
    assert dani.post("/review/decisions", json=body | {"intent": "x"}).status_code == 400
    assert dani.post("/review/decisions", json=body).status_code == 201
    assert "+    - cadê a nota\n" in dani.get("/review/training.patch").text
    assert yaml.safe_load(dani.get("/review/training.yml").text)["nlu"][0]["intent"] == "ask_docs"
    answer = dani.post("/review/training").json()
    # "oi" is a greeting in the training data: both cannot be learned.
    assert answer == {"added": 1, "known": 1, "contradicting": 1}
    (entry,) = yaml.safe_load((data / "review" / "nlu.yml").read_text())["nlu"]
    assert entry["examples"] == "- cadê a nota\n"
    done = found(dani, state="done")
    assert [done[each]["written"] for each in ids] == [True, True, False]
    assert dani.post("/review/undo", json={"messages": ids}).json() == {"undone": 3}


def test_the_second_of_two_designers_is_told_and_loses_nothing_that_was_typed(
    served: Served, dani: httpx.Client, data: Path
) -> None:
    word = uuid.uuid4().hex
    first, second = lost(served, f"cadê meu {word}", f"cade o meu {word}")
    group = found(dani)[first]["group"]
    assert found(dani)[second]["group"] == group
    with served.client(Origin=served.base_url) as bia:
        login = {"email": "bia@demo.ponte", "password": PASSWORD}
        assert bia.post("/console/login", data=login).headers["location"] == "/console/review"
        page = bia.get(f"/console/review/groups/{group}").text
        csrf = re.findall(r'data-csrf="([0-9a-f]+)"', page)[0]
        dani.post("/review/decisions", json={"messages": [first], "intent": None})
        typed: dict[str, Any] = {
            **{"csrf": csrf, "act": "teach", "intent": "talk_to_human"},
            "m": [str(first)],
            "mark": [f"{second}:0:1:cnpj:b"],
        }
        answer = bia.post(f"/console/review/groups/{group}", data=typed)
        assert answer.status_code == 409
        assert "Dani Silva acabou de descartar 1" in answer.text
        assert re.search(r'value="talk_to_human"\s+selected', answer.text)
    assert found(dani, state="discarded")[first]["intent"] is None


def test_where_the_folder_is_read_only_file_and_patch_are_offered(
    served: Served, dani: httpx.Client, data: Path
) -> None:
    (data / "review").write_text("no folder")
    ids = lost(served, f"c {uuid.uuid4().hex[:4]}")
    dani.post("/review/decisions", json={"messages": ids, "intent": "ask_docs"})
    answer = dani.post("/review/training")
    assert answer.status_code == 409
    assert "só de leitura" in answer.json()["error"]["message"]
    assert dani.get("/review/training.patch").text.startswith("--- /dev/null")
    dani.post("/review/undo", json={"messages": ids})


def test_rates_and_quality_are_told_to_programs_and_people(
    served: Served, dani: httpx.Client, data: Path
) -> None:
    lost(served, f"d {uuid.uuid4().hex[:4]}")
    quality = dani.get("/review/quality").json()
    assert quality["examples"] == {"ask_docs": 0, "greet": 1, "talk_to_human": 0}
    assert quality["test"] is None
    today = dani.get("/review/rates").json()["rates"][-1]
    assert today["fallbacks"] >= 1
    assert today["containment"] == 1.0
    assert dani.get("/review/rates", params={"unit": "year"}).status_code == 400
    with served.client(Origin=served.base_url) as browser:
        login = {"email": "dani@demo.ponte", "password": PASSWORD}
        browser.post("/console/login", data=login)
        page = browser.get("/console/quality")
        assert page.status_code == 200
        assert "make test-nlu" in page.text
        # The policy of the pages allows no inline style and no script.
        drawing = page.text[page.text.index("<svg xmlns") :]
        assert "<style" not in drawing
        assert "style=" not in drawing
        assert "pygal.config" not in drawing


def test_a_conversation_is_a_test_story_for_who_may_read_it(served: Served) -> None:
    (message,) = lost(served, "sou a Jurema")
    with served.team("dani@demo.ponte") as dani:
        story = dani.get(f"/review/messages/{message}/story")
        # The fake remembers no intent, as an old tracker might not.
        assert yaml.safe_load(story.text)["stories"][0]["steps"][0] == {
            "user": "sou a Maria\n",
            "intent": "nlu_fallback",
        }
        assert dani.get("/review/messages/999999/story").status_code == 404


def test_a_turn_in_which_only_the_understanding_is_told_said_nothing() -> None:
    with pytest.raises(BotConfused):
        check_items([LOST])
    check_items([LOST, {"custom": {"silent": True}}])
    assert replies_of([{"text": "oi"}, LOST])[0].text == "oi"
    understood = understood_of([{"text": "oi"}, LOST])
    assert understood is not None
    assert understood.rephrased
    assert understood_of([{"text": "oi"}]) is None
    assert understood_of([{"custom": {"understood": {"intent": None}}}]) is None


async def test_after_a_lost_answer_what_was_understood_is_read_from_the_tracker() -> None:
    rasa = FakeRasa()
    parsed = {
        "intent": {"name": "nlu_fallback", "confidence": 0.35},
        "intent_ranking": [
            {"name": name, "confidence": sure}
            for name, sure in (("nlu_fallback", 0.35), ("greet", 0.3), ("deny", 0.2))
        ],
        "entities": [{"entity": "cnpj", "value": "1"}],
    }
    rasa.trackers["x"] = [
        {"event": "active_loop", "name": "identify_form"},
        {"event": "slot", "name": "requested_slot", "value": "company_cnpj"},
        {"event": "user", "text": "hã", "parse_data": parsed, "metadata": {"message_id": 7}},
        {"event": "action", "name": "action_rephrase"},
        {"event": "bot", "text": "?", "data": {}, "metadata": {"utter_action": "utter_rephrase"}},
        LISTEN,
    ]
    async with FakeServer(rasa) as server:
        bot = RasaClient(server.url, TOKEN, 5)
        remembered = await bot.remembered("x", 7)
        await bot.close()
    assert remembered is not None
    assert understood_of(remembered.items) == Understood(
        intent="nlu_fallback",
        confidence=0.3,
        ranking=[("greet", 0.3), ("deny", 0.2)],
        entities=["cnpj"],
        actions=["action_rephrase"],
        responses=["utter_rephrase"],
        form="company_cnpj",
    )
