//! Who takes part.

use websockex_nova::{
    transport::Transport,
    transport_fastwebsockets::FastWebSockets as OverFastWebSockets,
    transport_native::{Explicit, Immediate, Native},
};

use crate::{
    ours::{Borrowed, Delivery, Facade, Linked, Owned},
    peers::{self, with},
    via::Via,
    work::Work,
};

/// A contender, in one way of using it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Who {
    Floor,
    /// Our transport over our codec; messages borrowed.
    Native,
    /// The same with messages that can be kept.
    NativeOwned,
    /// The same with a buffer of 256 KiB under TLS.
    NativeAhead,
    NativeImmediate,
    NativeExplicit,
    /// Our transport over fastwebsockets.
    OverFast,
    FacadeNative,
    FacadeOverFast,
    FastWebSockets,
    Sockudo,
    TokioWebSockets,
    Tungstenite,
    Yawc,
}

impl Who {
    /// Who receives, over TCP.
    pub(crate) const RECEIVERS: &[Self] = &[
        Self::Floor,
        Self::Native,
        Self::NativeOwned,
        Self::OverFast,
        Self::FacadeNative,
        Self::FacadeOverFast,
        Self::FastWebSockets,
        Self::Sockudo,
        Self::TokioWebSockets,
        Self::Tungstenite,
        Self::Yawc,
    ];

    /// Who receives, over TLS.
    pub(crate) const TLS_RECEIVERS: &[Self] = &[
        Self::Floor,
        Self::Native,
        Self::NativeOwned,
        Self::NativeAhead,
        Self::OverFast,
        Self::FacadeNative,
        Self::FacadeOverFast,
        Self::FastWebSockets,
        Self::Sockudo,
        Self::TokioWebSockets,
        Self::Tungstenite,
        Self::Yawc,
    ];

    pub(crate) const SENDERS: &[Self] = &[
        Self::Floor,
        Self::NativeImmediate,
        Self::Native,
        Self::NativeExplicit,
        Self::OverFast,
        Self::FacadeNative,
        Self::FacadeOverFast,
        Self::FastWebSockets,
        Self::Sockudo,
        Self::TokioWebSockets,
        Self::Tungstenite,
        Self::Yawc,
    ];

    /// Each once, for what does not depend on delivery or flushing.
    pub(crate) const EACH: &[Self] = &[
        Self::Floor,
        Self::Native,
        Self::OverFast,
        Self::FacadeNative,
        Self::FacadeOverFast,
        Self::FastWebSockets,
        Self::Sockudo,
        Self::TokioWebSockets,
        Self::Tungstenite,
        Self::Yawc,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor: the socket alone",
            Self::Native => "**transport-native**",
            Self::NativeOwned => "**transport-native**, owned",
            Self::NativeAhead => "**transport-native**, 256 KiB read ahead",
            Self::NativeImmediate => "**transport-native**, `Immediate`",
            Self::NativeExplicit => "**transport-native**, `Explicit`",
            Self::OverFast => "**transport-fastwebsockets**",
            Self::FacadeNative => "**client** over native",
            Self::FacadeOverFast => "**client** over fastwebsockets",
            Self::FastWebSockets => "fastwebsockets",
            Self::Sockudo => "sockudo-ws",
            Self::TokioWebSockets => "tokio-websockets",
            Self::Tungstenite => "tokio-tungstenite",
            Self::Yawc => "yawc",
        }
    }

    /// For the command line of a client.
    pub(crate) fn number(self) -> String {
        (self as usize).to_string()
    }

    pub(crate) fn numbered(number: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let number: usize = number.parse()?;
        let all = Self::TLS_RECEIVERS.iter().chain(Self::SENDERS);
        let who = all.copied().find(|who| *who as usize == number);
        who.ok_or_else(|| "there is no such contender".into())
    }

    /// Opens a connection and does this with it. Each way is boxed by itself, so that nobody's idle
    /// connection carries the room that another would need.
    pub(crate) async fn perform<W: Work>(self, via: Via, work: W) -> W::Output {
        match self {
            Self::Native => Box::pin(link::<_, Borrowed, _>(native(&via, 0), via, work)).await,
            Self::NativeOwned => Box::pin(link::<_, Owned, _>(native(&via, 0), via, work)).await,
            Self::NativeAhead => Box::pin(link::<_, Borrowed, _>(native(&via, 256 << 10), via, work)).await,
            Self::NativeImmediate => {
                let native = native(&via, 0).with_flush::<Immediate>();
                Box::pin(link::<_, Borrowed, _>(native, via, work)).await
            }
            Self::NativeExplicit => {
                let native = native(&via, 0).with_flush::<Explicit>();
                Box::pin(link::<_, Borrowed, _>(native, via, work)).await
            }
            Self::OverFast => Box::pin(link::<_, Borrowed, _>(over_fast(&via), via, work)).await,
            Self::FacadeNative => Box::pin(client(native(&via, 0), via, work)).await,
            Self::FacadeOverFast => Box::pin(client(over_fast(&via), via, work)).await,
            Self::Floor => Box::pin(with::<peers::Floor, _>(via, work)).await,
            Self::FastWebSockets => Box::pin(with::<peers::FastWebSockets, _>(via, work)).await,
            Self::Sockudo => Box::pin(with::<peers::Sockudo, _>(via, work)).await,
            Self::TokioWebSockets => Box::pin(with::<peers::TokioWebSockets, _>(via, work)).await,
            Self::Tungstenite => Box::pin(with::<peers::Tungstenite, _>(via, work)).await,
            Self::Yawc => Box::pin(with::<peers::Yawc, _>(via, work)).await,
        }
    }
}

fn native(via: &Via, read_ahead: usize) -> Native {
    Native::new(via.connector(read_ahead))
}

fn over_fast(via: &Via) -> OverFastWebSockets {
    OverFastWebSockets::new(via.connector(0))
}

async fn link<T: Transport, D: Delivery, W: Work>(transport: T, via: Via, work: W) -> W::Output {
    // What is needed while a connection is opened is boxed, so that it is gone while one is idle.
    let link = Box::pin(async move { Linked::<T, D>::open(transport, &via.endpoint()).await }).await;
    work.on(link).await
}

async fn client<W: Work>(transport: impl Transport, via: Via, work: W) -> W::Output {
    let client = Box::pin(async move { Facade::open(transport, via.endpoint()).await }).await;
    work.on(client).await
}
