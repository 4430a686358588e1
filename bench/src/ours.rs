//! What is ours: links of either transport, and the whole client over them.

mod facade;
mod link;

pub(crate) use facade::Facade;
pub(crate) use link::{Borrowed, Delivery, Linked, Owned};
