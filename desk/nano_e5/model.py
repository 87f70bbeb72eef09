"""Vectors of texts: the model's forward pass, as matrix products over all their tokens."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

from desk.nano_e5.model_file import Floats, ModelFile, Sizes, unpacked
from desk.nano_e5.tokens import Tokens

# What a step computes stays in a core's cache.
_TOKENS_AT_ONCE = 512
_ROOT = np.float32(np.sqrt(2 / np.pi))
_CUBIC = np.float32(0.044715 * np.sqrt(2 / np.pi))

Window = Sequence[int]


@dataclass(frozen=True)
class _Layer:
    """Matrices stand as (n_in, n_out): rows of tokens are multiplied from the left."""

    attention: Floats
    attention_bias: Floats
    output: Floats
    output_bias: Floats
    output_norm: tuple[Floats, Floats]
    inner: Floats
    inner_bias: Floats
    outer: Floats
    outer_bias: Floats
    outer_norm: tuple[Floats, Floats]


class NumpyE5:
    """A loaded model; 90 MB. Its vectors are the engine's to a cosine of 0.9998 and more.

    The difference: the engine rounds what flows through the layers to 8 bits, this one does not,
    and takes GELU by its tanh form, which is off by less than that rounding.
    """

    def __init__(self, path: Path) -> None:
        """Reads the file; a quarter of a second. Raises ValueError: it is of another format."""
        file = ModelFile(path)
        self._sizes = file.sizes
        self._tokens = Tokens(file.vocabulary, file.sizes)
        self._words = file.packed_rows("emb.word", file.sizes.hidden)
        self._positions = file.floats("emb.pos").reshape(-1, file.sizes.hidden)
        self._positions += file.floats("emb.type")[: file.sizes.hidden]
        self._norm = (file.floats("emb.ln.w"), file.floats("emb.ln.b"))
        self._layers = [_read_layer(file, number) for number in range(file.sizes.layers)]
        products = ThreadpoolController().select(user_api="blas")
        # As many as they may have: OPENBLAS_NUM_THREADS, or every core.
        self._threads = max((each.num_threads for each in products.lib_controllers), default=1)
        # For the whole process and for good. Threads that share one product wait for each other
        # more than they compute; a thread a batch, or a question, does not.
        products.limit(limits=1)

    def encode(self, texts: Sequence[str]) -> Floats:
        """Vectors of unit length, float32 (n_texts, n_dimensions); many texts on every core.

        A text of more than 510 tokens is cut into windows, whose means count by their length.
        """
        cut = [self._tokens.windows(text) for text in texts]
        if not cut:
            return np.zeros((0, self._sizes.hidden), dtype=np.float32)
        windows = [window for each in cut for window in each]
        means = self._means_of_all(windows)
        means *= np.array([max(len(window) - 2, 1) for window in windows])[:, None]
        starts = np.cumsum([0, *(len(each) for each in cut[:-1])])
        sums: Floats = np.add.reduceat(means, starts, axis=0)
        sums /= np.linalg.norm(sums, axis=1, keepdims=True)
        return sums

    def _means_of_all(self, windows: Sequence[Window]) -> Floats:
        if sum(map(len, windows)) <= _TOKENS_AT_ONCE:
            return self._means(windows)
        batches = _batches([len(window) for window in windows])
        means = np.empty((len(windows), self._sizes.hidden), dtype=np.float32)

        def fill(batch: Sequence[int]) -> None:
            means[batch] = self._means([windows[each] for each in batch])

        with ThreadPoolExecutor(self._threads) as threads:
            list(threads.map(fill, batches))
        return means

    def _means(self, windows: Sequence[Window]) -> Floats:
        """The mean of each window's tokens as they leave the last layer."""
        lengths = np.array([len(window) for window in windows])
        ends = np.cumsum([0, *lengths])
        x = unpacked(self._words[np.concatenate(windows)]).reshape(-1, self._sizes.hidden)
        x += self._positions[np.concatenate([np.arange(length) for length in lengths])]
        x = self._normalised(x, self._norm)
        for layer in self._layers:
            x = self._through(layer, x, ends)
        means: Floats = np.add.reduceat(x, ends[:-1], axis=0)
        means /= lengths[:, None]
        return means

    def _through(self, layer: _Layer, x: Floats, ends: Floats) -> Floats:
        mixed = _attention(x @ layer.attention + layer.attention_bias, ends, self._sizes)
        y = mixed @ layer.output
        y += layer.output_bias
        y += x
        x = self._normalised(y, layer.output_norm)
        inner = x @ layer.inner
        inner += layer.inner_bias
        y = _gelu(inner) @ layer.outer
        y += layer.outer_bias
        y += x
        return self._normalised(y, layer.outer_norm)

    def _normalised(self, x: Floats, scale_and_shift: tuple[Floats, Floats]) -> Floats:
        """In place."""
        x -= x.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", x, x) / x.shape[1]
        x /= np.sqrt(variance + self._sizes.epsilon, dtype=np.float32)[:, None]
        scale, shift = scale_and_shift
        x *= scale
        x += shift
        return x


def _attention(projected: Floats, ends: Floats, sizes: Sizes) -> Floats:
    """What each token takes from the others of its window; ``projected``: (n_tokens, 3 hidden)."""
    width = sizes.hidden // sizes.heads
    mixed = np.empty((len(projected), sizes.hidden), dtype=np.float32)
    for start, end in pairwise(ends):
        asked, keys, values = (
            projected[start:end].reshape(end - start, 3, sizes.heads, width).transpose(1, 2, 0, 3)
        )
        shares = (asked / np.float32(np.sqrt(width))) @ keys.transpose(0, 2, 1)
        shares -= shares.max(axis=2, keepdims=True)
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=2, keepdims=True)
        mixed[start:end] = (shares @ values).transpose(1, 0, 2).reshape(end - start, -1)
    return mixed


def _gelu(x: Floats) -> Floats:
    """Hendrycks and Gimpel, arXiv:1606.08415, section 2, its tanh form; in place."""
    half = x * x
    half *= _CUBIC
    half += _ROOT
    half *= x
    np.tanh(half, out=half)
    half += 1
    half *= np.float32(0.5)
    x *= half
    return x


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Windows of about as many tokens together, the longest first: nobody waits long at the end."""
    batches: list[list[int]] = []
    held = _TOKENS_AT_ONCE
    for each in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        if held + lengths[each] > _TOKENS_AT_ONCE:
            batches.append([])
            held = 0
        batches[-1].append(each)
        held += lengths[each]
    return batches


def _read_layer(file: ModelFile, number: int) -> _Layer:
    def vector(name: str) -> Floats:
        return file.floats(f"l{number}.{name}")

    def matrix(*names: str, inputs: int) -> Floats:
        rows = np.concatenate([vector(name).reshape(-1, inputs) for name in names])
        return np.ascontiguousarray(rows.T)

    hidden = file.sizes.hidden
    return _Layer(
        attention=matrix("q.w", "k.w", "v.w", inputs=hidden),
        attention_bias=np.concatenate([vector("q.b"), vector("k.b"), vector("v.b")]),
        output=matrix("ao.w", inputs=hidden),
        output_bias=vector("ao.b"),
        output_norm=(vector("aln.w"), vector("aln.b")),
        inner=matrix("fi.w", inputs=hidden),
        inner_bias=vector("fi.b"),
        outer=matrix("fo.w", inputs=file.sizes.inner),
        outer_bias=vector("fo.b"),
        outer_norm=(vector("oln.w"), vector("oln.b")),
    )
