"""Files of customers and agents: original bytes, sniffed, bounded."""
