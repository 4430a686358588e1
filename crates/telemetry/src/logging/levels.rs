//! Which events are worth a line.

use crate::event::{Category, Event, Severity};

/// The least severity that is logged, by category.
///
/// Default: [`Severity::Debug`] for all, so that traffic is not even formatted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Levels {
    connection: Option<Severity>,
    message: Option<Severity>,
    error: Option<Severity>,
}

impl Levels {
    /// The same for all categories.
    #[must_use]
    pub const fn all(least: Severity) -> Self {
        Self { connection: Some(least), message: Some(least), error: Some(least) }
    }

    /// Logs events of this category from this severity on.
    #[must_use]
    pub const fn with(mut self, category: Category, least: Severity) -> Self {
        *self.of(category) = Some(least);
        self
    }

    /// Logs no event of this category.
    #[must_use]
    pub const fn without(mut self, category: Category) -> Self {
        *self.of(category) = None;
        self
    }

    /// Whether an event is logged.
    #[must_use]
    pub fn admit(mut self, event: &Event) -> bool {
        self.of(event.category()).is_some_and(|least| event.severity() >= least)
    }

    const fn of(&mut self, category: Category) -> &mut Option<Severity> {
        match category {
            Category::Connection => &mut self.connection,
            Category::Message => &mut self.message,
            Category::Error => &mut self.error,
        }
    }
}

impl Default for Levels {
    fn default() -> Self {
        Self::all(Severity::Debug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_category_has_its_own_threshold() {
        let levels =
            Levels::all(Severity::Warn).with(Category::Connection, Severity::Info).without(Category::Message);
        assert!(levels.admit(&Event::Closing));
        assert!(levels.admit(&Event::ItemsDropped { count: 1 }));
        assert!(!levels.admit(&Event::HeldBack { span: std::time::Duration::ZERO }));
        assert!(!Levels::all(Severity::Error).admit(&Event::Closing));
        assert!(!Levels::default().admit(&Event::Traffic {
            frames_received: 1,
            bytes_received: 1,
            frames_sent: 1,
            bytes_sent: 1
        }));
    }
}
