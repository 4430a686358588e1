//! What a server reads: the request to upgrade, and texts.

use std::io::{self, Read, Write};

use crate::memory;

/// Answers the handshake.
pub(crate) fn upgrade(stream: &mut (impl Read + Write + ?Sized)) -> io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
        if let Some(answer) = memory::answer(&request, None) {
            stream.write_all(&answer)?;
            return stream.flush();
        }
    }
}

/// A text in one frame below 64 KiB, unmasked.
pub(crate) fn read_text(stream: &mut (impl Read + ?Sized)) -> io::Result<String> {
    let mut head = [0; 2];
    stream.read_exact(&mut head)?;
    if head[0] != 0x81 || head[1] & 0x80 == 0 {
        return Err(io::Error::other("not a masked text in one frame"));
    }
    let length = match head[1] & 0x7F {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length)?;
            usize::from(u16::from_be_bytes(length))
        }
        small => usize::from(small),
    };
    let mut mask = [0; 4];
    stream.read_exact(&mut mask)?;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload)?;
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    String::from_utf8(payload).map_err(io::Error::other)
}
