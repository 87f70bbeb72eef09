"""How one message of ours becomes calls of the Bot API. Pure: the same message, the same plan.

Source: Telegram Bot API 10.0: text up to 4096, captions up to 1024 UTF-16 units, albums of 2 to
10, photos and videos together, documents and audios each among themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from desk.conversations.delivery import OutgoingFile
from handoff.channels.splitting import split_text, units

MAX_CAPTION_UNITS = 1024
_MAX_ALBUM = 10
_MAX_PHOTO_BYTES = 10 * 1024 * 1024
_KINDS = {
    "image/jpeg": "photo",
    "image/png": "photo",
    "image/webp": "photo",
    "image/gif": "animation",
    "video/mp4": "video",
    "audio/ogg": "voice",
    "audio/opus": "voice",
    "application/ogg": "voice",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/x-m4a": "audio",
}
# What may stand together in an album; anything else goes alone.
_ALBUMS = {"photo": "visual", "video": "visual", "document": "document", "audio": "audio"}


@dataclass(frozen=True)
class Step:
    """One call: a text, or files (several are an album), the first with the words as caption."""

    position: int
    text: str = ""
    files: Sequence[OutgoingFile] = ()

    @property
    def count(self) -> int:
        """How many of Telegram's messages it makes."""
        return len(self.files) or 1

    def kind(self, offset: int) -> str:
        """What the piece is that this call makes in this place."""
        if not self.files:
            return "text"
        return "caption" if self.text and offset == 0 else "file"


def kind_of(file: OutgoingFile) -> str:
    """The method's noun: photo, video, voice, audio, animation, document."""
    kind = _KINDS.get(file.mime, "document")
    return "document" if kind == "photo" and file.size_bytes > _MAX_PHOTO_BYTES else kind


def steps_of(text: str, files: Sequence[OutgoingFile]) -> list[Step]:
    """The calls, in order."""
    steps: list[Step] = []
    caption = text if files and units(text) <= MAX_CAPTION_UNITS else ""
    if not caption and (text or not files):
        steps = [Step(number, part) for number, part in enumerate(split_text(text))]
    for group in _groups(files):
        position = sum(step.count for step in steps)
        steps.append(Step(position, caption, group))
        caption = ""
    return steps


def _groups(files: Sequence[OutgoingFile]) -> list[list[OutgoingFile]]:
    groups: list[list[OutgoingFile]] = []
    numbered = enumerate(files)
    for _, run in groupby(numbered, key=lambda each: _ALBUMS.get(kind_of(each[1]), str(each[0]))):
        together = [file for _, file in run]
        groups += [together[at : at + _MAX_ALBUM] for at in range(0, len(together), _MAX_ALBUM)]
    return groups
