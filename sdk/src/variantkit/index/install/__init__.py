"""Installation: the user's own installer, run against the view."""
