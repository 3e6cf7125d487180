"""The interpreters and environments that prove."""
