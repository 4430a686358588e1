//! Claims about threads.

use nova_transport::{Endpoint, FrameSink, FrameSource, Link, Transport};

use super::super::Subject;

/// Holds once it compiles.
pub async fn links_and_their_futures_can_move_between_threads<S: Subject>() {
    fn sendable<T: Send>(_: T) {}
    fn all_of<T: Transport>(transport: &T, endpoint: &Endpoint, link: &mut Link<T::Source, T::Sink>) {
        sendable(transport.connect(endpoint, &|_| {}));
        sendable(link.source.fill());
        sendable(link.sink.flush());
        sendable(link.sink.finish());
    }
    let _ = all_of::<S::Transport>;
}
