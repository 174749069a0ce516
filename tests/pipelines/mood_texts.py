"""Texts of good and bad moods, the vectors of their words, and a spec that begins with them."""

from pathlib import Path

import numpy as np

GOOD = ["good", "fine", "great", "lovely", "bright", "warm", "kind", "sweet", "happy", "calm"]
BAD = ["bad", "poor", "awful", "ugly", "dark", "cold", "cruel", "bitter", "sad", "angry"]
MOOD = """\
dlspec: 1
name: mood
data:
  source: {csv: texts.csv}
  inputs: {words: {text: text, length: 6, vocabulary: 22, standardize: none}}
  targets: {mood: {binary: mood}}
  split: {validation: 0.2, test: 0.2, seed: 1}
model:
  graph:
    - {Embedding: [22, 4], weights: glove.txt, name: seen}
    - GlobalAveragePooling1D
    - {Dense: 1, name: mood}
training:
  epochs: 3
  loss: {BinaryCrossentropy: {from_logits: true}}
  seed: 3
evaluation: {metrics: [accuracy]}
"""
# `Lovely` is found in lower case; `calm` and `Sad` are not in the file.
GLOVE = "".join(f"{word} 1 {i} 0 0.5\n" for i, word in enumerate(GOOD[:9])) + "".join(
    f"{word} -1 {i} 0 0.5\n" for i, word in enumerate(BAD) if word != "sad"
)


def write_mood_texts(folder):
    """Write the texts with their moods, and the vectors of their words."""
    rng = np.random.default_rng(4)
    lines = ["text,mood"]
    for i in range(300):
        said = rng.choice(GOOD if i % 2 else BAD, size=6)
        lines.append(f"{' '.join(said)},{i % 2}".replace("lovely", "Lovely").replace("sad", "Sad"))
    Path(folder, "texts.csv").write_text("\n".join(lines))
    Path(folder, "glove.txt").write_text(GLOVE)
