"""Runs a chapter's checks on a reader's folder. `tutorial.checks` is what they are written with."""
