//! Whole-stack tests of WebsockexNova; see `tests/`.
