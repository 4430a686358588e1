//! A managed WebSocket client framework: logins, subscriptions and requests that survive a network that breaks.
