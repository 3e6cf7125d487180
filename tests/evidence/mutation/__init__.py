"""Proves the proof: breaks a real subset in every way there is, and asks whether it was noticed."""
