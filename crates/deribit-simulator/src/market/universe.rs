//! All instruments and indices, by place and by name.

use std::collections::HashMap;

use super::{
    decimal::Decimal,
    instrument::{Currency, Instrument, InstrumentId, Kind, Terms},
};

mod listing;

/// The place of an index in the [`Universe`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IndexId(pub(crate) u32);

impl IndexId {
    pub(crate) const fn place(self) -> usize {
        self.0 as usize
    }
}

/// A price that instruments follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// Its name: `btc_usd`.
    pub name: String,
    /// What it is made of: `BTC`.
    pub base: String,
    /// Digits after the point.
    pub(crate) scale: u8,
    /// Its first price.
    pub(crate) first: Decimal,
}

/// All instruments and indices.
#[derive(Clone, Debug, Default)]
pub struct Universe {
    instruments: Vec<Instrument>,
    by_name: HashMap<String, InstrumentId>,
    indices: Vec<Index>,
    index_by_name: HashMap<String, IndexId>,
}

impl Universe {
    /// The instrument of this name, whatever its state.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<InstrumentId> {
        self.by_name.get(name).copied()
    }

    /// The instrument of this name, if it has a book.
    #[must_use]
    pub fn find_listed(&self, name: &str) -> Option<InstrumentId> {
        self.find(name).filter(|id| self.instrument(*id).state.is_listed())
    }

    /// The instrument at this place.
    #[must_use]
    pub fn instrument(&self, id: InstrumentId) -> &Instrument {
        &self.instruments[id.place()]
    }

    pub(crate) fn instrument_mut(&mut self, id: InstrumentId) -> &mut Instrument {
        &mut self.instruments[id.place()]
    }

    /// All instruments, expired ones included, in the order in which they were listed.
    pub fn instruments(&self) -> impl ExactSizeIterator<Item = &Instrument> {
        self.instruments.iter()
    }

    /// The listed instruments of a kind and a currency, where `None` is any.
    pub fn listed(
        &self,
        kind: Option<Kind>,
        currency: Option<Currency>,
    ) -> impl Iterator<Item = &Instrument> {
        self.instruments.iter().filter(move |instrument| {
            instrument.state.is_listed()
                && kind.is_none_or(|kind| instrument.kind() == kind)
                && currency.is_none_or(|currency| instrument.currency == currency)
        })
    }

    /// The index of this name.
    #[must_use]
    pub fn find_index(&self, name: &str) -> Option<IndexId> {
        self.index_by_name.get(name).copied()
    }

    /// The index at this place.
    #[must_use]
    pub fn price_index(&self, id: IndexId) -> &Index {
        &self.indices[id.place()]
    }

    /// All indices.
    pub fn indices(&self) -> impl ExactSizeIterator<Item = (IndexId, &Index)> {
        self.indices.iter().enumerate().map(|(place, index)| (IndexId(place as u32), index))
    }

    /// The future an option is priced on: that of its coin and its expiry, if one is listed.
    pub(crate) fn underlying_of(&self, instrument: &Instrument) -> Option<&Instrument> {
        if instrument.kind() != Kind::Option {
            return None;
        }
        self.instruments().find(|other| {
            matches!(other.terms, Terms::Future { .. })
                && other.base == instrument.base
                && other.expiry_ms() == instrument.expiry_ms()
        })
    }

    /// Adds an instrument and gives it its place. A name that is there already stays what it was.
    pub(crate) fn add(&mut self, mut instrument: Instrument) -> InstrumentId {
        if let Some(known) = self.find(&instrument.name) {
            return known;
        }
        let id = InstrumentId(self.instruments.len() as u32);
        instrument.id = id;
        self.by_name.insert(instrument.name.clone(), id);
        self.instruments.push(instrument);
        id
    }

    fn add_index(&mut self, index: Index) -> IndexId {
        let id = IndexId(self.indices.len() as u32);
        self.index_by_name.insert(index.name.clone(), id);
        self.indices.push(index);
        id
    }
}
