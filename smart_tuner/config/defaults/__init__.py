"""Defaults that depend on the preset, as YAML; the others stand with their fields."""
