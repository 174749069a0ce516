"""What `dlspec run digits_lenet5` replaces: the script a person writes for the same work."""

import base64
import io
import json
import sys
from pathlib import Path

import keras
import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    precision_recall_fscore_support,
)
from sklearn.model_selection import train_test_split

SEED = 7
mpl.use("Agg")


def _model() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10),
        ]
    )


def _picture(
    history: dict[str, list[float]], matrix: "np.ndarray[tuple[int, int], np.dtype[np.int64]]"
) -> str:
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for name in ("loss", "val_loss"):
        left.plot(history[name], label=name)
    left.legend()
    right.imshow(matrix)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return base64.b64encode(file.getvalue()).decode()


def main(folder: Path) -> None:
    """Train, measure and report into `folder`."""
    keras.utils.set_random_seed(SEED)
    digits = load_digits()
    x, y = digits.images[..., None].astype("float32") / 16, digits.target
    x_rest, x_test, y_rest, y_test = train_test_split(
        x, y, test_size=0.15, stratify=y, random_state=SEED
    )
    x_train, x_val, y_train, y_val = train_test_split(
        x_rest, y_rest, test_size=0.15 / 0.85, stratify=y_rest, random_state=SEED
    )
    model = _model()
    model.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(
        x_train,
        y_train,
        validation_data=(x_val, y_val),
        epochs=40,
        batch_size=32,
        verbose=2,
        callbacks=[
            keras.callbacks.EarlyStopping("val_loss", patience=8, restore_best_weights=True)
        ],
    ).history
    predicted = model.predict(x_test, verbose=0).argmax(-1)
    precision, recall, f1, _ = precision_recall_fscore_support(y_test, predicted, average="macro")
    metrics = {
        "accuracy": accuracy_score(y_test, predicted),
        "precision_macro": precision,
        "recall_macro": recall,
        "f1_macro": f1,
    }
    model.save(folder / "model.keras")
    (folder / "metrics.json").write_text(json.dumps(metrics))
    pd.DataFrame(history).to_csv(folder / "history.csv")
    pd.DataFrame({"true": y_test, "predicted": predicted}).to_parquet(
        folder / "predictions.parquet"
    )
    picture = _picture(history, confusion_matrix(y_test, predicted))
    table = classification_report(y_test, predicted)
    (folder / "report.html").write_text(
        f"<pre>{table}</pre><img src='data:image/png;base64,{picture}'>"
    )
    print(metrics)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
