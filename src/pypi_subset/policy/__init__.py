"""Rules over candidates: each judges distributions, and knows no index, no lock and no target."""
