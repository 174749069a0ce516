"""The files and the addresses of callbacks: in the run's folder, and nowhere else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Help, Replacement
from dlspec.diagnostics.source import Span
from dlspec.language.catalogue import Object, Value
from dlspec.language.run_files import fault_of_run_file, free_run_file
from dlspec.rules.subject import Checked

# Keras looks at the ending of a whole model's file, and of one with weights alone.
_MODEL_ENDINGS = (".keras", ".h5")
_WEIGHTS_ENDING = ".weights.h5"


@dataclass(frozen=True, slots=True)
class CallbackFile:
    """A file or a folder that a callback writes: its name, where that stands, and for whom."""

    callback: Object
    argument: str
    name: str
    place: Span

    @property
    def is_folder(self) -> bool:
        """Return whether it is a folder, which others may write into too."""
        return self.argument in self.callback.traits.folders


def callback_files(checked: Checked) -> Iterator[CallbackFile]:
    """Yield what the callbacks of a training write."""
    for index, callback in enumerate(checked.training.callbacks if checked.training else ()):
        for argument in (*callback.traits.files, *callback.traits.folders):
            place = checked.spec.places.value(f"training.callbacks.{index}.{argument}")
            yield CallbackFile(callback, argument, str(callback[argument]), place)


def report_stray_files(checked: Checked) -> None:
    """Report a callback whose file does not lie in the run's folder, or is the run's own."""
    for file in callback_files(checked):
        _report_stray_name(checked, file)
    for index, callback in enumerate(checked.training.callbacks if checked.training else ()):
        for argument in callback.traits.mentioned:
            place = checked.spec.places.value(f"training.callbacks.{index}.{argument}")
            for name in _mentioned_names(callback[argument]):
                _report_stray_name(checked, CallbackFile(callback, argument, name, place))


def _mentioned_names(value: Value) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from map(str, value.values())


def _report_stray_name(checked: Checked, file: CallbackFile) -> None:
    fault = fault_of_run_file(file.name)
    if fault is not None:
        near = free_run_file(file.name, "logs" if file.is_folder else _usual_name(file))
        checked.reporter.error(
            Code.CALLBACK_DESTINATION,
            file.place,
            f"`{file.callback.class_name}` cannot write to `{file.name}`"
            if file.name
            else f"`{file.callback.class_name}` cannot write to an empty name",
            label=fault,
            notes=("a callback's files lie in the folder of the run",),
            help=name_help(near)
            if file.argument not in file.callback.traits.mentioned
            # Its place is the mapping with all of them.
            else f"write `{near}`",
        )


def name_help(name: str) -> Help:
    """Return the help that writes another name in the place of one."""
    # In YAML these mean something where a word has no quotes.
    quoted = any(character in name for character in "{}[],:#&*!|>'%@`")
    return Replacement(f'"{name}"' if quoted else name, certain=False)


def _usual_name(file: CallbackFile) -> str:
    if file.argument not in file.callback.traits.formatted:
        return "log.csv"
    return f"best{_wanted_ending(file.callback)}"


def _wanted_ending(callback: Object) -> str:
    return _WEIGHTS_ENDING if callback["save_weights_only"] else _MODEL_ENDINGS[0]


def report_file_endings(checked: Checked) -> None:
    """Report a model's file whose ending Keras refuses, or takes for another form."""
    for file in callback_files(checked):
        if file.argument not in file.callback.traits.formatted or not file.name:
            continue
        weights_only = bool(file.callback["save_weights_only"])
        if weights_only == file.name.endswith(_WEIGHTS_ENDING) and (
            weights_only or file.name.endswith(_MODEL_ENDINGS)
        ):
            continue
        ending = _wanted_ending(file.callback)
        kept = "weights alone" if weights_only else "a whole model"
        begin = _without_ending(file.name)
        checked.reporter.error(
            Code.CALLBACK_DESTINATION,
            file.place,
            f"`{file.callback.class_name}` cannot write to `{file.name}`",
            label=f"the file of {kept} ends in `{ending}`",
            help=name_help(f"{begin}{ending}"),
        )


def _without_ending(name: str) -> str:
    for ending in (_WEIGHTS_ENDING, *_MODEL_ENDINGS):
        if name.endswith(ending):
            return name.removesuffix(ending)
    path = PurePosixPath(name)
    # `best-{loss:.2f}` has a dot and no ending.
    return name if "}" in path.suffix else name.removesuffix(path.suffix)


def report_shared_files(checked: Checked) -> None:
    """Report two callbacks that write the same file, or one that writes into another's folder."""
    before: list[CallbackFile] = []
    for file in callback_files(checked):
        path = PurePosixPath(file.name)
        for other in before:
            theirs = PurePosixPath(other.name)
            if path.is_relative_to(theirs) or theirs.is_relative_to(path):
                checked.reporter.error(
                    Code.CALLBACK_DESTINATION,
                    file.place,
                    f"`{file.callback.class_name}` cannot write to `{file.name}`",
                    label=f"`{other.callback.class_name}` writes to `{other.name}`",
                    help=name_help(f"other_{path.name}"),
                )
                break
        before.append(file)


def report_network(checked: Checked) -> None:
    """Report a callback that speaks to the network where the project does not allow it."""
    project = checked.target.project
    allowed = project is not None and project.network
    for index, callback in enumerate(checked.training.callbacks if checked.training else ()):
        if not callback.traits.addresses:
            continue
        argument = callback.traits.addresses[0]
        address = str(callback[argument])
        place = checked.spec.places.value(f"training.callbacks.{index}.{argument}")
        if not allowed:
            checked.reporter.error(
                Code.CALLBACK_DESTINATION,
                place,
                f"`{callback.class_name}` speaks to the network, which this project does not allow",
                label=f"it sends to `{address}`",
                help="write `network = true` under `[tool.dlspec]` in the project's "
                "pyproject.toml, or leave the callback out",
            )
        elif not address.startswith(("http://", "https://")):
            checked.reporter.error(
                Code.CALLBACK_DESTINATION,
                place,
                f"`{callback.class_name}` cannot send to `{address}`",
                label="an address begins with `http://` or `https://`",
                help=name_help(f"http://{address.rpartition('://')[2]}"),
            )
