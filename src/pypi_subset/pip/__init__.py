"""The one door to pip."""
