"""Programs that tests start: commands of the checkout, pip, uv, mounts."""
