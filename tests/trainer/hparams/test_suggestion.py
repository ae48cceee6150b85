import pytest

from trainer.hparams.suggestion import suggestion

KEYS = ("type", "low", "high", "log", "step", "choices")


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("lgo", KEYS, "log"),  # as like to `low` letter by letter, but made of the letters of `log`
        ("lwo", KEYS, "low"),
        ("lw", KEYS, "low"),
        ("Low", KEYS, "low"),
        ("demmo", ("tacotron2", "demo"), "demo"),
        ("dmeo", ("tacotron2", "demo"), "demo"),
        ("taco", ("tacotron2", "demo"), "tacotron2"),
        ("lerning_rate", ("learning_rate", "lr_adapter"), "learning_rate"),
        ("zzz", KEYS, None),
        ("x", (), None),
    ],
)
def test_the_nearest_known_name(name: str, known: tuple[str, ...], meant: str | None) -> None:
    assert suggestion(name, known) == (f"; did you mean '{meant}'?" if meant else "")
