"""Pages about policies: for the public and for the desk."""
