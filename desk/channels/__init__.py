"""The doors through which customers come: web chat, Telegram, WhatsApp."""
