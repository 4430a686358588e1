//! The sans-IO core of WebsockexNova: one conversation that outlives its sockets.
