//! Echo server, scripted byte-level peer and simulated world for testing WebsockexNova and its adapters.
