//! The Deribit adapter: JSON-RPC 2.0, login, channels, order books and credits of one venue.
