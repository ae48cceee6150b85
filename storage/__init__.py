"""What a study did, kept in a database: Optuna's tables, and ours beside them.

`database` opens it; `studies`, `trials`, `events`, `progress` and `commands` are one repository
each; `status` is the one reading of a study's state; `optuna_storage` is Optuna's side.
"""
