//! The names of channels that are not public market data: private ones, and public ones that stay silent.

use super::scope::Area;

/// A channel that is known by its name alone.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum OwnChannel {
    /// Needs a login.
    Private(Private),
    /// Sends only what is injected.
    Silent,
}

/// A private channel.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Private {
    pub(crate) area: Area,
    /// What it carries.
    pub(crate) feed: Feed,
    /// Its name in notifications, where it differs from the one that was asked for.
    pub(crate) renamed: Option<String>,
}

/// What a private channel carries.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Feed {
    /// Events of the user's trading.
    Trading { family: Family, about: About, is_raw: bool },
    /// The portfolio in this currency, upper case; `None` for any.
    Portfolio(Option<String>),
    /// Only what is injected.
    Silent,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Family {
    Orders,
    Trades,
    Changes,
}

/// What a feed of trading events is about.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum About {
    Instrument(String),
    /// Kind and currency, the latter in upper case; `None` for any.
    Kind(Option<String>, Option<String>),
}

/// What the grammar needs to know of the world.
pub(crate) trait Known {
    /// Whether an instrument of this name can be traded.
    fn is_instrument(&self, name: &str) -> bool;
    /// Whether this is a currency, in any case.
    fn is_currency(&self, word: &str) -> bool;
    /// Whether this is an index.
    fn is_index(&self, name: &str) -> bool;
}

impl OwnChannel {
    /// Reads a name; `None` if it is not such a channel, or names something unknown.
    pub(crate) fn parse(text: &str, known: &impl Known) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').take(6).collect();
        let currency = |word: &str| known.is_currency(word);
        let currency_or_any = |word: &str| word.eq_ignore_ascii_case("any") || known.is_currency(word);
        let silent = |area: Area| Some(Self::Private(Private { area, feed: Feed::Silent, renamed: None }));
        match parts[..] {
            ["announcements"] => Some(Self::Silent),
            ["rfq", word] | ["block_rfq", "trades", word] if currency(word) || currency_or_any(word) => {
                Some(Self::Silent)
            }
            ["user", family @ ("orders" | "trades" | "changes"), instrument, interval] => {
                let about = About::Instrument(instrument.to_owned());
                known.is_instrument(instrument).then_some(())?;
                trading(family, about, interval)
            }
            ["user", family @ ("orders" | "trades" | "changes"), kind, word, interval] => {
                trading(family, kind_and_currency(kind, word, known)?, interval)
            }
            ["user", "combo_trades", instrument, interval] => {
                (known.is_instrument(instrument) && is_interval(interval)).then_some(())?;
                silent(Area::Trade)
            }
            ["user", "combo_trades", kind, word, interval] => {
                kind_and_currency(kind, word, known)?;
                is_interval(interval).then_some(())?;
                silent(Area::Trade)
            }
            ["user", "portfolio", word] if currency_or_any(word) => Some(Self::Private(Private {
                area: Area::Account,
                feed: Feed::Portfolio(upper_unless_any(word)),
                renamed: lowered(text, word),
            })),
            ["user", "mmp_trigger", index] if index == "any" || known.is_index(index) => silent(Area::Trade),
            ["user", "access_log" | "lock" | "liquidation" | "lsp"] | ["user", "isolated", "liquidation"] => {
                silent(Area::Account)
            }
            ["block_rfq", "maker" | "taker", word] if currency_or_any(word) => Some(Self::Private(Private {
                area: Area::BlockRfq,
                feed: Feed::Silent,
                renamed: lowered(text, word),
            })),
            ["block_rfq", "maker", "quotes", word] if currency_or_any(word) => silent(Area::BlockRfq),
            ["block_trade_confirmations"] => silent(Area::BlockTrade),
            ["block_trade_confirmations", word] if currency_or_any(word) => silent(Area::BlockTrade),
            _ => None,
        }
    }

    /// The name in notifications of a silent public channel.
    pub(crate) fn silent_name(text: &str) -> String {
        match text.split_once('.') {
            Some(("rfq", _)) => text.to_ascii_lowercase(),
            _ => text.to_owned(),
        }
    }
}

impl About {
    /// Whether an event of this instrument belongs to it.
    pub(crate) fn covers(&self, instrument: &str, kind: &str, currency: &str) -> bool {
        match self {
            Self::Instrument(name) => name == instrument,
            Self::Kind(wanted, money) => {
                wanted.as_ref().is_none_or(|wanted| wanted == kind)
                    && money.as_ref().is_none_or(|money| money == currency)
            }
        }
    }
}

fn trading(family: &str, about: About, interval: &str) -> Option<OwnChannel> {
    is_interval(interval).then_some(())?;
    let family = match family {
        "orders" => Family::Orders,
        "trades" => Family::Trades,
        _ => Family::Changes,
    };
    let feed = Feed::Trading { family, about, is_raw: interval == "raw" };
    Some(OwnChannel::Private(Private { area: Area::Trade, feed, renamed: None }))
}

