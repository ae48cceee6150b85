"""What a trainer gets of the environment: no secret of the service is among it."""

from collections.abc import Mapping

_ALLOWED = {
    "PATH", "HOME", "LANG", "LANGUAGE", "TMPDIR", "TZ", "USER", "LOGNAME", "VIRTUAL_ENV", "CXX",
}  # fmt: skip
_ALLOWED_PREFIXES = ("LC_", "CUDA_", "NVIDIA_", "LD_", "PYTHON", "OMP_", "MKL_", "XDG_", "MPL")


def trainer_environment(
    environ: Mapping[str, str], threads: int, gpu: str | None = None
) -> dict[str, str]:
    """The allow-listed part of ``environ``, with the thread count for every math library.

    Args:
        environ: usually ``os.environ``.
        threads: how many each math library may use.
        gpu: the one that the trainer sees, as ``CUDA_VISIBLE_DEVICES`` names it; ``None``: those
            that ``environ`` lets it see.
    """
    allowed = {
        name: value
        for name, value in environ.items()
        if name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)
    }
    visible = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}
    return {**allowed, **visible, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
