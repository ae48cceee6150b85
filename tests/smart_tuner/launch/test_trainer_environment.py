"""What a trainer gets of the environment."""

import pytest

from smart_tuner.launch.trainer_environment import trainer_environment

SECRETS = {
    "SMART_TUNER_STORAGE__URL": "postgresql://u:secret@h/d",
    "SMART_TUNER_TELEGRAM__TOKEN": "secret",
    "TELEGRAM_BOT_TOKEN": "secret",
    "GITHUB_TOKEN": "secret",
    "HF_TOKEN": "secret",
    "PGPASSWORD": "secret",
    "PGHOST": "secret",
    "DATABASE_URL": "secret",
    "MLFLOW_TRACKING_PASSWORD": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "SSH_AUTH_SOCK": "secret",
    "MY_PATH": "secret",
}
NEEDED = {
    "PATH": "/bin",
    "HOME": "/root",
    "LANG": "ru_RU.UTF-8",
    "LC_ALL": "C",
    "TMPDIR": "/tmp",
    "CXX": "clang++",
    "CUDA_VISIBLE_DEVICES": "0",
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    "LD_LIBRARY_PATH": "/lib",
    "PYTHONPATH": "/src",
}


def test_the_environment_is_allow_listed() -> None:
    environment = trainer_environment({**SECRETS, **NEEDED, "OMP_NUM_THREADS": "64"}, threads=2)
    assert environment == {**NEEDED, "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}


@pytest.mark.parametrize(
    ("environ", "gpu", "visible"),
    [
        ({}, None, None),
        ({}, "1", "1"),
        ({"CUDA_VISIBLE_DEVICES": "2,3"}, None, "2,3"),
        ({"CUDA_VISIBLE_DEVICES": "2,3"}, "3", "3"),
        ({"CUDA_VISIBLE_DEVICES": "GPU-a,GPU-b"}, "GPU-b", "GPU-b"),
    ],
)
def test_a_trainer_sees_the_gpu_of_its_slot(
    environ: dict[str, str], gpu: str | None, visible: str | None
) -> None:
    assert trainer_environment(environ, 1, gpu).get("CUDA_VISIBLE_DEVICES") == visible
