//! `nova connect`.

use nova_testkit::{
    canary,
    net::{
        Answer, Certificates, ConnectProxy, ConnectRules, EchoServer, Ending, Event, Peer, Port, RawFrame,
        Served,
    },
};

use super::process::{Nova, really_closed};

/// A server that sends these frames right behind its answer, and closes with 1000 when it has got a
/// message.
async fn saying(frames: &'static [fn() -> RawFrame]) -> Served {
    let server = Peer::serve(move |mut conn| async move {
        // In the same write as the answer, they come as early as any frame can.
        let early: Vec<u8> = frames.iter().flat_map(|frame| frame().to_bytes()).collect();
        conn.read_request().await;
        let answer = Answer::accepting(conn.request()).to_bytes();
        conn.send_raw([answer, early].concat()).await;
        conn.recv_message().await;
        conn.close_with(1000, "that is all").await;
        while conn.next().await.is_some() {}
    });
    server.await.unwrap()
}

#[tokio::test]
async fn lines_go_out_answers_come_in_and_the_end_of_input_closes() {
    let server = EchoServer::start().await.unwrap();
    let mut nova = Nova::start(&["connect", &server.url(), "--linger", "0"]);
    for line in ["hello", "", "w\u{f6}rld"] {
        nova.write(format!("{line}\n")).await;
        assert_eq!(nova.line().await, line);
    }
    nova.end_input();
    let ended = nova.ended().await;
    ended.assert(0, &["nova: closed; lines: 3 sent, 0 not sent, 0 of unknown fate"]);
    assert!(!ended.told.contains("closing handshake"), "{}", ended.told);
    server.wait_for_open_links(0).await;
}

#[cfg(unix)]
#[tokio::test]
async fn answers_to_the_last_lines_are_waited_for() {
    let server = EchoServer::start().await.unwrap();
    let mut nova = Nova::start(&["connect", &server.url(), "--linger", "600"]);
    nova.write("one\ntwo\n").await;
    nova.end_input();
    nova.tells("ready").await;
    assert_eq!((nova.line().await, nova.line().await), ("one".to_owned(), "two".to_owned()));
    nova.interrupt().await;
    nova.ended().await.assert(0, &["2 sent"]);
}

#[tokio::test]
async fn a_cut_link_is_replaced_and_the_conversation_goes_on() {
    let server = EchoServer::start().await.unwrap();
    let mut nova = Nova::start(&["connect", &server.url(), "--linger", "0"]);
    for line in ["one", "two"] {
        nova.write(format!("{line}\n")).await;
        assert_eq!(nova.line().await, line);
    }
    server.cut_links(Ending::Reset);
    nova.tells("lost after").await;
    // Of the second line, only its echo is certain at this moment.
    nova.tells("was the last one handed to a socket").await;
    nova.tells("attempt 1 follows in").await;
    nova.tells("ready after").await;
    nova.write("after\n").await;
    assert_eq!(nova.line().await, "after");
    nova.end_input();
    nova.ended().await.assert(0, &["3 sent, 0 not sent"]);
}

#[tokio::test]
async fn lines_typed_without_a_link_wait_for_the_next_in_their_order() {
    let mut server = EchoServer::start().await.unwrap();
    let mut nova = Nova::start(&["connect", &server.url(), "--linger", "0"]);
    nova.tells("ready").await;
    server.stop().await;
    really_closed();
    nova.tells("lost").await;
    nova.write("a\nb\nc\n").await;
    server.restart().await.unwrap();
    for line in ["a", "b", "c"] {
        assert_eq!(nova.line().await, line);
    }
    nova.end_input();
    nova.ended().await.assert(0, &["3 sent, 0 not sent"]);
}

#[cfg(unix)]
#[tokio::test]
async fn interrupted_without_a_link_it_tells_what_was_not_sent() {
    let mut server = EchoServer::start().await.unwrap();
    let mut nova = Nova::start(&["connect", &server.url()]);
    nova.write("first\n").await;
    assert_eq!(nova.line().await, "first");
    server.stop().await;
    really_closed();
    nova.tells("lost").await;
    // More than a pipe holds, so that line 2 has been read when all of this is written.
    nova.write(["second\n", &"x".repeat(200_000), "\n"].concat()).await;
    nova.interrupt().await;
    let ended = nova.ended().await;
    ended.assert(4, &["nova: line 2", "not sent: the client is closed", "lines: 1 sent,"]);
    assert!(!ended.told.contains(", 0 not sent"), "{}", ended.told);
}

