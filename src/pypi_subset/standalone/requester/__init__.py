"""``request.py``: what a machine behind the gap lacks, as a document for the connected side."""
