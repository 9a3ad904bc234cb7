"""The page on which people see everything that the portal knows about them, and edit it."""
