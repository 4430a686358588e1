//! Arbitrary bytes: no panic, bounded memory, and a meaning that does not depend on how the network
//! cut them.

use nova_frame_codec::{Client, Role, Server};

use crate::{
    choices::Choices,
    read::{Limits, read},
};

pub(crate) fn check(input: &[u8]) {
    let mut choices = Choices::new(input);
    let limits = Limits { frame_bytes: choices.limit(), message_bytes: choices.limit() };
    let cuts = choices.cuts();
    let stream = choices.rest();
    check_role::<Client>(stream, limits, cuts.clone());
    check_role::<Server>(stream, limits, cuts);
}

fn check_role<R: Role>(stream: &[u8], limits: Limits, cuts: impl Iterator<Item = usize>) {
    let at_once = read::<R>(stream, limits, []);
    assert_eq!(read::<R>(stream, limits, cuts), at_once);
    assert_eq!(read::<R>(stream, limits, std::iter::repeat(1)), at_once);
}
