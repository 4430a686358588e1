//! The tokio shell around the WebsockexNova session, and the handles applications hold.
