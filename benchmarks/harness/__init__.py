"""What every scenario stands on: servers, clients, and what becomes of the figures."""
