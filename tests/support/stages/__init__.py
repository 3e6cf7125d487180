"""What tests of several wings share of one stage of a mirror."""
