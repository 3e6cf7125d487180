"""What a machine behind the gap asks for: the document that ``request.py`` writes there."""
