//! The claim of [`any_answer`](crate::any_answer) on fixed and on random answers.

use nova_connect::HttpChoice;
use proptest::prelude::*;

use crate::any_answer::check;

/// Every HTTP there is.
fn all() -> Vec<HttpChoice> {
    let mut all = vec![HttpChoice::One];
    #[cfg(feature = "http2")]
    all.push(HttpChoice::Two);
    all
}

#[test]
fn answers_that_are_nearly_right_do_no_harm() {
    let ends: [&[u8]; 12] = [
        b"\r\n",
        b"\r\n\x81\x02hi",
        b"Sec-WebSocket-Accept: other\r\n\r\n",
        b"Sec-WebSocket-Protocol: v1\r\n\r\n",
        b"Sec-WebSocket-Extensions: \r\n\r\n",
        b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        // DATA, a GOAWAY, a RST_STREAM.
        b"\0\0\x04\0\0\0\0\0\x01\x81\x02hi\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\x0b",
        b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08",
        b"\0\xff\xff\0\0\0\0\0\x01",
    ];
    for http in all() {
        for end in ends {
            for choice in [0, 1, 2, 3, 16, 17, 254, 255] {
                check(&[&[choice], end].concat(), http);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_does_harm(input in prop::collection::vec(any::<u8>(), 0..400)) {
        for http in all() {
            check(&input, http);
        }
    }
}
