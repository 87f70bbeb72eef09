"""Other ways to find passages, each as a function from a question to scores."""

from collections.abc import Sequence

import bm25s
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bench.knowledge.corpora import Corpus, Question
from bench.knowledge.metrics import Scorer
from desk.encoder import Encoder, Vectors
from desk.knowledge.background import Background, make_background
from desk.knowledge.index import SearchIndex
from desk.knowledge.terms import terms_of

Scores = NDArray[np.float32]
_FOLDS = 5


class Signals:
    """What can be known of a question and each passage; approaches add these up."""

    def __init__(self, corpus: Corpus, encoder: Encoder) -> None:
        self.corpus = corpus
        self.encoder = encoder
        self.background: Background = make_background(encoder)
        entries = corpus.entries
        self.texts = encoder.encode_passages([entry.searched for entry in entries])
        self.titles = encoder.encode_passages([entry.heading for entry in entries])
        self.phrasings = [
            encoder.encode_passages(entry.phrasings) if entry.phrasings else None
            for entry in entries
        ]
        self._words = _index([" ".join((each.searched, *each.phrasings)) for each in entries])

    def question(self, text: str) -> Vectors:
        """Its vector."""
        vector: Vectors = self.encoder.encode_queries([text])[0]
        return vector

    def cosine(self, text: str) -> Scores:
        """Of the passages' texts."""
        scores: Scores = self.texts @ self.question(text)
        return scores

    def words(self, text: str) -> Scores:
        """BM25, accents folded before stemming."""
        terms = [term for term in terms_of(text) if term in self._words.vocab_dict]
        if not terms:
            return np.zeros(len(self.corpus.entries), dtype=np.float32)
        scores: Scores = self._words.get_scores(terms)
        return scores

    def above(self, vectors: Vectors, question: Vectors, *, each: bool = False) -> Scores:
        """Standard deviations above the background: a pooled deviation, or each passage's own."""
        cosines = self.background.unrelated @ vectors.T
        deviation = cosines.std(axis=0) if each else cosines.std(axis=0).mean()
        scores: Scores = (vectors @ question - cosines.mean(axis=0)) / deviation
        return scores

    def nearest(self, text: str, *, mean: bool = False) -> Scores:
        """Of a passage's text and phrasings: the nearest one, or their mean."""
        question = self.question(text)
        scores = self.above(self.texts, question)
        for at, phrasings in enumerate(self.phrasings):
            if phrasings is not None:
                own = self.above(phrasings, question)
                scores[at] = np.mean([scores[at], *own]) if mean else max(scores[at], own.max())
        return scores


def _index(texts: Sequence[str]) -> bm25s.BM25:
    words = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    words.index([terms_of(text) or [""] for text in texts], show_progress=False)
    return words


def ours(corpus: Corpus, encoder: Encoder) -> SearchIndex:
    """What the desk runs."""
    vectors = encoder.encode_passages([text for entry in corpus.entries for text in entry.texts])
    return SearchIndex(encoder, make_background(encoder), corpus.entries, vectors)


def others(signals: Signals, questions: Sequence[Question]) -> dict[str, Scorer]:
    """Every approach but ours, by its name. ``questions`` teach the learned one, fold by fold."""
    s = signals
    bodies = s.encoder.encode_passages(
        [entry.searched.partition("\n")[2] for entry in s.corpus.entries]
    )

    def z(text: str) -> Scores:
        return s.above(s.texts, s.question(text))

    def titles(text: str) -> Scores:
        return s.above(s.titles, s.question(text))

    def fused(text: str) -> Scores:
        return _reciprocal(s.cosine(text)) + _reciprocal(s.words(text))

    def fed_back(text: str) -> Scores:
        best = np.argsort(-z(text))[:3]
        asked = s.question(text) + 0.3 * s.texts[best].mean(axis=0)
        return s.above(s.texts, asked / np.linalg.norm(asked)) + 0.1 * s.words(text)

    def expanded(text: str) -> Scores:
        best = int(np.argmax(z(text)))
        title = s.corpus.entries[best].title
        return z(text) + 0.66 * s.words(f"{text} {title}")

    found: dict[str, Scorer] = {
        "BM25": s.words,
        "cosine": s.cosine,
        "cosine, titles left out": lambda text: bodies @ s.question(text),
        "Z, each passage's own deviation": lambda text: s.above(
            s.texts, s.question(text), each=True
        ),
        "Z, pooled deviation": z,
        "Z + 0.1 BM25": lambda text: z(text) + 0.1 * s.words(text),
        "Z + 0.66 BM25": lambda text: z(text) + 0.66 * s.words(text),
        "Z + titles": lambda text: z(text) + titles(text),
        "reciprocal rank fusion of cosine and BM25": fused,
        "Z + 0.1 BM25, pseudo-relevance feedback": fed_back,
        "Z + 0.66 BM25, asked with the best title's words": expanded,
        "learned re-ranking of the first ten (cross-validated)": _learned(s, questions, titles),
    }
    if any(phrasings is not None for phrasings in s.phrasings):
        found |= {
            "nearest of text and phrasings": s.nearest,
            "mean of text and phrasings": lambda text: s.nearest(text, mean=True),
            "nearest + 0.8 titles + 0.66 BM25 (until now)": lambda text: (
                s.nearest(text) + 0.8 * titles(text) + 0.66 * s.words(text)
            ),
        }
    return found


def _reciprocal(scores: Scores) -> Scores:
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[np.argsort(-scores)] = np.arange(len(scores), dtype=np.float32)
    return np.float32(1.0) / (60 + ranks)


def _learned(s: Signals, questions: Sequence[Question], titles: Scorer) -> Scorer:
    """Logistic regression on the signals; each question by a model that never saw it."""

    def features(text: str) -> NDArray[np.float32]:
        return np.stack([s.nearest(text), titles(text), s.words(text), s.cosine(text) * 10], axis=1)

    def first(facts: NDArray[np.float32]) -> NDArray[np.intp]:
        return np.argsort(-(facts[:, 0] + 0.8 * facts[:, 1] + 0.66 * facts[:, 2]))[:10]

    known = {each.text: (features(each.text), each.answers) for each in questions if each.answers}
    fold_of = {text: number % _FOLDS for number, text in enumerate(sorted(known))}
    models = []
    for fold in range(_FOLDS):
        rows, right = [], []
        for text, (facts, answers) in known.items():
            if fold_of[text] != fold:
                for at in first(facts):
                    rows.append(facts[at])
                    right.append(int(at) in answers)
        models.append(LogisticRegression(class_weight="balanced").fit(np.array(rows), right))

    def score(text: str) -> Scores:
        facts = known[text][0] if text in known else features(text)
        scores = np.full(len(facts), -1e3, dtype=np.float32)
        best = first(facts)
        scores[best] = models[fold_of.get(text, 0)].decision_function(facts[best])
        return scores

    return score
