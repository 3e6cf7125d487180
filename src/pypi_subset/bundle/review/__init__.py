"""The review page: what an officer reads before a bundle crosses the gap."""
