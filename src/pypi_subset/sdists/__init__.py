"""From an sdist to a wheel, built once for all targets."""
