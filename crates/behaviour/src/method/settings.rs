//! Settings of a connection that never change.

use crate::{
    dialect::Dialect,
    setting::{Setting, SettingHandler},
};

/// The same settings on every link.
#[derive(Clone, Debug)]
pub struct FixedSettings<R>(Vec<Setting<R>>);

impl<R> FixedSettings<R> {
    /// These settings, made in this order.
    #[must_use]
    pub fn new(settings: impl Into<Vec<Setting<R>>>) -> Self {
        Self(settings.into())
    }
}

impl<D: Dialect> SettingHandler<D> for FixedSettings<D::Request>
where
    D::Request: Clone,
{
    fn wanted(&mut self) -> Vec<Setting<D::Request>> {
        self.0.clone()
    }
}
