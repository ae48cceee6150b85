"""Speed and memory beside the published code's, measured side by side: ``python -m benchmarks``."""
