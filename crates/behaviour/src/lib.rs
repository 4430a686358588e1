//! The behaviour traits an adapter fills in, their defaults, and the Handlers value.