#[tokio::test]
async fn nothing_is_missed_between_the_handshake_and_the_subscription() {
    let server = saying(&[|| RawFrame::text("welcome"), || RawFrame::binary([0, 0xAB, 0xFF])]).await;
    let mut nova = Nova::start(&["connect", &server.url(), "--no-reconnect"]);
    assert_eq!((nova.line().await, nova.line().await), ("welcome".to_owned(), "0x00abff".to_owned()));
    nova.write("thanks\n").await;
    nova.ended().await.assert(0, &["that is all", "1 sent"]);
}

#[tokio::test]
async fn a_lost_link_is_the_end_if_that_was_asked_for() {
    let server = EchoServer::start().await.unwrap();
    let mut nova = Nova::start(&["connect", &server.url(), "--no-reconnect"]);
    nova.tells("ready").await;
    server.cut_links(Ending::Reset);
    nova.ended().await.assert(1, &["error: the conversation has ended", "because: the link broke"]);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_closure_that_trying_again_cannot_help_is_the_end() {
    let server = Peer::serve(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.recv_message().await;
        conn.close_with(1008, "no \u{1b}[2Jway").await;
        while conn.next().await.is_some() {}
    });
    let server = server.await.unwrap();
    let mut nova = Nova::start(&["connect", &server.url()]);
    nova.write("let me in\n").await;
    let ended = nova.ended().await;
    ended.assert(1, &["the peer closed the link with 1008", "no \\u{1b}[2Jway"]);
    assert!(!ended.told.contains('\u{1b}'), "a peer wrote on the terminal");
}

#[tokio::test]
async fn a_wrong_command_line_names_the_part_and_ends_with_2() {
    for (args, told) in [
        (&["nowhere"][..], "because: the URL has no scheme"),
        (&["https://h/"], "because: the URL's scheme is \"https\""),
        (&["ws://h:99999/"], "because: the URL's port"),
        (&["ws://h/", "--header", "secret"], "header number 1 has no colon"),
        (&["ws://h/", "--header", "Host: x"], "header \"host\" is written by the handshake itself"),
        (&["ws://h/", "--subprotocol", "a b"], "subprotocol \"a b\""),
        (&["ws://h/", "--proxy", "ftp://p"], "\"ftp\" are not supported"),
        (&["ws://h/", "--linger=-1"], "not a span of time"),
        (&["ws://h/", "--quiet", "--verbose"], "cannot be used with"),
    ] {
        let ended = Nova::run(&[&["connect"], args].concat()).await;
        ended.assert(2, &[told]);
        assert!(!ended.told.contains("secret"), "{}", ended.told);
    }
}

#[tokio::test]
async fn a_refused_connection_is_told_at_once() {
    let port = Port::reserve().unwrap();
    let url = format!("ws://{}/", port.addr());
    let told = format!("error: could not connect to {url}\n  because: could not open a TCP connection");
    Nova::run(&["connect", &url]).await.assert(3, &[&told, "because: Connection refused"]);
}

