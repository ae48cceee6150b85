"""What mlflow is told by the environment before it is imported, or started as a server."""

from collections.abc import Mapping

_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # eight processes that nothing here needs
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # A server that is away is tried again by the feed, which listens to orders in between.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}


def mlflow_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` with our defaults, where it says nothing else."""
    return {**_DEFAULTS, **environ}
