//! From an endpoint to an upgraded byte stream: resolve, TCP, proxy, TLS, HTTP upgrade.
