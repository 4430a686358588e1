//! WebsockexNova's transport over the fastwebsockets crate.
