"""Whether the packages of the sinks are there, without importing them."""

from importlib.util import find_spec

from smart_tuner.config.sections import SinksSection
from trainer.exit_codes import BadInputError


def require_sinks(sinks: SinksSection) -> None:
    """See to it that what is on can be told.

    Raises:
        BadInputError: a package is missing; says how to get it, or do without.
    """
    if sinks.mlflow:
        require_mlflow()
    if sinks.tensorboard and find_spec("tensorboardX") is None:
        raise BadInputError(
            "sinks.tensorboard needs the package tensorboardX: pip install tensorboardX, or set "
            "sinks.tensorboard: false"
        )


def require_mlflow() -> None:
    """See to it that there is MLflow.

    Raises:
        BadInputError: it is missing.
    """
    if find_spec("mlflow") is None:
        raise BadInputError(
            "MLflow is not installed: pip install mlflow, or set sinks.mlflow: false "
            "(SMART_TUNER_SINKS__MLFLOW=false)"
        )
