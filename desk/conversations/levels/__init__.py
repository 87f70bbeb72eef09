"""Service levels: how soon people answer and resolve, by queue and priority, in business time."""
