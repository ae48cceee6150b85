from smart_tuner.exit_codes import TunerExit
from trainer.exit_codes import TrainerExit


def test_the_documented_numbers() -> None:
    assert {code.name: int(code) for code in TunerExit} == {
        "FINISHED": 0,
        "INTERNAL_ERROR": 1,
        "BAD_INPUT": 2,
        "NO_RESULT": 3,
        "STOPPED": 4,
    }


def test_bad_input_ends_alike_everywhere() -> None:
    assert TunerExit.BAD_INPUT == TrainerExit.BAD_INPUT
