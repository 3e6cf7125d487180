"""Our locks beside those of two other resolvers: many projects, many targets, one recorded index."""
