"""Why a request has no solution, or an older one than it could have."""
