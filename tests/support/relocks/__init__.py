"""Sites and projects for `relock`."""
