"""What the callbacks of a plan need beside Keras: asked for before any data is prepared."""

from importlib.util import find_spec

from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.step_errors import WrongUsage


def require_callback_packages(plan: Plan) -> None:
    """Return when all that the callbacks import is installed; nothing is imported.

    Raises:
        WrongUsage: If a package is missing: Keras would say so in the first epoch.
    """
    for callback in plan.training.callbacks if plan.training else ():
        for package in callback.traits.packages:
            if find_spec(package) is None:
                raise WrongUsage(
                    f"`{callback.class_name}` needs the package `{package}`, "
                    "which is not installed",
                    help=f"`pip install {package}` brings it; or leave the callback out",
                )
