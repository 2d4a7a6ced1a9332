//! A web server on the loopback that does what a case says, and a registry in memory made of it.

use super::archive::{Image, digest};
use super::registry::blob_path;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
/// The first byte of a TLS connection.
const TLS_HANDSHAKE: u8 = 0x16;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What is answered; status 0: the connection is closed without an answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Closes the connection after so many bytes of the body, whatever the length said.
    pub cut: Option<usize>,
    /// What the length says, where that is not the truth.
    pub length: Option<u64>,
    pub then: Then,
}

/// What follows the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// The next request.
    #[default]
    Next,
    /// The connection ends with a reset.
    Reset,
    /// Nothing, until the other side gives up.
    Silence,
    /// The body again, for ever.
    Again,
    /// A byte each second, for ever.
    Drip,
}

impl Answer {
    pub fn new(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self { status, body: body.as_ref().to_vec(), ..Self::default() }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn cut(mut self, after: usize) -> Self {
        self.cut = Some(after);
        self
    }

    /// Says another length than that of the body.
    pub fn length(mut self, length: u64) -> Self {
        self.length = Some(length);
        self
    }

    pub fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }
}

/// A server in a thread; ends with the value.
pub struct Server {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    log: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn start(answer: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        Self::start_with("127.0.0.1", None, answer)
    }

    /// Listens on another address of this machine.
    pub fn start_on(address: &str, answer: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        Self::start_with(address, None, answer)
    }

    /// Speaks HTTPS, with this certificate and its key (PEM).
    pub fn start_secure(pem: &[u8], answer: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        let certs = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(pem).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(certs, key))
            .expect("settings of TLS");
        Self::start_with("127.0.0.1", Some(Arc::new(config)), answer)
    }

    fn start_with(host: &str, tls: Option<Arc<ServerConfig>>, answer: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind((host, 0)).expect("listen on an address of this machine");
        let address = listener.local_addr().expect("the address");
        let (over, log) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (ended, requests, answer) = (Arc::clone(&over), Arc::clone(&log), Arc::new(Mutex::new(answer)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                let (requests, answer, tls) = (Arc::clone(&requests), Arc::clone(&answer), tls.clone());
                std::thread::spawn(move || {
                    let _ = stream.set_read_timeout(Some(PATIENCE));
                    let _ = stream.set_write_timeout(Some(PATIENCE));
                    let socket = stream.try_clone().expect("another handle of the socket");
                    let answer = |request: &Request| (answer.lock().expect("no case panics here"))(request);
                    let ended = match tls.map(ServerConnection::new) {
                        Some(Ok(connection)) => serve(StreamOwned::new(connection, stream), &socket, &requests, answer),
                        Some(Err(error)) => panic!("a TLS connection: {error}"),
                        None => serve(stream, &socket, &requests, answer),
                    };
                    if ended == Then::Reset {
                        // Closed with unread bytes or with no time to linger, a socket says so by a reset.
                        let _ = rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO));
                    }
                });
            }
        });
        Self { address, over, log }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.log.lock().expect("no server thread panics").clone()
    }

    /// The requests so far that fit, as `METHOD PATH`.
    pub fn asked(&self, part: &str) -> Vec<String> {
        let lines = self.requests().into_iter().map(|request| format!("{} {}", request.method, request.path));
        lines.filter(|line| line.contains(part)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

/// Serves one connection; returns how it is to end.
fn serve(
    stream: impl Read + Write,
    socket: &TcpStream,
    log: &Mutex<Vec<Request>>,
    mut answer: impl FnMut(&Request) -> Answer,
) -> Then {
    let mut reader = BufReader::new(stream);
    if reader.fill_buf().is_ok_and(|bytes| bytes.first() == Some(&TLS_HANDSHAKE)) {
        // As a web server that expects plain HTTP answers to TLS.
        let _ = reader.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        return Then::Next;
    }
    while let Some(request) = read_request(&mut reader) {
        log.lock().expect("no server thread panics").push(request.clone());
        let answer = answer(&request);
        if answer.status == 0 {
            return answer.then;
        }
        let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = answer.length.unwrap_or(answer.body.len() as u64);
        let head = format!("HTTP/1.1 {} Answer\r\nContent-Length: {length}\r\n{headers}\r\n", answer.status);
        let body = if request.method == "HEAD" { &[][..] } else { &answer.body[..answer.cut.unwrap_or(answer.body.len())] };
        let writer = reader.get_mut();
        let sent = writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body)).and_then(|()| writer.flush());
        if sent.is_err() {
            return Then::Next;
        }
        match answer.then {
            Then::Next if answer.cut.is_none() => {}
            // Until the other side closes it: that no byte came in time is no end.
            Then::Silence => while reader.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {},
            Then::Again => while writer.write_all(body).is_ok() {},
            Then::Drip => {
                // The other side says no more: a read ends after the second, or at once where it closes the connection.
                let _ = socket.set_read_timeout(Some(Duration::from_secs(1)));
                loop {
                    let writer = reader.get_mut();
                    let sent = writer.write_all(b" ").and_then(|()| writer.flush());
                    let closed = !reader.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
                    if sent.is_err() || closed {
                        break;
                    }
                }
            }
            Then::Next | Then::Reset => {}
        }
        if answer.then != Then::Next || answer.cut.is_some() {
            return answer.then;
        }
    }
    Then::Next
}

