//! What kind of thing each fault is: its name, and when and how often it acts by itself.

use super::{Fault, Lasting};

impl Fault {
    /// Its name, as in scenario files and the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RefuseHandshake { .. } => "refuse_handshake",
            Self::SlowHandshake { .. } => "slow_handshake",
            Self::DropTcp { .. } => "drop_tcp",
            Self::CloseFrame { .. } => "close_frame",
            Self::HalfOpen { .. } => "half_open",
            Self::MuteChannel {} => "mute_channel",
            Self::Delay { .. } => "delay",
            Self::Jitter { .. } => "jitter",
            Self::ReorderReplies { .. } => "reorder_replies",
            Self::LoseReply { .. } => "lose_reply",
            Self::LateReply { .. } => "late_reply",
            Self::DuplicateReply { .. } => "duplicate_reply",
            Self::ForeignIdReply {} => "foreign_id_reply",
            Self::ReplyWithoutId { .. } => "reply_without_id",
            Self::Gap { .. } => "gap",
            Self::StaleChange {} => "stale_change",
            Self::DuplicateChange {} => "duplicate_change",
            Self::NoSnapshot {} => "no_snapshot",
            Self::SecondSnapshot {} => "second_snapshot",
            Self::CrossedBook {} => "crossed_book",
            Self::RefuseAuth { .. } => "refuse_auth",
            Self::ExpireToken {} => "expire_token",
            Self::ShortTokens { .. } => "short_tokens",
            Self::RevokeRefresh {} => "revoke_refresh",
            Self::NarrowScope { .. } => "narrow_scope",
            Self::ForceError { .. } => "force_error",
            Self::RateLimit { .. } => "rate_limit",
            Self::DropAckChannel {} => "drop_ack_channel",
            Self::AckLie {} => "ack_lie",
            Self::MalformedJson { .. } => "malformed_json",
            Self::BinaryFrame {} => "binary_frame",
            Self::Fragmented { .. } => "fragmented",
            Self::HugeFrame { .. } => "huge_frame",
            Self::DeepJson { .. } => "deep_json",
            Self::UnknownChannel {} => "unknown_channel",
            Self::UnknownMethod {} => "unknown_method",
            Self::UnknownMembers {} => "unknown_members",
            Self::NumberEdge {} => "number_edge",
            Self::SkipHeartbeat {} => "skip_heartbeat",
            Self::HeartbeatFlood { .. } => "heartbeat_flood",
            Self::ServerPingOnly {} => "server_ping_only",
            Self::Maintenance { .. } => "maintenance",
            Self::PublicDisabled {} => "public_disabled",
            Self::LockIndex { .. } => "lock_index",
            Self::Settlement { .. } => "settlement",
            Self::SlowReaderLimit { .. } => "slow_reader_limit",
            Self::ThrottleSocket { .. } => "throttle_socket",
            Self::ClockSkew { .. } => "clock_skew",
            Self::Inject { .. } => "inject",
            Self::Notify { .. } => "notify",
        }
    }

    /// Whether it acts once when it begins, rather than on frames or for a while.
    pub(crate) const fn is_act(&self) -> bool {
        matches!(
            self,
            Self::DropTcp { .. }
                | Self::CloseFrame { .. }
                | Self::HalfOpen { .. }
                | Self::StaleChange {}
                | Self::SecondSnapshot {}
                | Self::ExpireToken {}
                | Self::MalformedJson { .. }
                | Self::HugeFrame { .. }
                | Self::DeepJson { .. }
                | Self::UnknownChannel {}
                | Self::UnknownMethod {}
                | Self::Maintenance { .. }
                | Self::Settlement { .. }
                | Self::Inject { .. }
                | Self::Notify { .. }
        )
    }

    /// Whether it changes notifications, so that each of them is asked about.
    pub(crate) const fn touches_notifications(&self) -> bool {
        matches!(
            self,
            Self::MuteChannel {}
                | Self::Gap { .. }
                | Self::DuplicateChange {}
                | Self::CrossedBook {}
                | Self::UnknownMembers {}
                | Self::NumberEdge {}
        )
    }

    /// For how long it acts unless the plan says otherwise.
    pub(crate) fn usual_lasting(&self) -> Lasting {
        match self {
            Self::RefuseHandshake { count, .. } | Self::RefuseAuth { count, .. } => {
                count.map_or(Lasting::UntilCleared, Lasting::Times)
            }
            Self::ForceError { count, .. } => count.map_or(Lasting::Times(1), Lasting::Times),
            Self::LoseReply { .. }
            | Self::LateReply { .. }
            | Self::DuplicateReply { .. }
            | Self::ForeignIdReply {}
            | Self::ReplyWithoutId { .. }
            | Self::Gap { .. }
            | Self::DuplicateChange {}
            | Self::CrossedBook {}
            | Self::NoSnapshot {}
            | Self::RateLimit { .. }
            | Self::NumberEdge {}
            | Self::BinaryFrame {}
            | Self::Fragmented { .. } => Lasting::Times(1),
            _ => Lasting::UntilCleared,
        }
    }
}
