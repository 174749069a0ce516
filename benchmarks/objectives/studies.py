"""What each trained objective is judged by, with data and methods that its spec does not hold."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.objectives.word_vectors import rank_correlation, write_reviews

SPECS = Path(__file__).parent
Floats = NDArray[np.float32]
# Seeds over which a student is compared: a single one may be luck.
SEEDS = (1, 2, 3)
# Samples that are judged, and training rows that a probe is fitted on.
DRAWN, PROBED = 2000, 5000
# Of a sample on a sheet: enough to see it.
_SHOWN_PIXELS = 56


@dataclass(frozen=True, slots=True)
class Judged:
    """What was asked, what came out, and whether it holds."""

    asked: str
    reached: str
    holds: bool


@dataclass(slots=True)
class Trainings:
    """Runs specs into one home.

    Attributes:
        seconds: What the trainings took so far, whenever they ran.
    """

    home: Path
    pictures: Path | None
    seconds: float = field(default=0.0, init=False)

    def run_spec(self, name: str, **changes: object) -> Path:
        """Run a spec of this folder and return the run's folder."""
        command = [sys.executable, "-P", "-m", "dlspec", "run", "-q", str(SPECS / f"{name}.yaml")]
        command += [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
        run = subprocess.run(
            command,
            env={**os.environ, "DLSPEC_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        # A run without a gate ends with 1: nothing promotes it. It has its report all the same.
        folder = Path(run.stdout.strip().splitlines()[-1]).parent
        record = json.loads((folder / "run.json").read_text("utf-8"))
        self.seconds += record["seconds"]
        return folder

    def draw_pictures(self, name: str, samples: Floats) -> None:
        """Write a sheet of pictures, eight rows of sixteen.

        Shapes:
            samples: (128 or more, height, width, 1), 0 to 1
        """
        if self.pictures is None:
            return
        rows, columns = 8, 16
        framed = np.pad(samples[: rows * columns, :, :, 0], ((0, 0), (1, 1), (1, 1)))
        height, width = framed.shape[1:]
        sheet = framed.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)
        grey = np.clip(sheet.reshape(rows * height, columns * width) * 255, 0, 255)
        self.pictures.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(grey.round().astype(np.uint8))
        scale = max(1, _SHOWN_PIXELS // height)
        picture.resize(
            (scale * picture.width, scale * picture.height), Image.Resampling.NEAREST
        ).save(self.pictures / f"{name}.png", optimize=True)


def judge_vae(trainings: Trainings) -> Judged:
    """Compare the bound of a VAE with what a Gaussian makes of a plain autoencoder's codes.

    A plain autoencoder is no model of pictures. It becomes one by a Gaussian over its codes, fitted
    on training rows, and noise of one size about each code: then it has a bound of the same kind,
    reconstruction and divergence in nats. The size is the one that is best on training rows.
    """
    folder = trainings.run_spec("vae")
    bound = _metrics(folder)["loss"]
    decoder = _layer(folder, "decoder")
    latent = decoder.input_shape[-1]
    drawn = np.random.default_rng(1).normal(size=(128, latent)).astype(np.float32)
    trainings.draw_pictures("vae", decoder.predict(drawn, verbose=0))
    plain = trainings.run_spec("vae", noise=0, divergence=0)
    baseline = _gaussian_bound(plain)
    return Judged(
        "negative ELBO below a plain autoencoder's with a Gaussian over its codes",
        f"{bound:.1f} against {baseline:.1f} nats on 10,000 test rows",
        bound < baseline,
    )


def _gaussian_bound(folder: Path) -> float:
    (train, _), (test, _) = keras.datasets.mnist.load_data()
    known, asked = (part[:, :, :, None].astype(np.float32) / 255 for part in (train[:10000], test))
    encoder, decoder = _layer(folder, "encoder"), _layer(folder, "decoder")
    codes = [encoder.predict(part, verbose=0)[0] for part in (known, asked)]
    mean = codes[0].mean(axis=0)
    spread = np.linalg.cholesky(np.cov(codes[0].T))
    whitened = [np.linalg.solve(spread, (code - mean).T).T for code in codes]
    draw = np.random.default_rng(1)

    def bound(pictures: Floats, code: NDArray[np.float64], size: float) -> float:
        places = code + size * draw.normal(size=code.shape)
        shown = decoder.predict((mean + places @ spread.T).astype(np.float32), verbose=0)
        shown = np.clip(shown, 1e-7, 1 - 1e-7)
        missed = -(pictures * np.log(shown) + (1 - pictures) * np.log(1 - shown)).sum((1, 2, 3))
        apart = 0.5 * (code**2 + size**2 - 1 - 2 * np.log(size)).sum(axis=1)
        return float((missed + apart).mean())

    best = min(np.geomspace(0.02, 1, 12), key=lambda size: bound(known, whitened[0], size))
    return bound(asked, whitened[1], best)


def judge_simclr(trainings: Trainings) -> Judged:
    """Compare linear probes on the encoder, trained without labels, and on it untrained."""
    return _judge_by_probe(trainings.run_spec("simclr"), least=0.10)


def _judge_by_probe(folder: Path, *, least: float) -> Judged:
    """Compare what a linear probe reads off the model's output, trained and not."""
    model = keras.models.load_model(folder / "model.keras")
    keras.utils.set_random_seed(1)
    trained, untrained = _probe_accuracy(model), _probe_accuracy(keras.models.clone_model(model))
    return Judged(
        f"linear probe at least {100 * least:.0f} points above the same net untrained",
        f"{trained:.3f} against {untrained:.3f}, {100 * (trained - untrained):.1f} points",
        trained - untrained >= least,
    )


def _probe_accuracy(model: keras.Model) -> float:
    (train, known), (test, asked) = keras.datasets.fashion_mnist.load_data()
    features = [
        model.predict(part[:, :, :, None].astype(np.float32) / 255, verbose=0, batch_size=256)
        for part in (train[:PROBED], test)
    ]
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    return float(probe.fit(features[0], known[:PROBED]).score(features[1], asked))


def judge_siamese(trainings: Trainings) -> Judged:
    """Ask whether pairs of test digits are told right."""
    accuracy = _metrics(trainings.run_spec("siamese"))["accuracy"]
    return Judged("verification accuracy >= 0.95", f"{accuracy:.4f}", accuracy >= 0.95)


def judge_dcgan(trainings: Trainings) -> Judged:
    """Look whether the generator draws all classes, as a classifier sees them, and differently."""
    generator = _layer(trainings.run_spec("dcgan"), "generator")
    codes = np.random.default_rng(1).normal(size=(DRAWN, generator.input_shape[-1]))
    samples = generator.predict(codes.astype(np.float32), verbose=0)
    trainings.draw_pictures("dcgan", samples)
    teacher = keras.models.load_model(trainings.run_spec("teacher") / "model.keras")
    kinds = teacher.predict(samples, verbose=0).argmax(axis=1)
    often = int((np.bincount(kinds, minlength=10) >= 0.02 * DRAWN).sum())
    _, (test, _) = keras.datasets.fashion_mnist.load_data()
    varied = _mean_distance(samples) / _mean_distance(test[:DRAWN] / np.float32(255))
    return Judged(
        "no collapse: 8 of 10 classes with 2 % of the samples each, as a classifier of photographs "
        "sees them, and samples apart by 0.8 of what photographs are",
        f"{often} classes; apart by {varied:.2f}",
        often >= 8 and varied >= 0.8,
    )


def _mean_distance(pictures: NDArray[Any]) -> float:
    flat = pictures.reshape(len(pictures), -1)
    return float(np.linalg.norm(flat[: len(flat) // 2] - flat[len(flat) // 2 :], axis=1).mean())


def judge_diffusion(trainings: Trainings) -> Judged:
    """Draw digits by removing noise step by step, and look whether they lie among real ones."""
    denoiser = _layer(trainings.run_spec("diffusion"), "denoiser")
    samples = _denoised(denoiser, DRAWN)
    trainings.draw_pictures("diffusion", ((samples + 1) / 2).astype(np.float32))
    digits = load_digits()
    real = digits.images[:, :, :, None].astype(np.float32) / 8 - 1
    flat = real.reshape(len(real), -1)
    known, asked = flat[: len(flat) // 2], flat[len(flat) // 2 :]
    near = NearestNeighbors(n_neighbors=1).fit(known)
    far = [float(near.kneighbors(rows)[0].mean()) for rows in (samples.reshape(DRAWN, -1), asked)]
    kinds = KNeighborsClassifier(5).fit(flat, digits.target).predict(samples.reshape(DRAWN, -1))
    often = int((np.bincount(kinds, minlength=10) >= 0.02 * DRAWN).sum())
    return Judged(
        "all 10 digits with 2 % of the samples each, and samples as near to real digits as other "
        "real ones are, within a third",
        f"{often} digits; {far[0]:.2f} from the nearest, real ones {far[1]:.2f}",
        often == 10 and far[0] <= 4 / 3 * far[1],
    )


def _denoised(denoiser: keras.Model, count: int, steps: int = 100) -> Floats:
    """Draw by DDIM (Song et al. 2020, Denoising diffusion implicit models), without noise."""
    at = np.random.default_rng(1).normal(size=(count, 8, 8, 1)).astype(np.float32)
    moments = np.linspace(1, 0, steps + 1)
    for now, later in itertools.pairwise(moments):
        moment = np.full((count, 1), now, np.float32)
        noise = denoiser.predict([at, moment], verbose=0, batch_size=count)
        # As in the spec: the shares of picture and noise are cosine and sine of 89 degrees.
        shares, then = (np.array([np.cos(1.5533 * t), np.sin(1.5533 * t)]) for t in (now, later))
        picture = np.clip((at - shares[1] * noise) / shares[0], -1, 1)
        at = (then[0] * picture + then[1] * noise).astype(np.float32)
    return at


def judge_distillation(trainings: Trainings) -> Judged:
    """Compare a student with and without its teacher, over seeds."""
    teacher = _metrics(trainings.run_spec("teacher"))["accuracy"]
    alone, taught = (
        np.array(
            [
                _metrics(trainings.run_spec("student", taught=share, **{"training.seed": seed}))[
                    "accuracy"
                ]
                for seed in SEEDS
            ]
        )
        for share in (0.0, 0.9)
    )
    return Judged(
        "the student beats the same student alone, mean of 3 seeds",
        f"{taught.mean():.4f} against {alone.mean():.4f}, better in {(taught > alone).sum()} of 3; "
        f"the teacher {teacher:.4f}",
        taught.mean() > alone.mean(),
    )


def judge_masked_autoencoder(trainings: Trainings) -> Judged:
    """Compare hidden patches with the mean patch of their place, and probe what was learnt."""
    folder = trainings.run_spec("masked_autoencoder")
    missed = _metrics(folder)["reconstruction"]
    (train, _), (test, _) = keras.datasets.fashion_mnist.load_data()
    mean = train.astype(np.float32).mean(axis=0) / 255
    baseline = float(((test / np.float32(255) - mean) ** 2).mean())
    probed = _judge_by_probe(folder, least=0.0)
    return Judged(
        "hidden patches half as wrong as the mean patch of their place",
        f"{missed:.4f} against {baseline:.4f}; linear probe {probed.reached}",
        missed <= baseline / 2,
    )


def judge_skip_gram(trainings: Trainings) -> Judged:
    """Compare how near words lie with what people said of them."""
    reviews = trainings.home / "reviews.txt"
    trainings.home.mkdir(parents=True, exist_ok=True)
    write_reviews(reviews)
    folder = trainings.run_spec("skip_gram", **{"data.source.text_lines": reviews})
    vectors = _layer(folder, "target_vectors").get_weights()[0]
    correlation, known, pairs = rank_correlation(folder, vectors)
    return Judged(
        "Spearman's rank correlation with WordSim-353 above 0.2",
        f"{correlation:.3f} on the {known} of {pairs} pairs whose words are known",
        correlation > 0.2,
    )


STUDIES: Mapping[str, Callable[[Trainings], Judged]] = {
    "vae": judge_vae,
    "simclr": judge_simclr,
    "siamese": judge_siamese,
    "dcgan": judge_dcgan,
    "diffusion": judge_diffusion,
    "distillation": judge_distillation,
    "masked_autoencoder": judge_masked_autoencoder,
    "skip_gram": judge_skip_gram,
}


def _metrics(folder: Path) -> dict[str, float]:
    found: dict[str, float] = json.loads((folder / "metrics.json").read_text("utf-8"))
    return found


def _layer(folder: Path, name: str) -> Any:  # noqa: ANN401 - a model, or a layer with weights
    return keras.models.load_model(folder / "model.keras").get_layer(name)
