"""Wheels whose code attacks the machine that proves them: each attack is seen to succeed where its door is open."""
