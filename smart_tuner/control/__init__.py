"""The controller of a study, part by part."""
