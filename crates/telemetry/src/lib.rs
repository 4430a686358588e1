//! Typed events, observers, logging and metrics for WebsockexNova.
