"""The append-only log of what happened: audit, live screens, webhooks and reports."""
