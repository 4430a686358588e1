//! The Deribit adapter against the simulator, through the facade and over real sockets.

mod book;
mod chaos;
mod kit;
mod life;
mod limits;
mod login;
mod odd;
mod requests;
mod streams;
mod switches;
