"""The rows of embeddings that begin with vectors of words."""

from pathlib import Path

import keras

from dlspec.diagnostics.counts import agreed, counted
from dlspec.resolve.plan import LayerVectors, Plan
from dlspec_pipelines.steps.datasets.source_digests import digest_of_source_file
from dlspec_pipelines.steps.preparation.fitting import Preparation, load_preparation
from dlspec_pipelines.steps.preparation.vocabulary_words import ids_of_words
from dlspec_pipelines.steps.records import BegunRows, Dataset
from dlspec_pipelines.steps.start import find_vectors
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.start_weights import followers_copied_again, inner_model
from dlspec_pipelines.steps.training.vectors_file import vectors_of_words

# Enough to see what kind of words they are.
_MOST_SHOWN = 10


def begin_rows_with_vectors(
    model: keras.Model, plan: Plan, dataset: Dataset
) -> dict[str, BegunRows]:
    """Give embeddings the vectors of the words that their rows stand for, by layer.

    Rows without a word, and of words that the file lacks, stay as they were initialised.

    Raises:
        StepError: If a file is not there, is none of vectors, or none of their words (DL616).
    """
    if not plan.vectors:
        return {}
    preparation = load_preparation(Path(dataset.path))
    with followers_copied_again(model):
        return {one.path: _begin_rows(model, one, preparation) for one in plan.vectors}


def _begin_rows(model: keras.Model, asked: LayerVectors, preparation: Preparation) -> BegunRows:
    layer = _embedding(model, asked)
    ids = ids_of_words(preparation.inputs[asked.feature])
    table, *rest = layer.get_weights()
    rows, dimension = table.shape
    path = find_vectors(asked)
    found = vectors_of_words(path, [word for word, i in ids.items() if i < rows], dimension)
    if not found:
        raise StepError(
            f"`{asked.file}` has a vector for none of the {counted(len(ids), 'word')} of "
            f"`{asked.feature}`",
            code="DL616",
            help="compare how the two write their words: `standardize` of a text may lower them",
        )
    for word, vector in found.items():
        table[ids[word]] = vector
    layer.set_weights([table, *rest])
    missing = [word for word in ids if word not in found]
    return BegunRows(
        source=asked.file,
        digest=digest_of_source_file(path),
        feature=asked.feature,
        dimension=dimension,
        found=len(found),
        missing=len(missing),
        examples=tuple(missing[:_MOST_SHOWN]),
    )


def _embedding(model: keras.Model, asked: LayerVectors) -> keras.Layer:
    return inner_model(model, asked.models).get_layer(asked.layer)


def begun_rows_line(layer: str, begun: BegunRows) -> str:
    """Return what became of the words of a layer, in a line."""
    words = begun.found + begun.missing
    shown = f", such as {', '.join(f'`{word}`' for word in begun.examples[:3])}"
    lacking = f"; {begun.missing} {agreed(begun.missing, 'keep')} fresh rows{shown}"
    return (
        f"`{layer}` begins with the vectors of {begun.found:,} of {counted(words, 'word')} of "
        f"`{begun.feature}` from `{begun.source}`{lacking if begun.missing else ''}"
    )
