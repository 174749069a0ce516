"""Film reviews without most of their frequent words, and how near people's words lie."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from keras.src.datasets.npz_utils import load_npz
from numpy.typing import NDArray
from scipy.stats import spearmanr

# Share of a corpus above which a word is left out at times (Mikolov et al. 2013, section 2.3, who
# take 1e-5 for a corpus of a thousand million words).
_FREQUENT = 1e-4
# Words of a line: as many as a row of the spec takes.
LINE_WORDS = 64


def write_reviews(path: Path) -> None:
    """Write the training reviews of the IMDB set as lines of words.

    An id of the file is the rank of a word; Keras's own ids begin behind three others. A word of
    the share f is kept with the probability sqrt(1e-4 / f), as word2vec does.
    """
    data = Path(os.environ["DLSPEC_DATA"])
    reviews = load_npz(data / "text/imdb/imdb_keras_format.npz")["x_train"]
    index = json.loads((data / "keras-cache/datasets/imdb_word_index.json").read_text("utf-8"))
    words = {rank: word for word, rank in index.items()}
    counts = np.bincount(np.concatenate(list(map(np.asarray, reviews))))
    kept = np.minimum(1, np.sqrt(_FREQUENT * counts.sum() / np.maximum(counts, 1)))
    draw = np.random.default_rng(1)
    with path.open("w", encoding="utf-8") as file:
        for review in reviews:
            ids = np.asarray(review)
            ids = ids[draw.random(len(ids)) < kept[ids]]
            for line in _lines_of(ids):
                file.write(" ".join(words[int(one)] for one in line) + "\n")


def _lines_of(ids: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(ids), LINE_WORDS):
        yield ids[start : start + LINE_WORDS]


def rank_correlation(run: Path, vectors: NDArray[np.float32]) -> tuple[float, int, int]:
    """Return Spearman's rank correlation with WordSim-353, the pairs that are known, and all pairs.

    Args:
        run: Its folder, for the vocabulary.
        vectors: By id, (ids, dim).
    """
    prepared = json.loads((run / "preparation.json").read_text("utf-8"))
    ids: dict[str, int] = prepared["inputs"]["text"]["tokenizer"]["model"]["vocab"]
    text = Path(os.environ["DLSPEC_DATA"], "vectors/EN-WS-353-ALL.txt").read_text("utf-8")
    pairs = [line.split("\t") for line in text.lower().splitlines()]
    known = [(ids[a], ids[b], float(c)) for a, b, c in pairs if a in ids and b in ids]
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = [float(unit[a] @ unit[b]) for a, b, _ in known]
    return float(spearmanr(near, [said for _, _, said in known])[0]), len(known), len(pairs)
