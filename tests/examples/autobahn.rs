//! The client that the Autobahn testsuite tries: it echoes, over one of the transports.
//!
//! `cargo xtask autobahn` runs it: `autobahn <URL> <agent>`, where the agent names the transport and its
//! settings.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::{env, error::Error, time::Duration};

use websockex_nova::{
    frame_codec::{Assembler, CloseFrame, ControlPayload, Message, OutFrame, ProtocolError},
    transport::{Endpoint, FrameSink, FrameSource, Link, Transport, TransportError},
    transport_fastwebsockets::FastWebSockets,
    transport_native::{
        Native,
        deflate::{Compression, Context},
    },
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (url, agent) = args.next().zip(args.next()).ok_or("usage: autobahn <URL> <agent>")?;
    let compression = Compression::new().with_threshold(0);
    match agent.as_str() {
        "fastwebsockets" => try_all(FastWebSockets::default(), &url, &agent).await,
        "native" => try_all(Native::default(), &url, &agent).await,
        "native-deflate" => try_all(Native::default().with_compression(compression), &url, &agent).await,
        "native-deflate-alone" => {
            let alone = compression.with_send_context(Context::Dropped);
            try_all(Native::default().with_compression(alone), &url, &agent).await
        }
        other => Err(format!("{other} names no transport").into()),
    }
}

/// Runs every case that the server has, then has it write its report.
async fn try_all<T: Transport>(transport: T, url: &str, agent: &str) -> Result<(), Box<dyn Error>> {
    let link = transport.connect(&format!("{url}/getCaseCount").parse()?, &|_| {}).await?;
    let count = first_text(link).await?.parse::<u32>()?;
    for case in 1..=count {
        let endpoint: Endpoint = format!("{url}/runCase?case={case}&agent={agent}").parse()?;
        match transport.connect(&endpoint, &|_| {}).await {
            // How a case ends is the server's to judge.
            Ok(link) => drop(echo(link).await),
            Err(error) => println!("case number {case} opens no link: {error}"),
        }
    }
    let link = transport.connect(&format!("{url}/updateReports?agent={agent}").parse()?, &|_| {}).await?;
    let _ended = echo(link).await;
    println!("{agent}: {count} cases");
    Ok(())
}

async fn first_text<R: FrameSource, W>(mut link: Link<R, W>) -> Result<String, Box<dyn Error>> {
    let mut assembler = Assembler::new(1 << 20);
    loop {
        while let Some(frame) = link.source.next_frame()? {
            if let Some(Message::Text(text)) = assembler.push(frame)? {
                return Ok(text.to_owned());
            }
        }
        link.source.fill().await?;
    }
}

/// What a session does, as far as it does not depend on an application.
async fn echo<R: FrameSource, W: FrameSink>(link: Link<R, W>) -> Result<(), TransportError> {
    let Link { mut source, mut sink, .. } = link;
    let mut assembler = Assembler::new(64 << 20);
    loop {
        match answer(&mut source, &mut assembler, &mut sink).await {
            Ok(Next::More) => {
                sink.flush().await?;
                if let Err(error) = source.fill().await {
                    match error {
                        TransportError::Protocol(broken) => refuse(&mut sink, broken)?,
                        other => return Err(other),
                    }
                    break;
                }
            }
            Ok(Next::End) => break,
            Err(TransportError::Protocol(broken)) => {
                refuse(&mut sink, broken)?;
                break;
            }
            Err(other) => return Err(other),
        }
    }
    sink.flush().await?;
    // RFC 6455 §7.1.1: the server ends the connection first.
    let ended = async {
        while source.fill().await.is_ok() {
            while let Ok(Some(_)) = source.next_frame() {}
        }
    };
    let _elapsed = tokio::time::timeout(Duration::from_secs(1), ended).await;
    sink.finish().await
}

enum Next {
    More,
    End,
}

async fn answer<R: FrameSource, W: FrameSink>(
    source: &mut R,
    assembler: &mut Assembler,
    sink: &mut W,
) -> Result<Next, TransportError> {
    loop {
        if !sink.has_room() {
            sink.flush().await?;
        }
        let Some(frame) = source.next_frame()? else { return Ok(Next::More) };
        match assembler.push(frame)? {
            None | Some(Message::Pong(_)) => {}
            Some(Message::Text(text)) => sink.feed(OutFrame::text(text))?,
            Some(Message::Binary(bytes)) => sink.feed(OutFrame::binary(bytes))?,
            Some(Message::Ping(payload)) => {
                let payload = ControlPayload::new(payload).expect("the assembler passes no longer ones");
                sink.feed(OutFrame::pong(&payload))?;
            }
            Some(Message::Close(frame)) => {
                sink.feed(OutFrame::close(&payload(frame.as_ref())))?;
                return Ok(Next::End);
            }
        }
    }
}

fn refuse(sink: &mut impl FrameSink, broken: ProtocolError) -> Result<(), TransportError> {
    sink.feed(OutFrame::close(&payload(Some(&broken.close_code().into()))))
}

fn payload(frame: Option<&CloseFrame>) -> ControlPayload {
    frame.map_or(ControlPayload::EMPTY, ControlPayload::from)
}
