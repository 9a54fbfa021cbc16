"""Incoming webhooks: who may send, what is kept, how it is read, and what becomes of it."""
