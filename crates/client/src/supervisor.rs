//! Many clients under one roof: each restarted by itself when it ends otherwise than wanted, all
//! ended together.
//!
//! Reconnecting is not done here: a client does that itself, and most clients never end. This is
//! for the rest, such as a login that was refused or a transport that panicked.

mod child;
mod policy;
mod report;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nova_behaviour::{Adapter, Policy};
use nova_transport::Transport;
use tokio::{
    sync::broadcast,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

pub use child::Child;
pub use policy::RestartPolicy;
pub use report::{ChildEnd, ChildReport, ChildStatus, Standing, SupervisorEvent, SupervisorEvents};

use crate::connect::Connect;

/// Keeps clients alive: one for one, so that a child that ends takes no sibling with it.
///
/// Each child is one task, which runs the child's driver. Dropping the supervisor ends all of them
/// at once, without a closing handshake; [`shutdown`](Self::shutdown) ends them in good order.
///
/// A child is restarted at once after any end but a shutdown, until its budget is spent. A first
/// connect that fails is such an end, unless the settings let it be retried.
///
/// ```
/// # use nova_behaviour::{Adapter, InitialConnect};
/// # use nova_client::{Connect, Supervisor, SupervisorEvent};
/// # use nova_transport::Transport;
/// # use std::time::Duration;
/// async fn watch_over<A, T>(venues: Vec<(String, A)>, transport: T)
/// where
///     A: Adapter + Clone + Sync,
///     T: Transport + Clone,
/// {
///     let supervisor = Supervisor::default();
///     let mut events = supervisor.events();
///     for (name, venue) in venues {
///         let transport = transport.clone();
///         let make = move || {
///             Connect::new(venue.clone(), transport.clone())
///                 .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
///         };
///         let child = supervisor.start(name, make).expect("every venue has a name of its own");
///         println!("{:?}", child.client().state());
///     }
///     while let Some(event) = events.next().await {
///         if let SupervisorEvent::GivenUp { child, end } = event {
///             println!("{child} stays down: {end}");
///             break;
///         }
///     }
///     for child in supervisor.shutdown(Duration::from_secs(5)).await {
///         println!("{}: {:?}", child.name, child.report);
///     }
/// }
/// ```
pub struct Supervisor {
    policy: RestartPolicy,
    children: Mutex<Children>,
    events: broadcast::Sender<SupervisorEvent>,
}

#[derive(Default)]
struct Children {
    by_name: BTreeMap<String, Entry>,
    is_closed: bool,
}

struct Entry {
    child: Arc<dyn child::Kept>,
    task: Task,
}

/// A task that ends when this is dropped, so that none is ever left to itself.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Supervisor {
    /// A supervisor without children that restarts them by this policy.
    #[must_use]
    pub fn new(policy: RestartPolicy) -> Self {
        Self { policy, children: Mutex::default(), events: broadcast::Sender::new(report::EVENTS) }
    }

    /// Starts a child. `make` is called now, and again for each restart; it prepares a client and
    /// connects nothing itself.
    ///
    /// # Errors
    ///
    /// A child of this name is alive, or the supervisor was shut down. The name of a child that
    /// stays down is free.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, or if `make` panics now. If it panics later, that is one more end
    /// of the child.
    pub fn start<A: Adapter, T: Transport, P: Policy>(
        &self,
        name: impl Into<String>,
        make: impl FnMut() -> Connect<A, T, P> + Send + 'static,
    ) -> Result<Child<A::Handlers, P>, StartError> {
        let name = name.into();
        self.lock().admits(&name)?;
        // Outside the lock: it is the application's code.
        let (child, kept, keeper) = child::raise(name.clone(), make, self.policy, self.events.clone());
        let mut children = self.lock();
        children.admits(&name)?;
        // An error only says that nobody listens.
        let _ = self.events.send(SupervisorEvent::Started { child: name.clone() });
        children.by_name.insert(name, Entry { child: kept, task: Task(tokio::spawn(keeper)) });
        Ok(child)
    }

    /// Every child by name, those that stay down included.
    #[must_use]
    pub fn list(&self) -> Vec<ChildStatus> {
        let status = |(name, entry): (&String, &Entry)| ChildStatus {
            name: name.clone(),
            state: entry.child.state(),
            restarts: entry.child.restarts(),
            standing: entry.child.standing(),
        };
        self.lock().by_name.iter().map(status).collect()
    }

    /// Follows what happens to the children from here on. Several receivers see the same stream.
    #[must_use]
    pub fn events(&self) -> SupervisorEvents {
        SupervisorEvents::new(self.events.subscribe())
    }

    /// Shuts one child down within this time, and forgets it; `None` if there is none of this name.
    ///
    /// # Cancel safety
    ///
    /// Once polled, dropping the future ends the child at once.
    pub async fn terminate(&self, name: &str, within: Duration) -> Option<ChildReport> {
        let entry = self.lock().by_name.remove(name)?;
        let mut reports = end_all([(name.to_owned(), entry)], within).await;
        reports.pop()
    }

    /// Shuts all children down within this time, and tells what each has left behind, those that
    /// were down before included. Nothing can be started thereafter.
    ///
    /// # Cancel safety
    ///
    /// Once polled, dropping the future ends all children at once.
    pub async fn shutdown(&self, within: Duration) -> Vec<ChildReport> {
        let children = {
            let mut children = self.lock();
            children.is_closed = true;
            std::mem::take(&mut children.by_name)
        };
        end_all(children, within).await
    }

    fn lock(&self) -> MutexGuard<'_, Children> {
        // Nothing in here can panic half-way.
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new(RestartPolicy::default())
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("policy", &self.policy).field("children", &self.list()).finish()
    }
}

impl Children {
    fn admits(&self, name: &str) -> Result<(), StartError> {
        if self.is_closed {
            return Err(StartError::Closed);
        }
        let is_alive = |entry: &Entry| matches!(entry.child.standing(), Standing::Kept);
        if self.by_name.get(name).is_some_and(is_alive) {
            return Err(StartError::NameTaken(name.to_owned()));
        }
        Ok(())
    }
}

/// Why a child was not started.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A child of this name is alive.
    #[error("a child named {0:?} is alive")]
    NameTaken(String),
    /// The supervisor was shut down.
    #[error("the supervisor was shut down")]
    Closed,
}

/// Ends children side by side, and waits for their tasks.
async fn end_all(children: impl IntoIterator<Item = (String, Entry)>, within: Duration) -> Vec<ChildReport> {
    let deadline = Instant::now().checked_add(within);
    let mut leaving = Vec::new();
    for (name, entry) in children {
        let standing = entry.child.standing();
        entry.child.shut_down(within);
        leaving.push((name, standing, entry));
    }
    let mut reports = Vec::new();
    for (name, standing, mut entry) in leaving {
        let task = &mut entry.task.0;
        let is_late = match deadline {
            Some(deadline) => timeout_at(deadline, &mut *task).await.is_err(),
            None => (&mut *task).await.is_err(),
        };
        if is_late {
            entry.child.cut_off();
            task.abort();
            // The task is gone with its next turn, unless foreign code hangs in this one.
            let _ = timeout(LAST_TURN, task).await;
        }
        let (restarts, report) = (entry.child.restarts(), entry.child.report());
        reports.push(ChildReport { name, restarts, standing, report });
    }
    reports
}

/// How long a task that was cut off may take to be gone.
const LAST_TURN: Duration = Duration::from_millis(20);
