//! Counted over a stream in memory: our transports, and the whole client over them.

use miniz_oxide::{
    DataFormat, MZFlush,
    deflate::{core::CompressorOxide, stream::deflate},
};
use websockex_nova::{
    transport::Transport,
    transport_fastwebsockets::FastWebSockets,
    transport_native::{Immediate, Native, deflate::Compression},
};

use super::{Counted, Row};
use crate::{
    load::{Load, frame},
    memory::Script,
    meter::Mark,
    on_runtime,
    ours::{Borrowed, Delivery, Facade, Linked, Owned},
    socket::{Socket, Taker, Text},
    via::Via,
};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = received();
    rows.extend([
        Row::new("native: send 350 B, a write each", 10_000, |messages| {
            send(|via| Native::new(via.connector(0)).with_flush::<Immediate>(), messages, 1)
        }),
        Row::new("native: send 350 B, 16 in a write", 10_000, |messages| send(native, messages, 16)),
        Row::new("native: send 350 B, 16 in a write, compressed", 1_000, |messages| {
            send(compressing, messages, 16)
        }),
        Row::new("fastwebsockets: receive 350 B", 10_000, |messages| {
            receive::<Borrowed, _>(fast, flood(Load::new(350, 1)), messages)
        }),
        Row::new("fastwebsockets: send 350 B, 16 in a write", 10_000, |messages| send(fast, messages, 16)),
        Row::new("client over native: an item of 350 B", 10_000, |messages| client(native, messages)),
        Row::new("client over fastwebsockets: an item of 350 B", 10_000, |messages| client(fast, messages)),
        Row::new("client over native: send 350 B, 16 at once", 5_000, client_send),
    ]);
    rows
}

fn received() -> Vec<Row> {
    let mut rows = Vec::new();
    for (bytes, messages) in [(64, 20_000), (350, 20_000), (1_000, 20_000), (16 << 10, 1_000), (1 << 20, 20)]
    {
        let load = Load::new(bytes, 1);
        rows.push(Row::new(format!("native: receive {bytes} B"), messages, move |messages| {
            receive::<Borrowed, _>(native, flood(load), messages)
        }));
        rows.push(Row::new(format!("native: receive {bytes} B, owned"), messages, move |messages| {
            receive::<Owned, _>(native, flood(load), messages)
        }));
    }
    rows.extend([
        Row::new("native: receive 1024 B in 4 fragments", 10_000, |messages| {
            receive::<Borrowed, _>(native, flood(Load::new(1_024, 1).in_fragments(4)), messages)
        }),
        Row::new("native: receive 350 B, each in a wake of its own", 10_000, |messages| {
            let mut one = Vec::new();
            frame(&mut one, 0x81, Load::new(350, 1).text(1).as_bytes());
            receive::<Borrowed, _>(native, Script::new(one).waiting(), messages)
        }),
        Row::new("native: receive 350 B, compressed", 2_000, |messages| {
            let script = Script::new(compressed(Load::new(350, 1))).with_extensions(AGREED);
            receive::<Borrowed, _>(compressing, script, messages)
        }),
    ]);
    rows
}

fn native(via: &Via) -> Native {
    Native::new(via.connector(0))
}

fn compressing(via: &Via) -> Native {
    native(via).with_compression(Compression::default().with_threshold(0))
}

fn fast(via: &Via) -> FastWebSockets {
    FastWebSockets::new(via.connector(0))
}

fn flood(load: Load) -> Script {
    Script::new(load.ring().bytes)
}

fn receive<D: Delivery, T: Transport>(transport: fn(&Via) -> T, script: Script, messages: u64) -> Counted {
    let via = Via::Memory(script);
    on_runtime(async {
        let mut link = Linked::<_, D>::open(transport(&via), &via.endpoint()).await;
        take(&mut link, messages).await
    })
}

fn client<T: Transport>(transport: fn(&Via) -> T, messages: u64) -> Counted {
    let via = Via::Memory(flood(Load::new(350, 1)));
    on_runtime(async {
        let mut client = Facade::open(transport(&via), via.endpoint()).await;
        take(&mut client, messages).await
    })
}

async fn take(socket: &mut impl Socket, messages: u64) -> Counted {
    let mut taker = Taker::new(messages, false);
    socket.receive(&mut taker).await;
    Counted { used: taker.used(), messages: taker.measured() }
}

fn send<T: Transport>(transport: impl FnOnce(&Via) -> T, messages: u64, batch: u64) -> Counted {
    let via = Via::Memory(silence());
    on_runtime(async {
        let mut link = Linked::<_, Borrowed>::open(transport(&via), &via.endpoint()).await;
        give(&mut link, messages, batch).await
    })
}

fn client_send(messages: u64) -> Counted {
    let via = Via::Memory(silence());
    on_runtime(async {
        let mut client = Facade::open(native(&via), via.endpoint()).await;
        give(&mut client, messages, 16).await
    })
}

async fn give(socket: &mut impl Socket, messages: u64, batch: u64) -> Counted {
    let text = Text::new(Load::new(350, 1).text(1));
    socket.send(&text, batch, batch).await;
    let began = Mark::now();
    let messages = messages.next_multiple_of(batch);
    socket.send(&text, messages, batch).await;
    Counted { used: began.used(), messages }
}

/// Says nothing, and agrees to compression.
fn silence() -> Script {
    Script::new(Vec::new()).with_extensions(AGREED)
}

/// Messages as a server compresses them (RFC 7692 §7.2.1), each by itself.
fn compressed(load: Load) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in load.ring().texts.iter().take(512) {
        let mut machine = CompressorOxide::default();
        machine.set_format_and_level(DataFormat::Raw, 6);
        let mut room = vec![0; 2 * text.len() + 64];
        let done = deflate(&mut machine, text.as_bytes(), &mut room, MZFlush::Sync);
        assert_eq!(done.bytes_consumed, text.len(), "there is room for all of it");
        let packed = room[..done.bytes_written].strip_suffix(&[0, 0, 0xFF, 0xFF]);
        frame(&mut bytes, 0xC1, packed.expect("a flush ends with an empty block"));
    }
    bytes
}

const AGREED: &str = "permessage-deflate";
