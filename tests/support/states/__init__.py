"""Snapshots of small proven sites."""
