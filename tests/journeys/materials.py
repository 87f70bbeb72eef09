"""What people send and receive: files, long pastes, e-mails."""

import re
from email import policy
from email.parser import Parser
from pathlib import Path

KINDS = {"png": "image/png", "mp4": "video/mp4", "ogg": "audio/ogg", "pdf": "application/pdf"}
HEADS = {
    "png": b"\x89PNG\r\n\x1a\n",
    "mp4": b"\x00\x00\x00\x18ftypmp42",
    "ogg": b"OggS",
    "pdf": b"%PDF-1.4\n",
}


def a_file(name: str) -> tuple[str, bytes, str]:
    """A file to send; its bytes follow from its name."""
    ending = name.rpartition(".")[2]
    content = HEADS.get(ending, b"text ") + name.encode() * 20
    return name, content, KINDS.get(ending, "text/plain")


def long_text(characters: int) -> str:
    """As from a log that somebody pastes, words and all."""
    line = "erro ao gravar o pedido, tente novamente mais tarde. "
    return (line * (characters // len(line) + 1))[:characters].strip().ljust(characters, ".")


def newest_code(var_dir: Path, address: str) -> str:
    """The code in the newest e-mail to an address; empty when there is none."""
    for path in sorted((var_dir / "mail").glob("*.eml"), reverse=True):
        message = Parser(policy=policy.default).parsestr(path.read_text("utf-8"))
        if message["To"] == address:
            return "".join(re.findall(r"\b\d{6}\b", str(message.get_content()))[-1:])
    return ""
