//! The smallest complete WebsockexNova adapter: an echo service.
