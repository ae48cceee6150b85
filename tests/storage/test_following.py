from storage.database import Database
from storage.following import FollowedTrial, followed_trials
from storage.records import TrialRecord, TrialState
from storage.trials import Trials


def test_what_there_may_be_news_of(database: Database, study: str) -> None:
    states = [TrialState.COMPLETE, TrialState.RUNNING, TrialState.PRUNED, TrialState.QUEUED,
              TrialState.FAILED]  # fmt: skip
    for number, state in enumerate(states):
        Trials(database).insert(TrialRecord(study=study, number=number, state=state))

    def numbers(after: int, *also: int) -> list[int]:
        return [trial.number for trial in followed_trials(database, study, after, also)]

    assert numbers(-1) == [0, 1, 2, 3, 4]
    assert numbers(4) == [1, 3]
    assert numbers(3) == [1, 3, 4]
    assert numbers(4, 0, 1) == [0, 1, 3]
    assert followed_trials(database, study, 4)[0] == FollowedTrial(1, TrialState.RUNNING)
    assert followed_trials(database, "another", -1) == []
