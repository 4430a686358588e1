//! Arbitrary bytes: no panic, bounded memory, and a meaning that does not depend on how the network
//! cut them.

use nova_frame_codec::{Client, ProtocolError, Role, Server};

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
    for taking in Taking::PATIENT {
        assert_eq!(read_by::<R>(stream, limits, cuts.clone(), taking), at_once, "{taking:?}");
    }
    let impatient = read_by::<R>(stream, limits, cuts.clone(), Taking::Impatient);
    if impatient != at_once {
        assert_eq!(impatient.messages, at_once.messages);
        assert_eq!(impatient.end, Err(ProtocolError::InvalidUtf8));
        assert!(at_once.end.is_err() || at_once.mid_frame, "what is accepted at last was refused before");
    }
    assert_eq!(read::<R>(stream, limits, cuts), at_once);
    assert_eq!(read::<R>(stream, limits, std::iter::repeat(1)), at_once);
}
