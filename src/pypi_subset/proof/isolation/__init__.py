"""The box in which a package's code runs: it reaches nothing but what it is shown."""
