"""What samples of words and their contexts owe the other sections."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.features import TextFeature, TokensFeature
from dlspec.language.sample_draws import ContextsDraw
from dlspec.language.sections import Data
from dlspec.rules.joined_rows import report_other_inputs, report_unused_sections
from dlspec.rules.subject import Checked


def report_word_contexts(checked: Checked) -> None:
    """Report an input that has no words, and what is said beside it in vain."""
    data = checked.written_data
    if data is None or not isinstance(data.sampling, ContextsDraw):
        return
    drawn = data.sampling
    _check_words(data, drawn, checked)
    report_other_inputs(data, drawn, checked)
    report_unused_sections(drawn, checked)
    if data.targets:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key("data.targets"),
            "`targets` and `contexts` exclude each other",
            label="the model learns `label`, which `contexts` makes",
            help="leave `targets` out",
        )


def _check_words(data: Data, drawn: ContextsDraw, checked: Checked) -> None:
    places, name = checked.spec.places, drawn.contexts
    fitting = [n for n, f in data.inputs.items() if isinstance(f, TextFeature | TokensFeature)]
    if name not in fitting:
        near = replacement_word(name, fitting, work=checked.reporter.work)
        if near is None and len(fitting) == 1:
            near = Replacement(fitting[0], certain=False)
        checked.reporter.error(
            Code.UNKNOWN_NAME,
            places.value("data.sampling.contexts"),
            f"`contexts` takes an input of words, `{name}` is none",
            label=f"such inputs: {', '.join(fitting) or 'none'}",
            help=near or "add a `text` or `tokens` under `data.inputs`",
        )
    elif data.inputs[name].num_ids is None:
        checked.reporter.error(
            Code.CONFLICT,
            places.value(f"data.inputs.{name}.vocabulary"),
            f"nothing says how many ids `{name}` has",
            label="only the file tells",
            help="write `size: 10000` beside `file`",
        )