fn kind_and_currency(kind: &str, word: &str, known: &impl Known) -> Option<About> {
    let is_kind = matches!(kind, "future" | "option" | "spot" | "future_combo" | "option_combo" | "any");
    let is_currency = word.eq_ignore_ascii_case("any") || known.is_currency(word);
    (is_kind && is_currency).then(|| {
        let kind = (kind != "any").then(|| kind.to_owned());
        About::Kind(kind, upper_unless_any(word))
    })
}

fn is_interval(word: &str) -> bool {
    matches!(word, "raw" | "100ms" | "agg2")
}

fn upper_unless_any(word: &str) -> Option<String> {
    (!word.eq_ignore_ascii_case("any")).then(|| word.to_ascii_uppercase())
}

/// The name with its last word in lower case, if that makes a difference.
fn lowered(text: &str, word: &str) -> Option<String> {
    let lower = format!("{}{}", &text[..text.len() - word.len()], word.to_ascii_lowercase());
    (lower != text).then_some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World;

    impl Known for World {
        fn is_instrument(&self, name: &str) -> bool {
            name == "BTC-PERPETUAL"
        }

        fn is_currency(&self, word: &str) -> bool {
            ["BTC", "USDC"].iter().any(|known| known.eq_ignore_ascii_case(word))
        }

        fn is_index(&self, name: &str) -> bool {
            name == "btc_usd"
        }
    }

    #[test]
    fn every_form_of_the_grammar_is_known_with_its_area() {
        let forms = [
            ("user.orders.BTC-PERPETUAL.raw", Area::Trade),
            ("user.orders.BTC-PERPETUAL.agg2", Area::Trade),
            ("user.orders.future.BTC.raw", Area::Trade),
            ("user.orders.any.any.100ms", Area::Trade),
            ("user.trades.BTC-PERPETUAL.100ms", Area::Trade),
            ("user.trades.option.usdc.raw", Area::Trade),
            ("user.changes.BTC-PERPETUAL.raw", Area::Trade),
            ("user.changes.any.BTC.raw", Area::Trade),
            ("user.combo_trades.BTC-PERPETUAL.raw", Area::Trade),
            ("user.combo_trades.future.BTC.raw", Area::Trade),
            ("user.portfolio.BTC", Area::Account),
            ("user.portfolio.any", Area::Account),
            ("user.mmp_trigger.btc_usd", Area::Trade),
            ("user.mmp_trigger.any", Area::Trade),
            ("user.access_log", Area::Account),
            ("user.lock", Area::Account),
            ("user.liquidation", Area::Account),
            ("user.lsp", Area::Account),
            ("user.isolated.liquidation", Area::Account),
            ("block_rfq.maker.BTC", Area::BlockRfq),
            ("block_rfq.maker.quotes.BTC", Area::BlockRfq),
            ("block_rfq.taker.any", Area::BlockRfq),
            ("block_trade_confirmations", Area::BlockTrade),
            ("block_trade_confirmations.BTC", Area::BlockTrade),
        ];
        for (text, area) in forms {
            let Some(OwnChannel::Private(private)) = OwnChannel::parse(text, &World) else {
                panic!("{text} is private")
            };
            assert_eq!(private.area, area, "{text}");
        }
        for text in ["announcements", "rfq.BTC", "block_rfq.trades.any"] {
            assert_eq!(OwnChannel::parse(text, &World), Some(OwnChannel::Silent), "{text}");
        }
    }

    #[test]
    fn what_is_unknown_or_almost_right_is_none() {
        let wrong = [
            "",
            "user",
            "user.orders",
            "user.orders.BTC-PERPETUAL",
            "user.orders.btc-perpetual.raw",
            "user.orders.BTC-PERPETUAL.10ms",
            "user.orders.future.DOGE.raw",
            "user.orders.perpetual.BTC.raw",
            "user.orders.future.BTC.raw.x",
            "user.portfolio.DOGE",
            "user.mmp_trigger.eth_usd",
            "user.lock.BTC",
            "rfq.DOGE",
            "book.BTC-PERPETUAL.raw",
        ];
        for text in wrong {
            assert_eq!(OwnChannel::parse(text, &World), None, "{text}");
        }
    }

    #[test]
    fn some_names_come_back_in_lower_case() {
        let renamed = |text: &str| match OwnChannel::parse(text, &World) {
            Some(OwnChannel::Private(private)) => private.renamed,
            _ => None,
        };
        assert_eq!(renamed("user.portfolio.BTC").as_deref(), Some("user.portfolio.btc"));
        assert_eq!(renamed("block_rfq.taker.BTC").as_deref(), Some("block_rfq.taker.btc"));
        assert_eq!(renamed("user.portfolio.btc"), None);
        assert_eq!(renamed("user.orders.future.BTC.raw"), None);
        assert_eq!(OwnChannel::silent_name("rfq.BTC"), "rfq.btc");
        assert_eq!(OwnChannel::silent_name("block_rfq.trades.BTC"), "block_rfq.trades.BTC");
    }
}
