"""The controller of studies beside a bare Optuna loop and Ray Tune, with trainers of no weight."""
