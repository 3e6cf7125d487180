"""Who made a report, when and with what: what makes it evidence and not a file that says green."""
