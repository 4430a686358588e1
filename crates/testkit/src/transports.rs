//! What must hold of any transport, tried over real sockets against a peer that follows a script.
//!
//! The author of a transport says how it is made, by implementing [`Subject`], and gets one test for
//! each claim by [`transport_tests!`](crate::transport_tests) in an integration test:
//!
//! ```ignore
//! struct Mine;
//!
//! impl Subject for Mine {
//!     type Transport = MyTransport;
//!
//!     fn plain() -> MyTransport {
//!         MyTransport::default()
//!     }
//!     // …
//! }
//!
//! nova_testkit::transport_tests!(Mine);
//! ```
//!
//! Frames are read as a session reads them, through an assembler, so that it does not matter which of
//! the two refuses an offence.

pub mod claims;

#[cfg(feature = "http2")]
mod behind;
mod ear;
mod pair;
mod violation;

use nova_frame_codec::ProtocolError;
use nova_transport::Transport;

#[cfg(feature = "http2")]
pub use behind::{Behind, Through};
pub use violation::Violation;

/// A transport to be tried, and how it is made.
pub trait Subject: Send + Sync + 'static {
    /// The transport.
    type Transport: Transport;

    /// One with its defaults.
    fn plain() -> Self::Transport;

    /// One that refuses frames of more than `bytes`.
    fn with_max_frame_bytes(bytes: usize) -> Self::Transport;

    /// One that trusts the authority with this certificate (PEM) and no other.
    fn trusting(root_pem: &str) -> Self::Transport;

    /// What it says to an offence where that is not what RFC 6455 wants, so that a known weakness is
    /// pinned, and noticed once it is gone. Default: it has none.
    #[must_use]
    fn weakness(violation: &Violation) -> Option<Weakness> {
        let _ = violation;
        None
    }
}

/// How a transport falls short of what RFC 6455 wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weakness {
    /// It accepts the offence.
    Unnoticed,
    /// It refuses it as something else.
    Mistaken(ProtocolError),
}

/// Makes a test of each claim about a transport; see [`transports`](crate::transports). With `, by http2`
/// (feature `http2`) the claims are those that make sense for a subject whose transports are
/// [`Behind`](crate::transports::Behind) gateways. The crate that uses it needs tokio with the features `macros`, `rt` and `time`.
#[macro_export]
macro_rules! transport_tests {
    // What makes no sense behind a gateway is left out: it checks the answer of HTTP/1.1 itself, asks
    // the peer only once it was asked, and its certificate is its own.
    ($subject:ty, by http2) => {
        $crate::transport_tests! { @everywhere $subject }
        $crate::transport_tests! { @claims $subject:
            http2: frames_of_every_length_travel_over_tls_and_http_2,
            http2: a_flush_reaches_the_peer_through_tls_and_http_2,
        }
    };
    ($subject:ty) => {
        $crate::transport_tests! { @everywhere $subject }
        $crate::transport_tests! { @claims $subject:
            opening: only_a_right_answer_opens_a_link,
            opening: a_connect_dropped_at_any_poll_closes_its_socket,
            securing: frames_of_every_length_travel_over_tls,
            securing: a_flush_reaches_the_peer_through_tls,
        }
    };
    (@everywhere $subject:ty) => {
        $crate::transport_tests! { @claims $subject:
            opening: a_refusal_is_told_with_its_status,
            opening: bytes_behind_the_answer_are_not_lost_wherever_they_are_cut,
            moving: every_length_comes_back_from_an_echo,
            moving: fragments_and_control_frames_between_them_come_in_order,
            moving: a_byte_at_a_time_is_as_good_as_all_at_once,
            moving: a_flood_of_small_frames_comes_in_order_and_in_bounded_batches,
            moving: pings_are_shown_and_not_answered,
            moving: every_frame_that_leaves_is_legal_and_masked_anew,
            holding: a_full_socket_leaves_no_room_and_loses_nothing,
            holding: a_flush_dropped_at_any_poll_goes_on_with_the_next_byte,
            holding: a_fill_dropped_at_any_poll_loses_nothing,
            holding: half_a_frame_is_a_sign_of_life,
            holding: a_silent_peer_is_waited_for,
            judging: each_offence_has_its_error_and_its_close_code,
            judging: frames_before_an_offence_are_delivered,
            judging: the_last_legal_form_of_each_rule_passes,
            judging: a_huge_frame_is_refused_from_its_header,
            judging: a_frame_longer_than_a_message_may_be_is_refused_from_its_header,
            ending: nothing_follows_a_close_frame,
            ending: both_sides_can_close_in_order,
            ending: a_peer_that_ends_its_direction_can_still_be_told_something,
            ending: an_end_without_a_close_frame_is_the_end_of_the_stream_and_stays_so,
            ending: a_reset_ends_both_halves,
            securing: nobody_is_trusted_without_a_reason,
            sharing: links_and_their_futures_can_move_between_threads,
        }
    };
    (@claims $subject:ty: $($room:ident: $claim:ident,)*) => {
        $(
            #[tokio::test]
            async fn $claim() {
                $crate::transports::claims::$room::$claim::<$subject>().await;
            }
        )*
    };
}
