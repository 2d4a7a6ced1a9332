//! The whole relay, with loopback in place of a container's address.

use super::{Relay, Side, Target};
use crate::sys::inet::{self, Kind};
use rustix::net::SendFlags;
use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// Publishes a port of loopback at another one.
fn published(kind: Kind, port: u16) -> (Relay, SocketAddr) {
    let relay = Relay::start(|| Ok(())).expect("a relay");
    let socket = inet::server((Ipv4Addr::LOCALHOST, 0).into(), kind).expect("a listener");
    let address = rustix::net::getsockname(&socket).expect("an address").try_into().expect("an IPv4 address");
    let side = Side { address: Ipv4Addr::LOCALHOST.into(), gateway: Ipv4Addr::LOCALHOST.into(), prefix: 8, answers_all: true };
    relay.serve(1, socket, kind, port, Target { v4: Some(side), v6: None });
    (relay, address)
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

fn client(at: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream
}

#[test]
fn who_speaks_first_is_heard_and_each_end_is_told() {
    let (listener, port) = listener();
    let (_relay, at) = published(Kind::Stream, port);
    let server = thread::spawn(move || {
        // One that greets, one that is asked, one that never says a word.
        let (mut greets, _) = listener.accept().expect("a client");
        greets.write_all(b"hello").expect("write");
        let mut text = String::new();
        greets.read_to_string(&mut text).expect("read");
        greets.write_all(text.to_uppercase().as_bytes()).expect("write");
        drop(greets);
        let (mut asked, _) = listener.accept().expect("a client");
        let mut space = [0; 16];
        let length = asked.read(&mut space).expect("read");
        asked.write_all(&space[..length]).expect("write");
        drop(asked);
        let (silent, _) = listener.accept().expect("a client");
        drop(silent);
    });
    let mut stream = client(at);
    let mut greeting = [0; 5];
    stream.read_exact(&mut greeting).expect("a greeting");
    stream.write_all(b"bye").expect("write");
    stream.shutdown(Shutdown::Write).expect("end");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    assert_eq!((&greeting, text.as_str()), (b"hello", "BYE"));
    let mut stream = client(at);
    stream.write_all(b"question").expect("write");
    text.clear();
    stream.read_to_string(&mut text).expect("an answer and the end");
    assert_eq!(text, "question");
    text.clear();
    assert_eq!(client(at).read_to_string(&mut text).expect("the end"), 0);
    server.join().expect("a server");
}

#[test]
fn much_in_both_directions_waits_for_a_slow_reader() {
    const BYTES: usize = 12 << 20;
    let (listener, port) = listener();
    let (_relay, at) = published(Kind::Stream, port);
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut writer = stream.try_clone().expect("a copy");
        let writing = thread::spawn(move || {
            writer.write_all(&vec![7; BYTES]).expect("write");
            writer.shutdown(Shutdown::Write).expect("end");
        });
        // Everybody has written all that finds room by then.
        writing.join().expect("a writer");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("read");
        all.len()
    });
    let mut stream = client(at);
    let mut writer = stream.try_clone().expect("a copy");
    let writing = thread::spawn(move || {
        writer.write_all(&vec![8; BYTES]).expect("write");
        writer.shutdown(Shutdown::Write).expect("end");
    });
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("read");
    assert!(all.len() == BYTES && all.iter().all(|byte| *byte == 7));
    writing.join().expect("a writer");
    assert_eq!(server.join().expect("a server"), BYTES);
}

