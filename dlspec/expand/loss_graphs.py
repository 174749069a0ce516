"""A declared loss on the tensors of one output -> a flat graph that ends in the loss."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dlspec.decode.block_params import block_entry
from dlspec.decode.model_section import LOSS_INPUTS
from dlspec.decode.spec import BlockSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.expand.control_flow import Unroller
from dlspec.expand.flat import FlatGraph, Flow, Input, Pointer
from dlspec.expand.graph_nodes import Budget, Expansion
from dlspec.expand.names import Frame, explicit_names
from dlspec.language.catalogue import OwnLoss
from dlspec.language.catalogue.target import Target
from dlspec.syntax.scalars import POISON, Poison
from dlspec.syntax.substitution import Scope


@dataclass(slots=True)
class LossExpansion:
    """The declared losses of a file while they are expanded: once for each output that has one."""

    declared: Mapping[str, BlockSpec]
    file: Scope
    target: Target
    reporter: Reporter
    budget: Budget = field(default_factory=Budget)
    used: set[str] = field(default_factory=set)
    reads: dict[str, set[str]] = field(default_factory=dict)

    def expand_loss(self, made: OwnLoss, tensors: tuple[Input, Input]) -> FlatGraph:
        """Return the graph of a loss with its arguments.

        Args:
            tensors: What its `target` and its `prediction` are.
        """
        word, block = made.class_name, self.declared[made.class_name]
        entries = {
            name: block_entry(one, self.file, self.reporter) for name, one in self.declared.items()
        }
        state = Expansion(self.target, self.reporter, self.budget, self.file)
        state.blocks, state.block_entries, state.used = self.declared, entries, self.used
        state.block_reads = self.reads
        self.used.add(word)
        frame = Frame("", self.reporter, later=explicit_names(block.entries))
        for name in LOSS_INPUTS:
            frame.declare_name(name, block.name.span)
            frame.bind(name, Pointer(name, None, block.name.span))
        own = {p.name: made[p.name] for p in made.declared.parameters}
        scope = Scope(own, self.file, self.reads.setdefault(word, set()))
        last = Unroller(state, open_blocks=(word,)).row(block.entries, frame, scope, None)
        return FlatGraph(
            name=word,
            inputs=tensors,
            input_places={},
            input_shapes={},
            nodes=tuple(state.nodes),
            outputs=self._end_of_loss(block, last),
            output_place=block.name.span,
            inputs_as="list",
            outputs_as="single",
            models={},
            of="loss",
        )

    def _end_of_loss(
        self, block: BlockSpec, last: Flow | None
    ) -> tuple[tuple[str, Pointer], ...] | Poison:
        if isinstance(last, Pointer):
            return (("loss", last),)
        if not isinstance(last, Poison) and block.entries:
            self.reporter.error(
                Code.INPUT_COUNT,
                block.entries[-1].span,
                f"the loss `{block.name.value}` ends in no single tensor",
                label=f"{len(last)} come together" if last else "nothing comes out",
                help="let its last entry make one number for each sample",
            )
        return POISON

    def report_unused_losses(self) -> None:
        """Report losses that no output has, and params that no expression of a loss reads."""
        for name, block in self.declared.items():
            if name[:1].isupper() and name not in self.used:
                self.reporter.error(
                    Code.DECLARED_NOT_USED,
                    block.name.span,
                    f"the loss `{name}` is never used",
                    label="declared here, used nowhere",
                    help=f"write `loss: {name}`, or leave it out",
                )
            read = self.reads.get(name)
            for item in block.params.entries if block.params and read is not None else ():
                if read is not None and item.name not in read:
                    self.reporter.error(
                        Code.PARAM_NOT_READ,
                        item.key.span,
                        f"the param `{item.name}` of `{name}` is never read",
                        label="no expression in the loss uses it",
                        help=f"use `${item.name}` or leave it out",
                    )
