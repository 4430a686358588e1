//! One child: its handle, and the task that keeps it.

use std::{
    fmt,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nova_behaviour::{Adapter, Behaviour, Policy};
use nova_session::{EndCause, ShutdownReport, State};
use nova_transport::Transport;
use tokio::sync::{broadcast, watch};

use super::{
    policy::{Budget, RestartPolicy},
    report::{ChildEnd, Standing, SupervisorEvent},
};
use crate::{client::Client, connect::Connect, driver::Driver, shared::now};

/// A handle on a supervised child: the way to its client, which is a new one after each restart.
///
/// It keeps nothing alive. Handles on a client that has ended stay harmless: its calls say so.
pub struct Child<H: Behaviour, P: Policy> {
    clients: watch::Receiver<Client<H, P>>,
}

impl<H: Behaviour, P: Policy> Child<H, P> {
    /// The present client; while the child is down, its last.
    #[must_use]
    pub fn client(&self) -> Client<H, P> {
        self.clients.borrow().clone()
    }

    /// Waits until the child has been restarted since this was last asked, and yields its new
    /// client; `None` if it is down for good.
    ///
    /// # Cancel safety
    ///
    /// No restart is missed when the future is dropped; of several in a row, the last is yielded.
    pub async fn restarted(&mut self) -> Option<Client<H, P>> {
        self.clients.changed().await.ok()?;
        Some(self.clients.borrow_and_update().clone())
    }
}

impl<H: Behaviour, P: Policy> Clone for Child<H, P> {
    fn clone(&self) -> Self {
        Self { clients: self.clients.clone() }
    }
}

impl<H: Behaviour, P: Policy> fmt::Debug for Child<H, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("client", &*self.clients.borrow()).finish()
    }
}

/// A child without its types.
pub(super) trait Kept: Send + Sync {
    fn state(&self) -> State;
    fn restarts(&self) -> u64;
    fn standing(&self) -> Standing;
    /// Begins its end: it is not restarted any more.
    fn shut_down(&self, within: Duration);
    /// Ends it now.
    fn cut_off(&self);
    fn report(&self) -> ShutdownReport;
}

/// What the supervisor and the task of a child share.
struct Place<H: Behaviour, P: Policy> {
    life: Mutex<Life<H, P>>,
}

struct Life<H: Behaviour, P: Policy> {
    client: Client<H, P>,
    /// Tells of new clients; gone once there will be none.
    clients: Option<watch::Sender<Client<H, P>>>,
    restarts: u64,
    standing: Standing,
    /// Whether its end was asked for.
    is_leaving: bool,
}

impl<H: Behaviour, P: Policy> Place<H, P> {
    fn life(&self) -> MutexGuard<'_, Life<H, P>> {
        // Nothing in here can panic half-way.
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> Client<H, P> {
        self.life().client.clone()
    }

    fn stays_down(&self, standing: Standing) {
        let mut life = self.life();
        life.standing = standing;
        life.clients = None;
    }
}

impl<H: Behaviour, P: Policy> Kept for Place<H, P> {
    fn state(&self) -> State {
        self.client().state()
    }

    fn restarts(&self) -> u64 {
        self.life().restarts
    }

    fn standing(&self) -> Standing {
        self.life().standing.clone()
    }

    fn shut_down(&self, within: Duration) {
        let client = {
            let mut life = self.life();
            life.is_leaving = true;
            life.client.clone()
        };
        client.hold().0.later(move |session| session.shutdown(now(), within));
    }

    fn cut_off(&self) {
        self.client().hold().0.later(|session| {
            session.shutdown(now(), Duration::ZERO);
            session.handle_timeout(now());
        });
    }

    fn report(&self) -> ShutdownReport {
        self.client().shutdown_report()
    }
}

/// The task of a child.
pub(super) type Keeper = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Makes a child for the first time: its handle, its place, and the task to be spawned.
pub(super) fn raise<A: Adapter, T: Transport, P: Policy>(
    name: String,
    mut make: impl FnMut() -> Connect<A, T, P> + Send + 'static,
    policy: RestartPolicy,
    events: broadcast::Sender<SupervisorEvent>,
) -> (Child<A::Handlers, P>, Arc<dyn Kept>, Keeper) {
    let (client, driver) = make().into_parts();
    let (sender, clients) = watch::channel(client.clone());
    let life =
        Life { client, clients: Some(sender), restarts: 0, standing: Standing::Kept, is_leaving: false };
    let place = Arc::new(Place { life: Mutex::new(life) });
    let keeper = keep(name, Arc::clone(&place), make, driver, Budget::new(policy), events);
    (Child { clients }, place, Box::pin(keeper))
}

/// Runs the child's driver, and another one whenever it ends, as long as the budget lasts.
///
/// The drivers run inside of this task, so that ending it ends them.
async fn keep<A: Adapter, T: Transport, P: Policy>(
    name: String,
    place: Arc<Place<A::Handlers, P>>,
    mut make: impl FnMut() -> Connect<A, T, P> + Send + 'static,
    driver: Driver,
    mut budget: Budget,
    events: broadcast::Sender<SupervisorEvent>,
) {
    // An error only says that nobody listens.
    let tell = |event| drop(events.send(event));
    let mut running = Some(driver);
    loop {
        let end = match running.take() {
            Some(driver) => run(driver, &place.client()).await,
            None => ChildEnd::Panicked,
        };
        if end.is_normal() || place.life().is_leaving {
            place.stays_down(Standing::Ended);
            return tell(SupervisorEvent::Ended { child: name });
        }
        if !budget.spend(now()) {
            place.stays_down(Standing::GivenUp(end.clone()));
            return tell(SupervisorEvent::GivenUp { child: name, end });
        }
        let made = catch_unwind(AssertUnwindSafe(|| make().into_parts()));
        let restarts = {
            let mut life = place.life();
            if life.is_leaving {
                continue;
            }
            life.restarts += 1;
            if let Ok((client, driver)) = made {
                running = Some(driver);
                life.client = client;
                if let Some(clients) = &life.clients {
                    clients.send_replace(life.client.clone());
                }
            }
            life.restarts
        };
        tell(SupervisorEvent::Restarted { child: name.clone(), end, restarts });
        // A child that fails at once, under a generous policy, must not keep others from running.
        tokio::task::yield_now().await;
    }
}

/// Polls a driver to its end, and contains its panics: they end this child and nothing else.
async fn run<H: Behaviour, P: Policy>(mut driver: Driver, client: &Client<H, P>) -> ChildEnd {
    let polled = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut driver).poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => std::task::Poll::Ready(Err(ChildEnd::Panicked)),
    });
    match polled.await {
        Err(panicked) => panicked,
        Ok(()) => match client.state() {
            State::Closed(cause) => ChildEnd::Closed(cause),
            // A driver ends with its session; should it not have, the session has no driver.
            _ => ChildEnd::Closed(EndCause::Abandoned),
        },
    }
}
