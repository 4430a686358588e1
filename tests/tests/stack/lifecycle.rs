//! A client's life over real links: opening, losing and replacing them, closing, ending.

mod closing;
mod ending;
mod losing;
mod opening;
mod silence;