#[tokio::test]
async fn a_refused_upgrade_is_told_with_its_status_and_words() {
    let server = Peer::serve(|mut conn| async move {
        conn.read_request().await;
        conn.answer(&Answer::refusing(403).with_body("\n no entry\x07 \n more")).await;
    });
    let server = server.await.unwrap();
    let ended = Nova::run(&["connect", &server.url()]).await;
    ended.assert(3, &["refused the upgrade with HTTP 403 Forbidden", "the server said: no entry\\u{7}\n"]);
    assert_eq!(server.accepted(), 1, "it was tried twice");
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused_unless_told_otherwise() {
    let server = EchoServer::start_tls(&Certificates::generate()).await.unwrap();
    let refused = Nova::run(&["connect", &server.url()]).await;
    refused.assert(3, &["the TLS handshake failed", "not signed by a trusted authority"]);

    // However quiet it is asked to be, this is said.
    let mut nova = Nova::start(&["connect", &server.url(), "--insecure", "--quiet", "--linger", "0"]);
    nova.write("hello\n").await;
    assert_eq!(nova.line().await, "hello");
    nova.end_input();
    nova.ended().await.assert(0, &["WARNING: --insecure"]);
}

#[tokio::test]
async fn headers_and_subprotocols_reach_the_server() {
    let server = saying(&[]).await;
    let args = ["connect", &server.url(), "--no-reconnect", "--header", "X-Who: me: myself", "-H", "x-who:I"];
    let protocols = ["--subprotocol", "v2", "--subprotocol", "v1"];
    // None of those offered is chosen, which is the server's right.
    let mut nova = Nova::start(&[&args[..], &protocols].concat());
    nova.write("hello\n").await;
    nova.ended().await.assert(0, &["that is all"]);
    let requests = server.journal().requests();
    assert_eq!(requests[0].values("x-who").collect::<Vec<_>>(), ["me: myself", "I"]);
    assert_eq!(requests[0].values("sec-websocket-protocol").collect::<Vec<_>>(), ["v2, v1"]);
}

#[tokio::test]
async fn a_proxy_is_gone_through_and_never_around() {
    let server = EchoServer::start().await.unwrap();
    let proxy = ConnectProxy::start(ConnectRules::default()).await.unwrap();
    let url = proxy.url();
    let mut nova = Nova::start(&["connect", &server.url(), "--proxy", &url, "--linger", "0"]);
    nova.write("through\n").await;
    assert_eq!(nova.line().await, "through");
    nova.end_input();
    nova.ended().await.assert(0, &["1 sent"]);

    drop(proxy);
    let accepted = server.accepted();
    Nova::run(&["connect", &server.url(), "--proxy", &url]).await.assert(3, &["could not connect"]);
    assert_eq!(server.accepted(), accepted, "it went around the proxy");
}

#[tokio::test]
async fn what_is_no_text_is_not_sent_and_said() {
    let server = EchoServer::start().await.unwrap();
    let mut nova = Nova::start(&["connect", &server.url(), "--linger", "0", "--quiet"]);
    nova.write(b"good\n\xFF\xFE\nbetter\n").await;
    assert_eq!((nova.line().await, nova.line().await), ("good".to_owned(), "better".to_owned()));
    nova.end_input();
    let ended = nova.ended().await;
    ended.assert(4, &[]);
    assert_eq!(ended.told, "nova: line 2: not sent: it is not UTF-8\n");
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_closes_with_the_handshake() {
    let server = Peer::serve(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.echo().await;
    });
    let server = server.await.unwrap();
    let mut nova = Nova::start(&["connect", &server.url()]);
    nova.tells("ready").await;
    nova.interrupt().await;
    nova.ended().await.assert(0, &["closed; lines: 0 sent"]);
    let closes = server.journal().frames().into_iter().filter_map(|(_, frame)| frame.close_code());
    assert_eq!(closes.collect::<Vec<_>>(), [1000]);
}

#[tokio::test]
async fn a_reader_that_has_had_enough_ends_it_in_order() {
    let server = Peer::serve(|mut conn| async move {
        conn.accept_upgrade().await;
        loop {
            conn.send_text("more").await;
            match conn.next().await {
                Some(frame) if frame.opcode == 0x8 => conn.send(RawFrame::close(1000, "")).await,
                Some(_) => {}
                None => return,
            }
        }
    });
    let server = server.await.unwrap();
    let mut nova = Nova::start(&["connect", &server.url()]);
    assert_eq!(nova.line().await, "more");
    nova.close_output();
    nova.write("go on\n").await;
    nova.ended().await.assert(0, &["1 sent"]);
    let ended = |entries: &[nova_testkit::net::Entry]| entries.iter().any(|entry| entry.what == Event::Ended);
    server.journal().wait_for("the end of the connection", ended).await;
}

#[tokio::test]
async fn the_log_goes_to_standard_error_and_only_if_wanted() {
    let server = EchoServer::start().await.unwrap();
    let url = format!("{}?token={}", server.url(), canary::TOKEN);
    let header = format!("Authorization: Bearer {}", canary::PASSWORD);
    let mut nova = Nova::start(&["connect", &url, "--verbose", "--linger", "0", "--header", &header]);
    nova.write("secret\n").await;
    assert_eq!(nova.line().await, "secret");
    nova.end_input();
    let ended = nova.ended().await;
    ended.assert(0, &["websockex_nova: connected in"]);
    assert!(!ended.told.contains("secret"), "a payload was logged");
    assert!(!ended.told.contains(canary::MARK), "a query or a header was logged: {}", ended.told);
}

#[tokio::test]
async fn the_help_and_the_readme_agree_on_every_exit_status() {
    for (command, count) in [(&["connect"][..], 6), (&["deribit", "watch"], 5), (&["sim", "deribit"], 3)] {
        assert_agreement_on_exit_statuses(command, count).await;
    }
}

async fn assert_agreement_on_exit_statuses(command: &[&str], count: usize) {
    let help = Nova::run(&[command, &["--help"]].concat()).await.output;
    let (_, statuses) = help.split_once("Exit status:\n").unwrap();
    let statuses: Vec<_> = statuses.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(statuses.len(), count, "{statuses:?}");
    for line in statuses {
        let (code, meaning) = line.trim().split_once(' ').unwrap();
        let meaning =
            meaning.trim().replace("--no-reconnect", "`--no-reconnect`").replace("--for", "`--for`");
        let row = format!("| {code} | {meaning} |");
        assert!(README.contains(&row), "the README lacks the row {row}");
    }
}

const README: &str = include_str!("../../../../README.md");
