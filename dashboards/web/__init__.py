"""Studies in the browser: optuna-dashboard with sound, pictures and notes, behind a guard."""
