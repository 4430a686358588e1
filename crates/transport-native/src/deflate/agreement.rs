//! What two ends have agreed on.

use http::HeaderValue;

use super::{
    compression::{Compression, Context, WindowBits},
    deflater::Deflater,
    inflater::Inflater,
    parameters::Parameters,
};

/// The outcome of a negotiation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Agreement {
    /// How the client compresses.
    pub client: Direction,
    /// How the server compresses.
    pub server: Direction,
}

/// How one end compresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Direction {
    /// How far back it refers at most.
    pub window: WindowBits,
    /// Whether it refers to earlier messages.
    pub context: Context,
}

/// The server's answer does not fit what was offered; the connection must be given up (RFC 7692 §7.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("permessage-deflate with parameters that do not fit the offer")]
pub struct NotAgreed;

impl Compression {
    /// What a client writes into its `Sec-WebSocket-Extensions`.
    #[must_use]
    pub fn offer(&self) -> String {
        self.offered().write()
    }

    fn offered(&self) -> Parameters {
        let below_most = |bits| Some(bits).filter(|bits| *bits < WindowBits::MAX);
        Parameters {
            server_no_context_takeover: self.receive_context == Context::Dropped,
            client_no_context_takeover: self.send_context == Context::Dropped,
            server_max_window_bits: below_most(self.receive_window),
            // There in any case, since it lets the server ask for less.
            client_max_window_bits: Some(below_most(self.send_window)),
        }
    }

    /// Reads a server's answer to [`offer`](Self::offer): the lines of its `Sec-WebSocket-Extensions`.
    /// `None` if it does not want to compress.
    ///
    /// # Errors
    ///
    /// The answer is malformed, or not one to this offer.
    pub fn agreed<'a>(
        &self,
        answer: impl IntoIterator<Item = &'a HeaderValue>,
    ) -> Result<Option<Agreement>, NotAgreed> {
        let answers = Parameters::all(answer.into_iter().map(HeaderValue::as_bytes));
        let answer = match answers.as_slice() {
            [] => return Ok(None),
            [Ok(answer)] => *answer,
            _ => return Err(NotAgreed),
        };
        let client_window = match answer.client_max_window_bits {
            None => self.send_window,
            Some(Some(bits)) if bits <= self.send_window => bits,
            Some(_) => return Err(NotAgreed),
        };
        let server_window = answer.server_max_window_bits.unwrap_or(WindowBits::MAX);
        let dropped = |asked: Context, answered: bool| match (asked, answered) {
            (_, true) => Ok(Context::Dropped),
            (Context::Kept, false) => Ok(Context::Kept),
            // It was a condition, and the server did not accept it.
            (Context::Dropped, false) => Err(NotAgreed),
        };
        if server_window > self.receive_window {
            return Err(NotAgreed);
        }
        let server_context = dropped(self.receive_context, answer.server_no_context_takeover)?;
        // What we promised of ourselves holds whatever the server says to it.
        let client_context =
            if answer.client_no_context_takeover { Context::Dropped } else { self.send_context };
        Ok(Some(Agreement {
            client: Direction { window: client_window, context: client_context },
            server: Direction { window: server_window, context: server_context },
        }))
    }

    /// Reads a client's offers as a server with these settings: the lines of its
    /// `Sec-WebSocket-Extensions`. Gives the first that can be accepted, and what to answer.
    pub fn accept<'a>(
        &self,
        offers: impl IntoIterator<Item = &'a HeaderValue>,
    ) -> Option<(Agreement, String)> {
        let offers = Parameters::all(offers.into_iter().map(HeaderValue::as_bytes));
        let offer = offers.into_iter().flatten().find_map(|offer| self.accepts(offer))?;
        let (agreement, answer) = offer;
        Some((agreement, answer.write()))
    }

    fn accepts(&self, offer: Parameters) -> Option<(Agreement, Parameters)> {
        let server_window = offer.server_max_window_bits.unwrap_or(WindowBits::MAX).min(self.send_window);
        let client_window = match offer.client_max_window_bits {
            // The client cannot be asked for less than the most.
            None if self.receive_window < WindowBits::MAX => return None,
            None => None,
            Some(most) => Some(most.unwrap_or(WindowBits::MAX).min(self.receive_window)),
        };
        let either = |offered: bool, own: Context| offered || own == Context::Dropped;
        let answer = Parameters {
            server_no_context_takeover: either(offer.server_no_context_takeover, self.send_context),
            client_no_context_takeover: either(offer.client_no_context_takeover, self.receive_context),
            server_max_window_bits: Some(server_window)
                .filter(|bits| offer.server_max_window_bits.is_some() || *bits < WindowBits::MAX),
            client_max_window_bits: client_window.filter(|bits| *bits < WindowBits::MAX).map(Some),
        };
        let context = |dropped| if dropped { Context::Dropped } else { Context::Kept };
        let agreement = Agreement {
            client: Direction {
                window: client_window.unwrap_or(WindowBits::MAX),
                context: context(answer.client_no_context_takeover),
            },
            server: Direction { window: server_window, context: context(answer.server_no_context_takeover) },
        };
        Some((agreement, answer))
    }
}

