"""The machine under a training: seeds, determinism, devices, threads; and their record."""

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from importlib import metadata

import keras

from dlspec.language.sections import Runtime
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.step_errors import StepError

if keras.config.backend() == "tensorflow":
    import tensorflow as tf


if keras.config.backend() == "jax":
    import jax


if keras.config.backend() == "torch":
    import torch


# Measured on two cores, one thread against two: LeNet-5, batch 32 (80 MFLOP a step), 1.3 times as
# fast; three convolutions, batch 128 (over 1 GFLOP), slower.
_SMALL_STEP_FLOPS = 100_000_000


_DETERMINISTIC_XLA = "--xla_gpu_deterministic_ops=true"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run was computed on; another thread count or XLA may change the last bits."""

    platform: str
    cpus: int
    devices: tuple[str, ...]
    threads: int
    determinism: str
    jit: bool
    precision: str


@contextmanager
def settled_machine(runtime: Runtime, *, seed: int, step_flops: int | None) -> Iterator[None]:
    """Seed everything and hold the block to the devices and the determinism that a plan asks for.

    Small steps run on one thread, where TensorFlow has not started yet: they lose more by dealing
    work out than they gain, and the numbers then do not depend on the machine's number of cores.

    Args:
        step_flops: Operations of one training step; None when unknown.

    Raises:
        StepError: If the plan asks for a GPU and Keras's backend sees none.
    """
    if runtime.determinism == "exact":
        _make_deterministic()
    gpus = _accelerator_names()
    if runtime.devices == "gpu" and not gpus:
        raise StepError(
            f"`runtime.devices` is `gpu`, and {keras.config.backend()} sees none",
            help="set it to `auto`, or install the driver and the `gpu` extra",
        )
    if step_flops is not None and step_flops <= _SMALL_STEP_FLOPS and not gpus:
        _use_one_thread()
    keras.utils.set_random_seed(seed)
    with keras.device("cpu:0") if runtime.devices == "cpu" else nullcontext():
        yield


def random_states() -> dict[str, Array]:
    """Return the states of random numbers that belong to no layer, by name.

    On PyTorch, Dropout without a seed draws from the process's own generators.
    """
    if keras.config.backend() != "torch":
        return {}
    cuda = {f"cuda/{i}": state for i, state in enumerate(torch.cuda.get_rng_state_all())}
    states = {"cpu": torch.get_rng_state(), **cuda}
    return {name: state.numpy() for name, state in states.items()}


def restore_random_states(states: Mapping[str, Array]) -> None:
    """Put back what `random_states` gave, as far as there are such devices here."""
    if keras.config.backend() != "torch":
        return
    for name, state in states.items():
        where, _, number = name.partition("/")
        if where == "cpu":
            torch.set_rng_state(torch.tensor(state))
        elif int(number) < torch.cuda.device_count():
            torch.cuda.set_rng_state(torch.tensor(state), int(number))


def describe_machine(model: keras.Model, runtime: Runtime) -> Machine:
    """Return what a model has been trained on."""
    cpu_only = runtime.devices == "cpu"
    return Machine(
        platform=platform.platform(),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _count_cpus(),
        devices=("cpu",) if cpu_only else (_accelerator_names() or ("cpu",)),
        threads=threads_per_operation(),
        determinism=runtime.determinism,
        jit=bool(model.jit_compile),
        precision=runtime.precision,
    )


def software_versions() -> Mapping[str, str]:
    """Return the version of everything that can change a number."""
    backend = keras.config.backend()
    names = ("dlspec", "keras", "numpy", backend)
    return {"python": platform.python_version(), **{name: _package_version(name) for name in names}}


def _package_version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed as a package"


def _count_cpus() -> int:
    return os.cpu_count() or 1


def _accelerator_names() -> tuple[str, ...]:
    match keras.config.backend():
        case "tensorflow":
            return tuple(
                _tensorflow_name(device) for device in tf.config.list_physical_devices("GPU")
            )
        case "jax":
            return tuple(d.device_kind for d in jax.devices() if d.platform != "cpu")
        case _:
            count = torch.cuda.device_count()
            return tuple(torch.cuda.get_device_name(i) for i in range(count))


def _tensorflow_name(device: "tf.config.PhysicalDevice") -> str:
    details = tf.config.experimental.get_device_details(device)
    return str(details.get("device_name", device.name))


def _use_one_thread() -> None:
    match keras.config.backend():
        case "tensorflow":
            # Refused once TensorFlow has started; the run then records the threads it has.
            with suppress(RuntimeError):
                tf.config.threading.set_intra_op_parallelism_threads(1)
                tf.config.threading.set_inter_op_parallelism_threads(1)
        case "torch":
            torch.set_num_threads(1)


def _make_deterministic() -> None:
    match keras.config.backend():
        case "tensorflow":
            if _accelerator_names():
                tf.config.experimental.enable_op_determinism()
        case "torch":
            # On a CPU too: threads add up an embedding's gradient in no fixed order.
            torch.use_deterministic_algorithms(mode=True)
            # Else PyTorch fills every new tensor with nan first, for reads that Keras never does.
            torch.utils.deterministic.fill_uninitialized_memory = False
            # cuBLAS reads this when it starts, and PyTorch refuses to multiply without it.
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        case _:
            # XLA reads this when it starts, which asking for the devices makes it do.
            flags = os.environ.get("XLA_FLAGS", "")
            if _DETERMINISTIC_XLA not in flags:
                os.environ["XLA_FLAGS"] = f"{flags} {_DETERMINISTIC_XLA}".strip()


def threads_per_operation() -> int:
    """Return how many threads one operation may use."""
    match keras.config.backend():
        case "tensorflow":
            return tf.config.threading.get_intra_op_parallelism_threads() or _count_cpus()
        case "torch":
            return int(torch.get_num_threads())
        case _:
            return _count_cpus()


def total_flops(plan: Plan) -> int | None:
    """Return the operations of one forward pass for one sample; None when a node's are unknown."""
    known = [node.flops for node in plan.graph.nodes]
    return None if None in known else sum(count for count in known if count is not None)


def step_flops(plan: Plan) -> int | None:
    """Return the operations of one training step, about; None when unknown."""
    assert plan.training is not None
    flops = total_flops(plan)
    # A backward pass costs about twice the forward pass.
    return None if flops is None else 3 * flops * plan.training.batch_size
