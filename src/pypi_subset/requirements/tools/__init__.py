"""What the tables of other tools in a document say beside its requirements: honoured, or refused."""
