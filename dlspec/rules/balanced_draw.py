"""What `data.sampling` draws by, against the targets there are."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.metrics import target_kind
from dlspec.rules.subject import Checked


def report_balanced_draw(checked: Checked) -> None:
    """Report classes to balance that are no target, or whose target has none."""
    data = checked.data
    if data is None or data.sampling is None:
        return
    name = data.sampling.balanced
    fitting = [n for n, target in data.targets.items() if target_kind(target) in _WITH_CLASSES]
    if name in fitting:
        return
    near = replacement_word(name, fitting)
    if near is None and len(fitting) == 1:
        near = Replacement(fitting[0], certain=False)
    checked.reporter.error(
        Code.UNKNOWN_NAME,
        checked.spec.places.value("data.sampling.balanced"),
        f"`balanced` takes a target of classes, or of 0 and 1, `{name}` is neither",
        label=f"such targets: {', '.join(fitting) or 'none'}",
        help=near or "leave `sampling` out",
    )


_WITH_CLASSES = ("class", "binary")
