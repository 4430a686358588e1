//! No wait in a test is endless: it ends with a panic that says what was awaited.

use std::{future::Future, time::Duration};

use tokio::time;

/// How long a wait lasts unless told otherwise.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Waits for `future`, at most for `patience`.
///
/// # Panics
///
/// Nothing came in time; the text names `what` was awaited.
///
/// # Cancel safety
///
/// That of `future`.
#[track_caller]
pub fn within<F: Future>(patience: Duration, what: &str, future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match time::timeout(patience, future).await {
            Ok(output) => output,
            Err(_) => panic!("{caller}: waited {patience:?} in vain for {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future;

    use super::*;

    #[tokio::test]
    #[should_panic(expected = "in vain for a miracle")]
    async fn a_vain_wait_says_what_it_waited_for() {
        within(Duration::from_millis(1), "a miracle", future::pending::<()>()).await;
    }
}
