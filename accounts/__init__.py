"""Who someone is: people, how they sign in and prove it, staff and what staff did."""