fn read_request(reader: &mut BufReader<impl Read>) -> Option<Request> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|count| *count > 0)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let headers = super::registry::headers(reader);
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length").and_then(|text| text.parse().ok()) {
        reader.by_ref().take(length).read_to_end(&mut body).ok()?;
    } else if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let length = u64::from_str_radix(line.trim(), 16).ok()?;
            reader.by_ref().take(length).read_to_end(&mut body).ok()?;
            line.clear();
            reader.read_line(&mut line).ok()?;
            if length == 0 {
                break;
            }
        }
    }
    Some(Request { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}

/// A registry in memory: what was pushed can be pulled.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// By path: blobs, and manifests by tag and digest.
    files: BTreeMap<String, (String, Vec<u8>)>,
    uploads: BTreeMap<String, Vec<u8>>,
    /// How many uploads there were: several may be under way.
    begun: usize,
}

impl Memory {
    /// A registry that has these images as `repository:latest`.
    pub fn with(images: &[(&str, &Image)]) -> Self {
        let mut memory = Self::default();
        for (repository, image) in images {
            let manifest = image.manifest_bytes();
            for reference in ["latest".to_owned(), digest(&manifest)] {
                memory.files.insert(format!("/v2/{repository}/manifests/{reference}"), (MANIFEST.to_owned(), manifest.clone()));
            }
            for blob in [vec![image.config_bytes()], image.packed_layers()].concat() {
                memory.files.insert(blob_path(repository, &blob), ("application/octet-stream".to_owned(), blob));
            }
        }
        memory
    }

    /// The bytes under a path.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(|(_, bytes)| &bytes[..])
    }

    pub fn answer(&mut self, request: &Request) -> Answer {
        let path = request.path.as_str();
        match request.method.as_str() {
            "GET" if path == "/v2/" => Answer::new(200, "{}"),
            "GET" | "HEAD" => match self.files.get(path) {
                Some((kind, bytes)) => {
                    Answer::new(200, bytes).header("Content-Type", kind).header("Docker-Content-Digest", digest(bytes))
                }
                None => Answer::new(404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}"#),
            },
            "POST" => {
                if let Some((wanted, from)) = mount_of(&request.query) {
                    let repository =
                        path.strip_prefix("/v2/").and_then(|rest| rest.strip_suffix("/blobs/uploads/")).unwrap_or_default();
                    if let Some(blob) = self.files.get(&format!("/v2/{from}/blobs/{wanted}")).cloned() {
                        self.files.insert(format!("/v2/{repository}/blobs/{wanted}"), blob);
                        return Answer::new(201, "");
                    }
                }
                self.begun += 1;
                let place = format!("{path}{}", self.begun);
                self.uploads.insert(place.clone(), Vec::new());
                Answer::new(202, "").header("Location", format!("{place}?state=x"))
            }
            "PATCH" => {
                self.uploads.entry(path.to_owned()).or_default().extend_from_slice(&request.body);
                Answer::new(202, "").header("Location", format!("{path}?state=y"))
            }
            "PUT" if path.contains("/uploads/") => {
                let mut bytes = self.uploads.remove(path).unwrap_or_default();
                bytes.extend_from_slice(&request.body);
                let wanted = request.query.split('&').find_map(|part| part.strip_prefix("digest=")).unwrap_or_default();
                if wanted.replace("%3A", ":") != digest(&bytes) {
                    return Answer::new(400, r#"{"errors":[{"code":"DIGEST_INVALID","message":"digest"}]}"#);
                }
                let repository = path.split("/blobs/").next().unwrap_or_default();
                self.files
                    .insert(format!("{repository}/blobs/{}", digest(&bytes)), ("application/octet-stream".to_owned(), bytes));
                Answer::new(201, "")
            }
            "PUT" => {
                let kind = request.header("content-type").unwrap_or_default().to_owned();
                let repository = path.rsplit_once('/').map_or(path, |(above, _)| above);
                self.files.insert(format!("{repository}/{}", digest(&request.body)), (kind.clone(), request.body.clone()));
                self.files.insert(path.to_owned(), (kind, request.body.clone()));
                Answer::new(201, "")
            }
            _ => Answer::new(405, ""),
        }
    }
}

fn mount_of(query: &str) -> Option<(String, String)> {
    let get = |name: &str| {
        query.split('&').find_map(|part| part.strip_prefix(name)).map(|text| text.replace("%2F", "/").replace("%3A", ":"))
    };
    Some((get("mount=")?, get("from=")?))
}
