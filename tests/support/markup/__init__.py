"""Tests of what reads the HTML of others."""
