"""The long suites: what is claimed, measured."""