#[test]
fn what_comes_behind_an_urgent_byte_is_not_lost() {
    let (listener, port) = listener();
    let (_relay, at) = published(Kind::Stream, port);
    for round in 0..20 {
        let mut stream = client(at);
        let (mut server, _) = listener.accept().expect("a client");
        server.write_all(b"before").expect("write");
        rustix::net::send(&server, b"!", SendFlags::OOB).expect("an urgent byte");
        server.write_all(b"behind").expect("write");
        // Also without an end that would be told of by itself.
        let mut text = [0; 12];
        stream.read_exact(&mut text).expect("all");
        assert_eq!(&text, b"beforebehind", "{round}");
        rustix::net::send(&server, b"!", SendFlags::OOB).expect("an urgent byte");
        server.write_all(b"end").expect("write");
        drop(server);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("the end");
        assert_eq!(rest, b"end", "{round}");
    }
    // In the midst of much, and with an end right behind it.
    let mut stream = client(at);
    let (mut server, _) = listener.accept().expect("a client");
    let writing = thread::spawn(move || {
        for _ in 0..20 {
            server.write_all(&[1; 100_000]).expect("write");
            rustix::net::send(&server, b"!", SendFlags::OOB).expect("an urgent byte");
        }
        server.write_all(&[1; 7]).expect("write");
    });
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("the end");
    // An urgent byte is one of the others when the next one comes.
    assert_eq!(all.iter().filter(|byte| **byte == 1).count(), 2_000_007);
    writing.join().expect("a writer");
}

#[test]
fn a_port_without_a_listener_and_a_closed_one_reset() {
    let (listener, port) = listener();
    drop(listener);
    let (relay, at) = published(Kind::Stream, port);
    for speaks in [false, true] {
        let mut stream = client(at);
        // A reset is told once: to the write where it has come by then.
        if !(speaks && stream.write_all(b"question").is_err()) {
            stream.read(&mut [0]).expect_err("a reset");
        }
    }
    relay.close(HashSet::from([1]));
    TcpStream::connect(at).expect_err("nobody listens");
}

#[test]
fn a_closed_port_ends_its_connections() {
    let (listener, port) = listener();
    let (relay, at) = published(Kind::Stream, port);
    let mut stream = client(at);
    stream.write_all(b"question").expect("write");
    let (mut server, _) = listener.accept().expect("a client");
    relay.close(HashSet::from([1]));
    stream.read(&mut [0]).expect_err("a reset");
    let mut all = Vec::new();
    // What was sent is read, or the reset came first.
    let _ = server.read_to_end(&mut all);
    assert!(all.is_empty() || all == b"question");
}

#[test]
fn the_first_datagram_after_a_service_is_back_is_not_lost() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let port = socket.local_addr().expect("an address").port();
    let (_relay, at) = published(Kind::Datagram, port);
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    client.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    let echo = |socket: &UdpSocket, word: &[u8]| {
        client.send_to(word, at).expect("send");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        let mut space = [0; 16];
        // What was sent to nobody may come only now.
        let from = loop {
            let (length, from) = socket.recv_from(&mut space).expect("a question");
            if &space[..length] == word {
                break from;
            }
        };
        socket.send_to(word, from).expect("answer");
        let (length, from) = client.recv_from(&mut space).expect("an answer");
        assert_eq!((&space[..length], from), (word, at));
    };
    echo(&socket, b"one");
    drop(socket);
    for round in 0..20 {
        client.send_to(b"nobody", at).expect("send");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).expect("the same port");
        echo(&socket, format!("again {round}").as_bytes());
    }
}

#[test]
fn datagrams_of_a_known_client_go_the_new_way_after_a_change_of_addresses() {
    let other = Ipv4Addr::new(127, 0, 0, 2);
    let before = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let port = before.local_addr().expect("an address").port();
    let after = UdpSocket::bind((other, port)).expect("the same port of another address");
    let (relay, at) = published(Kind::Datagram, port);
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let mut space = [0; 16];
    client.send_to(b"one", at).expect("send");
    before.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    assert_eq!(before.recv(&mut space).expect("a datagram"), 3);
    let side = Side { address: other.into(), gateway: Ipv4Addr::LOCALHOST.into(), prefix: 8, answers_all: true };
    relay.retarget(HashSet::from([1]), Target { v4: Some(side), v6: None });
    // The relay is told and does not answer, so it is asked until it has heard.
    after.set_read_timeout(Some(Duration::from_millis(50))).expect("a time limit");
    let came = (0..400).any(|_| client.send_to(b"two", at).is_ok() && after.recv(&mut space).is_ok());
    assert!(came && space.starts_with(b"two"));
}
