"""Reads every resource of every account into the landing zone; complete, or marked as not complete with the reason."""
