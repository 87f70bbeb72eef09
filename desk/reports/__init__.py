"""Reports: services counted from the event log, and the conversations behind each figure."""
