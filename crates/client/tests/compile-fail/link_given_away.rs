//! Whoever has handed a link on cannot use it any more.

use nova_frame_codec::OutFrame;
use nova_transport::{FrameSink, FrameSource, Link};

fn hand_on<R: FrameSource + 'static, W: FrameSink + 'static>(mut link: Link<R, W>) {
    let new_holder = std::thread::spawn(move || drop(link));
    let _ = link.sink.feed(OutFrame::text("still mine?"));
    let _ = new_holder.join();
}

fn main() {}
