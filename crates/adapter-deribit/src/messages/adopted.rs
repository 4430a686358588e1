//! Whose the messages are that the application numbered itself.

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
};

use nova_behaviour::RequestId;

use super::envelope::Id;

/// The application's own ids of messages in flight, with the session's numbers for them.
///
/// An id that is used anew belongs to the newer message. A reply that never comes leaves its id
/// behind, so the oldest are forgotten beyond a bound.
#[derive(Debug, Default)]
pub(super) struct Adopted {
    owners: HashMap<Id<'static>, RequestId>,
    by_age: VecDeque<(Id<'static>, RequestId)>,
}

impl Adopted {
    pub(super) fn insert(&mut self, own: &Id<'_>, id: RequestId) {
        if self.by_age.len() >= MOST
            && let Some((oldest, owner)) = self.by_age.pop_front()
            && self.owners.get(&oldest) == Some(&owner)
        {
            self.owners.remove(&oldest);
        }
        let own = into_owned(own);
        self.by_age.push_back((own.clone(), id));
        self.owners.insert(own, id);
    }

    pub(super) fn take(&mut self, own: &Id<'_>) -> Option<RequestId> {
        // Most sessions have none: then nothing is looked up.
        if self.owners.is_empty() {
            return None;
        }
        let owner = self.owners.remove(&into_owned(own));
        if self.owners.is_empty() {
            self.by_age.clear();
        }
        owner
    }
}

fn into_owned(id: &Id<'_>) -> Id<'static> {
    match id {
        Id::Number(number) => Id::Number(*number),
        Id::Text(text) => Id::Text(Cow::Owned(text.clone().into_owned())),
        Id::Other(other) => Id::Other(Cow::Owned(other.clone().into_owned())),
    }
}

/// As many requests as may wait for replies by default.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_used_anew_belongs_to_the_newer_message() {
        let mut adopted = Adopted::default();
        adopted.insert(&Id::Number(1), RequestId::new(7));
        adopted.insert(&Id::Number(1), RequestId::new(8));
        assert_eq!(adopted.take(&Id::Number(1)), Some(RequestId::new(8)));
        assert_eq!(adopted.take(&Id::Number(1)), None);
        assert!(adopted.by_age.is_empty());
    }

    #[test]
    fn a_number_and_its_text_are_different_ids() {
        let mut adopted = Adopted::default();
        adopted.insert(&Id::Number(1), RequestId::new(7));
        assert_eq!(adopted.take(&Id::Text("1".into())), None);
    }

    #[test]
    fn ids_whose_replies_never_come_are_forgotten() {
        let mut adopted = Adopted::default();
        for number in 0..10 * MOST as u64 {
            adopted.insert(&Id::Number(number), RequestId::new(number));
        }
        assert_eq!((adopted.owners.len(), adopted.by_age.len()), (MOST, MOST));
        assert_eq!(adopted.take(&Id::Number(0)), None);
        let newest = 10 * MOST as u64 - 1;
        assert_eq!(adopted.take(&Id::Number(newest)), Some(RequestId::new(newest)));
    }
}
