"""The user's operators: each is a choice of category and a read-out."""
