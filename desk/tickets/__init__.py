"""Tickets (chamados): the durable matter with its number, actions and media."""
