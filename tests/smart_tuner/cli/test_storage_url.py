"""The short way to the URL says what the loader of configuration says."""

import pytest

from smart_tuner.cli.storage_url import storage_url
from smart_tuner.config import load_config
from trainer.exit_codes import BadInputError

URL = "SMART_TUNER_STORAGE__URL"


@pytest.mark.parametrize("option", [None, "sqlite:///option.db"])
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HOME": "/home/anna"},
        {URL: "sqlite:///environment.db"},
        {URL: ""},
        {URL.lower(): "sqlite:///lower.db"},
        {"SMART_TUNER_STORAGE": '{"url": "sqlite:///whole.db"}'},
        {"SMART_TUNER_TEST_CORPUS": "speech", URL: "sqlite:///environment.db"},
        {"SMART_TUNER_STUDY__TRIALS": "8"},
    ],
)
def test_both_agree(option: str | None, environ: dict[str, str]) -> None:
    config = load_config(None, {"storage": {"url": option}}, environ=environ)

    assert storage_url(option, environ) == config.storage.url.get_secret_value()


def test_a_misspelt_variable_is_an_error() -> None:
    with pytest.raises(BadInputError, match="SMART_TUNER_STORAGE__ULR"):
        storage_url(None, {"SMART_TUNER_STORAGE__ULR": "sqlite:///x.db"})