impl Agreement {
    /// What a client sends and receives with. A message that inflates to more than `message_bytes` is
    /// refused.
    #[must_use]
    pub fn for_client(self, settings: &Compression, message_bytes: usize) -> (Deflater, Inflater) {
        (Deflater::new(self.client, settings), Inflater::new(self.server, message_bytes))
    }

    /// What a server sends and receives with.
    #[must_use]
    pub fn for_server(self, settings: &Compression, message_bytes: usize) -> (Deflater, Inflater) {
        (Deflater::new(self.server, settings), Inflater::new(self.client, message_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> HeaderValue {
        HeaderValue::from_str(text).unwrap()
    }

    fn window(bits: u8) -> WindowBits {
        WindowBits::try_from(bits).unwrap()
    }

    fn answered(settings: &Compression, answer: &str) -> Result<Option<Agreement>, NotAgreed> {
        settings.agreed([&header(answer)])
    }

    const fn full() -> Direction {
        Direction { window: WindowBits::MAX, context: Context::Kept }
    }

    #[test]
    fn an_offer_asks_for_what_differs_and_lets_the_server_limit_us() {
        assert_eq!(Compression::new().offer(), "permessage-deflate; client_max_window_bits");
        let little = Compression::new()
            .with_send_window(window(9))
            .with_receive_window(window(10))
            .with_send_context(Context::Dropped)
            .with_receive_context(Context::Dropped);
        assert_eq!(
            little.offer(),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
             server_max_window_bits=10; client_max_window_bits=9"
        );
    }

    #[test]
    fn an_answer_may_ask_for_less_and_never_for_more() {
        let plain = Compression::new();
        assert_eq!(plain.agreed([]), Ok(None));
        assert_eq!(answered(&plain, "other"), Ok(None));
        assert_eq!(
            answered(&plain, "permessage-deflate"),
            Ok(Some(Agreement { client: full(), server: full() }))
        );
        let less = "permessage-deflate; client_max_window_bits=8; server_max_window_bits=9; \
                    client_no_context_takeover; server_no_context_takeover";
        let direction = |bits| Direction { window: window(bits), context: Context::Dropped };
        assert_eq!(
            answered(&plain, less),
            Ok(Some(Agreement { client: direction(8), server: direction(9) }))
        );
        let little = plain.with_send_window(window(10)).with_receive_window(window(10));
        for (answer, is_right) in [
            ("permessage-deflate; server_max_window_bits=10", true),
            ("permessage-deflate; server_max_window_bits=10; client_max_window_bits=10", true),
            ("permessage-deflate", false),
            ("permessage-deflate; server_max_window_bits=11", false),
            ("permessage-deflate; server_max_window_bits=10; client_max_window_bits=11", false),
        ] {
            assert_eq!(answered(&little, answer).is_ok(), is_right, "{answer}");
        }
        let dropping = plain.with_receive_context(Context::Dropped);
        assert_eq!(answered(&dropping, "permessage-deflate"), Err(NotAgreed));
        assert!(answered(&dropping, "permessage-deflate; server_no_context_takeover").is_ok());
    }

    #[test]
    fn an_answer_that_is_odd_or_twice_there_is_refused() {
        for answer in [
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; what",
            "permessage-deflate, permessage-deflate",
            "permessage-deflate; server_max_window_bits=16",
        ] {
            assert_eq!(answered(&Compression::new(), answer), Err(NotAgreed), "{answer}");
        }
        let two = [header("permessage-deflate"), header("permessage-deflate")];
        assert_eq!(Compression::new().agreed(&two), Err(NotAgreed));
    }

    #[test]
    fn both_ends_come_to_the_same_whatever_each_wants() {
        let bits = [8, 9, 12, 15].map(window);
        let contexts = [Context::Kept, Context::Dropped];
        let wishes = || {
            bits.into_iter().flat_map(move |send| {
                bits.into_iter().flat_map(move |receive| {
                    contexts.into_iter().flat_map(move |ours| {
                        contexts.into_iter().map(move |theirs| {
                            Compression::new()
                                .with_send_window(send)
                                .with_receive_window(receive)
                                .with_send_context(ours)
                                .with_receive_context(theirs)
                        })
                    })
                })
            })
        };
        for client in wishes() {
            for server in wishes() {
                let (agreement, answer) =
                    server.accept([&header(&client.offer())]).expect("our offers let themselves be limited");
                assert_eq!(answered(&client, &answer), Ok(Some(agreement)), "{client:?} {server:?} {answer}");
                assert!(agreement.client.window <= client.send_window.min(server.receive_window));
                assert!(agreement.server.window <= server.send_window.min(client.receive_window));
            }
        }
    }

    #[test]
    fn a_server_takes_the_first_offer_that_it_can_keep() {
        let server = Compression::new().with_receive_window(window(9));
        let offers = header(
            "permessage-deflate, permessage-deflate; what, permessage-deflate; client_max_window_bits=12, \
             permessage-deflate; client_max_window_bits=8",
        );
        let (agreement, answer) = server.accept([&offers]).expect("the third will do");
        assert_eq!(answer, "permessage-deflate; client_max_window_bits=9");
        assert_eq!(agreement.client.window, window(9));
        assert!(server.accept([&header("permessage-deflate")]).is_none());
    }
}
