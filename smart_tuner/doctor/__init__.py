"""``smart-tuner doctor``: Optuna's state, ours and the processes of a study, reconciled."""
