//! A listener that can stop and come back, and the tasks of its connections.
//!
//! What is done with a connection is the caller's; here is only who lives how long: a connection
//! never outlives the service, and nothing outlives its owner.

use std::{
    any::Any,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{JoinError, JoinHandle, JoinSet},
};

use super::port::Port;

/// One task that accepts, and under it one for each connection.
pub(crate) struct Service {
    port: Port,
    shared: Arc<Shared>,
    running: Option<Running>,
}

struct Shared {
    handler: Box<Handler>,
    accepted: AtomicUsize,
    panic: Mutex<Option<String>>,
}

type Handler = dyn Fn(TcpStream, usize) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Service {
    /// Listens, and runs `handler` for each connection with its number, the first being 1.
    pub(crate) async fn start<F>(
        handler: impl Fn(TcpStream, usize) -> F + Send + Sync + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let handler: Box<Handler> = Box::new(move |tcp, number| Box::pin(handler(tcp, number)));
        let shared = Shared { handler, accepted: AtomicUsize::new(0), panic: Mutex::default() };
        let mut this = Self { port: Port::reserve()?, shared: Arc::new(shared), running: None };
        this.restart().await?;
        Ok(this)
    }

    pub(crate) const fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// How many connections were accepted so far, those before a restart included.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    /// Ends all connections and stops listening. When this returns, the port refuses.
    pub(crate) async fn stop(&mut self) {
        if let Some(Running { stop, task }) = self.running.take() {
            // An error means that the task has ended, which its result tells better.
            let _ = stop.send(());
            if let Err(error) = task.await {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }

    /// Listens again on the same port, after a stop if it has not stopped.
    pub(crate) async fn restart(&mut self) -> io::Result<()> {
        self.stop().await;
        let listener = self.port.listen()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(run(listener, Arc::clone(&self.shared), stopped));
        self.running = Some(Running { stop, task });
        Ok(())
    }

    /// What the first handler that panicked said.
    pub(crate) fn panic(&self) -> Option<String> {
        self.shared.panic.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Service {
    /// Aborts everything. A panic of a handler is raised again, lest a failed assertion in it pass
    /// unseen.
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.task.abort();
        }
        if let Some(text) = self.panic().filter(|_| !std::thread::panicking()) {
            panic!("the handler of a connection panicked: {text}");
        }
    }
}

/// Accepts until told to stop, or until the sender is gone; then ends all connections.
async fn run(listener: TcpListener, shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let mut links = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept(), if links.len() < MAX_LINKS => {
                // A client that is gone before it was accepted, or a lack of descriptors, is no
                // reason to refuse the next one.
                let Ok((tcp, _)) = accepted else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let number = shared.accepted.fetch_add(1, Ordering::Relaxed) + 1;
                links.spawn((shared.handler)(tcp, number));
            }
            Some(ended) = links.join_next() => shared.note_panic(ended),
        }
    }
    drop(listener);
    links.abort_all();
    while let Some(ended) = links.join_next().await {
        shared.note_panic(ended);
    }
}

impl Shared {
    /// Keeps the text of the first panic.
    fn note_panic(&self, ended: Result<(), JoinError>) {
        if let Err(error) = ended
            && let Ok(panic) = error.try_into_panic()
        {
            let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| panic_text(&*panic));
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Connections served at once; further ones wait in the kernel's queue.
const MAX_LINKS: usize = 16_384;

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn idle() -> Service {
        Service::start(|tcp, _| async move {
            let _open = tcp;
            std::future::pending().await
        })
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn stopping_ends_links_and_restarting_serves_the_same_port() {
        let mut service = idle().await;
        for round in 1..=3 {
            let mut client = TcpStream::connect(service.addr()).await.unwrap();
            while service.accepted() < round {
                tokio::task::yield_now().await;
            }
            service.stop().await;
            assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
            assert!(TcpStream::connect(service.addr()).await.is_err());
            service.restart().await.unwrap();
        }
    }

    #[tokio::test]
    async fn dropping_ends_links() {
        let service = idle().await;
        let mut client = TcpStream::connect(service.addr()).await.unwrap();
        while service.accepted() < 1 {
            tokio::task::yield_now().await;
        }
        drop(service);
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test]
    #[should_panic(expected = "the handler of a connection panicked: number 1")]
    async fn the_panic_of_a_handler_reaches_the_test() {
        let service = Service::start(|_, number| async move { panic!("number {number}") }).await.unwrap();
        let _client = TcpStream::connect(service.addr()).await.unwrap();
        while service.panic().is_none() {
            tokio::task::yield_now().await;
        }
    }
}
