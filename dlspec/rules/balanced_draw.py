"""What `data.sampling` draws by, against the targets there are."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.sample_draws import BalancedDraw
from dlspec.rules.subject import Checked, drawable_targets


def report_balanced_draw(checked: Checked) -> None:
    """Report classes to balance that are no target, or whose target has none."""
    data = checked.written_data
    if data is None or not isinstance(data.sampling, BalancedDraw):
        return
    name, fitting = data.sampling.balanced, drawable_targets(data)
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
