//! Arbitrary bytes: no panic, bounded memory, and a meaning that does not depend on how the network
//! cut them.

use nova_frame_codec::{Client, Role, Server};

use crate::{
    choices::Choices,
    read::{Limits, Taking, read, read_by},
};

pub(crate) fn check(input: &[u8]) {
    let mut choices = Choices::new(input);
    let limits = Limits { frame_bytes: choices.limit(), message_bytes: choices.limit() };
    let cuts = choices.cuts();
    let stream = choices.rest();
    check_role::<Client>(stream, limits, cuts.clone());
    check_role::<Server>(stream, limits, cuts);
}

fn check_role<R: Role>(stream: &[u8], limits: Limits, cuts: impl Iterator<Item = usize> + Clone) {
    let at_once = read::<R>(stream, limits, []);
    for taking in Taking::ALL {
        assert_eq!(read_by::<R>(stream, limits, cuts.clone(), taking), at_once, "{taking:?}");
    }
    assert_eq!(read::<R>(stream, limits, cuts), at_once);
    assert_eq!(read::<R>(stream, limits, std::iter::repeat(1)), at_once);
}
