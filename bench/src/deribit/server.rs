//! The server: answers what it is asked, then says all it has as fast as the socket takes it.

use std::{
    error::Error,
    io::{Read, Write},
    time::Duration,
};

use serde_json::{Value, json};

use super::messages::Kind;
use crate::{
    load::frame,
    server::{accept, wire},
};

/// Serves one client and ends.
pub(super) fn serve(kind: Kind, messages: u64) -> Result<(), Box<dyn Error>> {
    let mut bytes = Vec::new();
    for number in 0..messages {
        frame(&mut bytes, 0x81, kind.message(number).as_bytes());
    }
    let mut stream = accept(false)?;
    wire::upgrade(&mut stream)?;
    loop {
        let request: Value = serde_json::from_str(&wire::read_text(&mut stream)?)?;
        let is_subscription = request["method"].as_str().is_some_and(|method| method.ends_with("/subscribe"));
        let result = if is_subscription { request["params"]["channels"].clone() } else { json!("ok") };
        let mut reply = Vec::new();
        frame(
            &mut reply,
            0x81,
            json!({"jsonrpc": "2.0", "id": request["id"], "result": result}).to_string().as_bytes(),
        );
        stream.write_all(&reply)?;
        if is_subscription {
            break;
        }
    }
    // The client may still be setting up what it counts with.
    std::thread::sleep(Duration::from_millis(50));
    stream.write_all(&bytes)?;
    // The client ends the connection.
    let _ = stream.read(&mut [0; 1024]);
    Ok(())
}
