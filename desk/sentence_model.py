"""Any model of sentence-transformers as an encoder; needs the extra `models`."""

import hashlib
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from desk.encoder import Vectors
from desk.settings import SettingsError

_SETTING = "PONTE_ENCODER"
# Published without the prompts that they were trained with.
_E5 = re.compile(r"(^|[-_])e5[-_](?!.*instruct)")
_E5_PROMPTS = ("query: ", "passage: ")
_READ_BYTES = 1 << 20


class SentenceModel:
    """A loaded model, with its own prompts for what asks and what is searched."""

    def __init__(self, model: Any, name: str, prompts: tuple[str | None, str | None]) -> None:
        self.name = name
        self._model = model
        self._query_prompt, self._passage_prompt = prompts
        self._lock = threading.Lock()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._encode(self._model.encode_query, texts, self._query_prompt)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._encode(self._model.encode_document, texts, self._passage_prompt)

    def _encode(self, encode: Any, texts: Sequence[str], prompt: str | None) -> Vectors:
        if not texts:
            return np.zeros((0, self._model.get_embedding_dimension()), dtype=np.float32)
        with self._lock:
            vectors = encode(
                list(texts), prompt=prompt, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)


def load_sentence_model(model: str) -> SentenceModel:
    """Loads a model by its name on the hub or its folder; some seconds.

    Raises:
        SettingsError: it cannot be loaded, or sentence-transformers is not installed.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir() and (folder.is_absolute() or model.startswith((".", "~"))):
        raise SettingsError(f"{_SETTING}: there is no folder {model}.")
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise SettingsError(
            f"{_SETTING}: {model} needs sentence-transformers; `make models` installs it."
        ) from error
    try:
        loaded = SentenceTransformer(str(folder) if folder.is_dir() else model)
    except Exception as error:  # whatever is wrong with a model is said in this one way
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SettingsError(f"{_SETTING}: {model} cannot be loaded: {reason}") from error
    name = f"{folder.name}@{_folder_hash(folder)}" if folder.is_dir() else _hub_name(model, loaded)
    return SentenceModel(loaded, name[-_LONGEST_NAME:], _prompts(model, loaded))


_LONGEST_NAME = 200  # of the column that keeps it


def _prompts(model: str, loaded: Any) -> tuple[str | None, str | None]:
    """None leaves it to the model."""
    own = any(loaded.prompts.values())
    return _E5_PROMPTS if not own and _E5.search(Path(model).name.lower()) else (None, None)


def _hub_name(model: str, loaded: Any) -> str:
    """With the revision, where the model tells: another revision makes other vectors."""
    config = getattr(getattr(loaded[0], "auto_model", None), "config", None)
    revision = getattr(config, "_commit_hash", None)
    return f"{model}@{revision[:12]}" if revision else model


def _folder_hash(folder: Path) -> str:
    """Names what lies in a folder: a model trained further has another name."""
    digest = hashlib.sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(str(file.relative_to(folder)).encode())
        with file.open("rb") as content:
            while piece := content.read(_READ_BYTES):
                digest.update(piece)
    return digest.hexdigest()[:12]
