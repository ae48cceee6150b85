"""What a study tries: Optuna's side of it."""
