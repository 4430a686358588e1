//! Scopes: what a key may do, what a client asks for, what it is granted.

use std::collections::BTreeMap;

/// An area of the API.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Area {
    Account,
    Trade,
    Wallet,
    BlockTrade,
    BlockRfq,
}

/// How far an area is open.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Level {
    Read,
    ReadWrite,
}

/// The areas that are open.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Scope(BTreeMap<Area, Level>);

/// What a client asks for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Asked {
    /// `None` if it names no area, which asks for all there is.
    areas: Option<BTreeMap<Area, Option<Level>>>,
    /// The name of a session; otherwise the token is the connection's.
    pub(crate) session: Option<String>,
    /// The life of the access token, in seconds.
    pub(crate) expires_s: Option<u64>,
}

impl Scope {
    /// Reads scope words; what is no area is passed over.
    pub(crate) fn parse(words: &str) -> Self {
        let areas = words.split_whitespace().filter_map(area_word);
        Self(areas.filter_map(|(area, level)| Some((area, level?))).collect())
    }

    /// Whether it covers this.
    pub(crate) fn allows(&self, area: Area, level: Level) -> bool {
        self.0.get(&area).is_some_and(|open| *open >= level)
    }

    /// What is granted of it to whoever asks so: never more than either.
    pub(crate) fn narrowed_to(&self, asked: &Asked) -> Self {
        let Some(areas) = &asked.areas else { return self.clone() };
        let granted = self.0.iter().filter_map(|(area, open)| {
            let wanted = (*areas.get(area)?)?;
            Some((*area, wanted.min(*open)))
        });
        Self(granted.collect())
    }

    /// What both allow.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let both = self.0.iter().filter_map(|(area, level)| Some((*area, *other.0.get(area)?.min(level))));
        Self(both.collect())
    }

    /// Its words, in no particular order.
    pub(crate) fn words(&self) -> Vec<String> {
        self.0.iter().map(|(area, level)| format!("{}:{}", area.word(), level.word())).collect()
    }
}

impl Asked {
    pub(crate) fn parse(words: &str) -> Self {
        let mut asked = Self::default();
        for word in words.split_whitespace() {
            if let Some(name) = word.strip_prefix("session:") {
                asked.session = Some(name.to_owned());
            } else if let Some(seconds) = word.strip_prefix("expires:") {
                asked.expires_s = seconds.parse().ok();
            } else if let Some((area, level)) = area_word(word) {
                asked.areas.get_or_insert_default().insert(area, level);
            }
        }
        asked
    }
}

impl Area {
    const ALL: [Self; 5] = [Self::Account, Self::Trade, Self::Wallet, Self::BlockTrade, Self::BlockRfq];

    const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Trade => "trade",
            Self::Wallet => "wallet",
            Self::BlockTrade => "block_trade",
            Self::BlockRfq => "block_rfq",
        }
    }
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadWrite => "read_write",
        }
    }
}

/// An area and its level, `None` for the word `none`.
fn area_word(word: &str) -> Option<(Area, Option<Level>)> {
    let (area, level) = word.split_once(':')?;
    let area = Area::ALL.into_iter().find(|known| known.word() == area)?;
    let level = match level {
        "read" => Some(Level::Read),
        "read_write" => Some(Level::ReadWrite),
        "none" => None,
        _ => return None,
    };
    Some((area, level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_beyond_the_key_is_narrowed_and_what_is_not_asked_is_not_granted() {
        let key = Scope::parse("account:read trade:read_write wallet:read");
        let asked = Asked::parse("session:feed account:read_write trade:read wallet:none expires:900");
        let granted = key.narrowed_to(&asked);
        assert_eq!(granted.words(), ["account:read", "trade:read"]);
        assert_eq!((asked.session.as_deref(), asked.expires_s), (Some("feed"), Some(900)));
        assert!(granted.allows(Area::Trade, Level::Read) && !granted.allows(Area::Trade, Level::ReadWrite));
    }

    #[test]
    fn who_names_no_area_gets_all_the_key_has() {
        let key = Scope::parse("account:read trade:read_write");
        for words in ["", "connection", "session:a", "expires:10", "mainaccount surely:not trade:always"] {
            assert_eq!(key.narrowed_to(&Asked::parse(words)), key, "{words}");
        }
    }

    #[test]
    fn both_of_two_scopes_is_the_smaller_of_each() {
        let both = Scope::parse("account:read trade:read_write").and(&Scope::parse("trade:read wallet:read"));
        assert_eq!(both.words(), ["trade:read"]);
    }
}
