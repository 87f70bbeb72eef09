"""What is said of a passage: not a wall of text, but the part that answers."""

import math
import re
from collections.abc import Sequence

from desk.knowledge.pages import Block
from desk.knowledge.terms import terms_of

ENOUGH_CHARS = 700
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Ý*“\"])")


def answer_text(question: str, blocks: Sequence[Block], titles: Sequence[str] = ()) -> str:
    """The blocks, or of a longer passage those that matter, in their order.

    Steps stay whole, with the sentence that leads to them; of long paragraphs the sentences are
    chosen that share the question's words, the first always. Blank lines are left out: a channel
    would make several messages of them.
    """
    if sum(len(block.text) for block in blocks) > ENOUGH_CHARS:
        blocks = _chosen(question, blocks, titles)
    return "\n".join(line for block in blocks for line in block.text.splitlines() if line.strip())


def _chosen(question: str, blocks: Sequence[Block], titles: Sequence[str]) -> list[Block]:
    # What the titles say already does not tell one block from another.
    asked = set(terms_of(question)) - set(terms_of(" ".join(titles)))
    weights = [_weight(asked, block) for block in blocks]
    order = sorted(range(len(blocks)), key=lambda at: (-weights[at], at))
    kept: set[int] = set()
    size = 0
    for at in order:
        wanted = {at} | ({at - 1} if at and _leads(blocks[at - 1], blocks[at]) else set())
        added = sum(len(_short(asked, blocks[each]).text) for each in wanted - kept)
        if kept and size + added > ENOUGH_CHARS:
            continue
        kept |= wanted
        size += added
    return [_short(asked, blocks[at]) for at in sorted(kept)]


def _weight(asked: set[str], block: Block) -> float:
    """How many of the question's terms a block has, steps before the rest."""
    own = set(terms_of(block.text))
    return len(asked & own) / math.sqrt(len(own) + 10) + (0.05 if block.kind == "steps" else 0.0)


def _leads(before: Block, block: Block) -> bool:
    return block.kind != "text" and before.kind == "text"


def _short(asked: set[str], block: Block) -> Block:
    """A paragraph of more than half an answer, by its sentences that matter."""
    if block.kind != "text" or len(block.text) <= ENOUGH_CHARS // 2:
        return block
    sentences = _SENTENCE.split(block.text)
    scored = sorted(
        range(len(sentences)),
        key=lambda at: (-(len(asked & set(terms_of(sentences[at]))) + (at == 0)), at),
    )
    kept: list[int] = []
    size = 0
    for at in scored:
        if not kept or size + len(sentences[at]) <= ENOUGH_CHARS // 2:
            kept.append(at)
            size += len(sentences[at])
    return Block("text", (" ".join(sentences[at] for at in sorted(kept)),))
