"""WhatsApp, by Meta's Cloud API: webhooks in, messages and approved templates out.

Source: WhatsApp Cloud API (Graph API v23.0).
"""

from handoff.channels.whatsapp.fetcher import WhatsAppFetcher
from handoff.channels.whatsapp.graph_api import GraphApi
from handoff.channels.whatsapp.receiver import WhatsAppReceiver
from handoff.channels.whatsapp.sender import WhatsAppSender

__all__ = ["GraphApi", "WhatsAppFetcher", "WhatsAppReceiver", "WhatsAppSender"]
