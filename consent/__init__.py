"""What someone agreed to: policies, the ledger of answers, and telling people what changed."""
