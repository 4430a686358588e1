//! The platform as a whole: up, announced to go down, refusing, down.

/// What holds for all connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Platform {
    /// Public calls need a login.
    pub(crate) is_login_needed: bool,
    maintenance: Option<Maintenance>,
}

#[derive(Clone, Debug)]
struct Maintenance {
    stage: Stage,
    refuses_at: u64,
    closes_at: u64,
    back_at: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Announced,
    Refusing,
    Down,
}

/// A change of the platform that is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Turn {
    /// Calls are refused from now on.
    Refuses,
    /// All connections are closed, all logins are worth nothing.
    GoesDown,
    /// It is back.
    Returns,
}

impl Platform {
    /// Announces that it goes down: first it refuses, then it is away.
    pub(crate) fn announce(&mut self, now: u64, warning_us: u64, refusing_us: u64, length_us: u64) {
        let refuses_at = now.saturating_add(warning_us);
        let closes_at = refuses_at.saturating_add(refusing_us);
        let back_at = closes_at.saturating_add(length_us);
        self.maintenance = Some(Maintenance { stage: Stage::Announced, refuses_at, closes_at, back_at });
    }

    /// Whether every call is refused.
    pub(crate) fn refuses_calls(&self) -> bool {
        self.stage().is_some_and(|stage| stage != Stage::Announced)
    }

    /// Whether nobody may connect.
    pub(crate) fn is_down(&self) -> bool {
        self.stage() == Some(Stage::Down)
    }

    pub(crate) fn due(&self) -> Option<u64> {
        self.maintenance.as_ref().map(|maintenance| match maintenance.stage {
            Stage::Announced => maintenance.refuses_at,
            Stage::Refusing => maintenance.closes_at,
            Stage::Down => maintenance.back_at,
        })
    }

    /// The next change that is due; ask until there is none.
    pub(crate) fn handle_timeout(&mut self, now: u64) -> Option<Turn> {
        if self.due()? > now {
            return None;
        }
        let maintenance = self.maintenance.as_mut()?;
        let (stage, turn) = match maintenance.stage {
            Stage::Announced => (Some(Stage::Refusing), Turn::Refuses),
            Stage::Refusing => (Some(Stage::Down), Turn::GoesDown),
            Stage::Down => (None, Turn::Returns),
        };
        match stage {
            Some(stage) => maintenance.stage = stage,
            None => self.maintenance = None,
        }
        Some(turn)
    }

    fn stage(&self) -> Option<Stage> {
        self.maintenance.as_ref().map(|maintenance| maintenance.stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_announced_refuses_goes_down_and_returns() {
        let mut platform = Platform::default();
        platform.announce(100, 5, 1, 30);
        assert_eq!((platform.due(), platform.refuses_calls()), (Some(105), false));
        assert_eq!(platform.handle_timeout(104), None);
        assert_eq!(platform.handle_timeout(105), Some(Turn::Refuses));
        assert!(platform.refuses_calls() && !platform.is_down());
        assert_eq!(platform.handle_timeout(106), Some(Turn::GoesDown));
        assert!(platform.is_down());
        assert_eq!(platform.handle_timeout(136), Some(Turn::Returns));
        assert!(!platform.refuses_calls() && platform.due().is_none());
    }
}
