"""The API `/api/v1/`: what a program of a shop sends, and what it may read."""
