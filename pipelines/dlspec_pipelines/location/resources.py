"""What the assets ask for: the run's settings, the trainer, and where records lie."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import dagster as dg

from dlspec_pipelines.location.record_io import RecordIOManager
from dlspec_pipelines.specs import SpecFile, compile_spec_text
from dlspec_pipelines.trainer.client import Listener, TrainerClient
from dlspec_pipelines.trainer.process import Trainers


class RunSettings(dg.ConfigurableResource[Any]):
    """Where and with what one run is made; the model itself is written in its spec."""

    params: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies it for each instance
    set: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies it for each instance
    backend: str | None = None

    def spec(self, spec: SpecFile) -> SpecFile:
        """Return the spec with this run's params, values by path and backend in place of its own.

        Raises:
            SpecError: If there is nothing where a value is set, or the spec no longer compiles.
        """
        if self.params or self.set:
            sets = {**spec.sets, **self.params, **self.set}
            spec = compile_spec_text(spec.path, spec.text, sets)
        return replace(spec, backend=self.backend)


def resource_defs(
    specs: Mapping[str, SpecFile],
    trainers: Trainers | None = None,
    listener: Listener | None = None,
) -> dict[str, Any]:
    """Return the resources of a location.

    Args:
        specs: The specs by name, so that a run starts the right trainers at once.
        trainers: Processes started before Dagster was loaded; None starts them with the run.
        listener: Hears every epoch.
    """

    @dg.resource(required_resource_keys={"settings"})
    def trainer(context: dg.InitResourceContext) -> Iterator[TrainerClient]:
        own = trainers or Trainers(context.run.run_id if context.run else "trainer")
        client = TrainerClient(own, context.resources.settings.backend, listener)
        try:
            # `dlspec run` knows whether there is anything to train; here nobody does yet.
            for spec in () if trainers else _specs_of(context.run, specs):
                client.start(spec)
            yield client
        finally:
            own.close()

    return {"settings": RunSettings(), "trainer": trainer, "io_manager": RecordIOManager()}


def _specs_of(run: dg.DagsterRun | None, specs: Mapping[str, SpecFile]) -> Iterator[SpecFile]:
    """Yield the specs that a run will train; without a selection nobody knows yet."""
    for key in (run and run.asset_selection) or ():
        name, step = key.path[0], key.path[-1]
        if step == "model" and name in specs:
            yield specs[name]
