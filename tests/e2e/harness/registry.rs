//! Registries on the loopback: a real one, and one that misbehaves as a case says.

use super::TestEnv;
use super::archive::{Image, digest};
use super::command::Running;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// No answer of a registry on this machine takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A port that nothing listens on.
///
/// It is none of those that the kernel gives to whoever asks for any (`ip_local_port_range` begins at 32768): so no other case gets it
/// before it is used.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 4000).expect("small") + 20_000;
    (0..8000)
        .map(|_| first + NEXT.fetch_add(1, Ordering::Relaxed) % 8000)
        .find(|port| TcpListener::bind(("0.0.0.0", *port)).is_ok())
        .expect("a port that nobody has")
}

/// `htpasswd -B`: the password is "open sesame".
const USERS: &str = "tester:$2y$04$KJnpBOMtvmuGFy40lnzngekRpmV.HGEgAy9FLB.EnyBE3hqmQXlEG\n";

/// Debian's docker-registry; ends with the value.
pub struct Registry {
    address: String,
    _process: Running,
}

impl Registry {
    pub fn start(env: &TestEnv) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let storage = env.folder("registry");
        let settings = format!(
            "version: 0.1\nlog: {{level: info, accesslog: {{disabled: true}}}}\nhttp: {{addr: '{address}'}}\n\
             storage: {{filesystem: {{rootdirectory: '{storage}'}}}}\n"
        );
        let settings = env.file("registry.yml", settings);
        let mut process = env.host("sh", &["-c", "exec docker-registry serve \"$0\" 2>&1", &settings]).spawn();
        process.read_until("listening on");
        Self { address, _process: process }
    }

    /// With a certificate of an authority that nobody knows, and a user `tester` with the password `open sesame`.
    pub fn start_secure(env: &TestEnv) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let storage = env.folder("registry");
        let [ca, ca_key, cert, key] =
            ["ca.crt", "ca.key", "registry.crt", "registry.key"].map(|name| format!("{storage}/{name}"));
        let new_key = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-batch"];
        let authority = ["-subj", "/CN=Test Authority", "-keyout", &ca_key, "-out", &ca];
        env.host("openssl", &[&new_key[..], &authority].concat()).run().ok();
        let signed = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-CA", &ca, "-CAkey", &ca_key];
        let files = ["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &cert];
        env.host("openssl", &[&new_key[..], &signed, &files].concat()).run().ok();
        let users = env.file("registry/htpasswd", USERS);
        let settings = format!(
            "version: 0.1\nlog: {{level: info, accesslog: {{disabled: true}}}}\n\
             http: {{addr: '{address}', tls: {{certificate: '{cert}', key: '{key}'}}}}\n\
             auth: {{htpasswd: {{realm: tests, path: '{users}'}}}}\n\
             storage: {{filesystem: {{rootdirectory: '{storage}/data'}}}}\n"
        );
        let settings = env.file("registry.yml", settings);
        let mut process = env.host("sh", &["-c", "exec docker-registry serve \"$0\" 2>&1", &settings]).spawn();
        process.read_until("listening on");
        Self { address, _process: process }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Pushes an image under a repository name and a tag; returns the manifest's digest.
    pub fn push(&self, image: &Image, repository: &str, tag: &str) -> String {
        for blob in [vec![image.config_bytes()], image.packed_layers()].concat() {
            self.push_blob(repository, &blob);
        }
        let manifest = image.manifest_bytes();
        self.push_manifest(repository, tag, "application/vnd.oci.image.manifest.v1+json", &manifest);
        digest(&manifest)
    }

    pub fn push_blob(&self, repository: &str, blob: &[u8]) {
        let (status, headers) =
            self.request("POST", &format!("/v2/{repository}/blobs/uploads/"), "application/octet-stream", &[]);
        assert!(status == 202, "begin an upload: {status}");
        let location = headers.get("location").expect("the upload's address");
        let path = location.split_once(&self.address).map_or(location.as_str(), |(_, path)| path);
        let (status, _) = self.request("PUT", &format!("{path}&digest={}", digest(blob)), "application/octet-stream", blob);
        assert!(status == 201, "upload a blob: {status}");
    }

    pub fn push_manifest(&self, repository: &str, reference: &str, media_type: &str, bytes: &[u8]) {
        let (status, _) = self.request("PUT", &format!("/v2/{repository}/manifests/{reference}"), media_type, bytes);
        assert!(status == 201, "push a manifest: {status}");
    }

    fn request(&self, method: &str, path: &str, media_type: &str, body: &[u8]) -> (u16, BTreeMap<String, String>) {
        let mut stream = TcpStream::connect(&self.address).expect("connect to the registry");
        stream.set_read_timeout(Some(PATIENCE)).expect("set a time limit");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("send a request");
        let mut reader = BufReader::new(stream);
        let mut first = String::new();
        reader.read_line(&mut first).expect("read the answer");
        let status = first.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no HTTP: {first:?}"));
        (status, headers(&mut reader))
    }
}

pub(super) fn headers(reader: &mut impl std::io::BufRead) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|count| count > 2) {
        if let Some((name, value)) = line.trim_end().split_once(':') {
            found.insert(name.to_lowercase(), value.trim().to_owned());
        }
        line.clear();
    }
    found
}

/// What the misbehaving registry answers to one path.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub media_type: String,
    pub body: Vec<u8>,
    /// Closes the connection after so many bytes of the body, whatever Content-Length said.
    pub cut: Option<usize>,
    /// After the cut the connection stays open, silent, until the other side closes it.
    pub stall: bool,
}

impl Reply {
    pub fn new(media_type: &str, body: Vec<u8>) -> Self {
        Self { status: 200, media_type: media_type.to_owned(), body, cut: None, stall: false }
    }
}

/// The answers of a registry by path.
pub type Replies = BTreeMap<String, Reply>;

/// The answers of an honest registry that has one image as `repository:latest`.
pub fn honest(image: &Image, repository: &str) -> Replies {
    let manifest = image.manifest_bytes();
    let mut replies = Replies::from([("/v2/".to_owned(), Reply::new("application/json", b"{}".to_vec()))]);
    for reference in ["latest".to_owned(), digest(&manifest)] {
        let reply = Reply::new("application/vnd.oci.image.manifest.v1+json", manifest.clone());
        replies.insert(format!("/v2/{repository}/manifests/{reference}"), reply);
    }
    for blob in [vec![image.config_bytes()], image.packed_layers()].concat() {
        replies.insert(blob_path(repository, &blob), Reply::new("application/octet-stream", blob));
    }
    replies
}

/// The path of a blob.
pub fn blob_path(repository: &str, blob: &[u8]) -> String {
    format!("/v2/{repository}/blobs/{}", digest(blob))
}

/// A registry in a thread that answers as it is told; ends with the value.
pub struct FakeRegistry {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    asked: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl FakeRegistry {
    pub fn start(replies: Replies) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen on the loopback");
        let address = listener.local_addr().expect("the address");
        let over = Arc::new(AtomicBool::new(false));
        let asked = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let (ended, log, replies) = (Arc::clone(&over), Arc::clone(&asked), Arc::new(replies));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                let (replies, log) = (Arc::clone(&replies), Arc::clone(&log));
                std::thread::spawn(move || serve(stream, &replies, &log));
            }
        });
        Self { address, over, asked }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The requests so far, as `METHOD PATH`.
    pub fn asked(&self) -> Vec<String> {
        self.asked.0.lock().expect("no server thread panics").clone()
    }

    /// Waits until somebody has asked for a path that contains this.
    pub fn wait_for(&self, part: &str) {
        let (list, changed) = &*self.asked;
        let waited = changed
            .wait_timeout_while(list.lock().expect("no server thread panics"), PATIENCE, |asked| {
                !asked.iter().any(|line| line.contains(part))
            })
            .expect("no server thread panics");
        assert!(!waited.1.timed_out(), "nobody asked for {part}: {:?}", *waited.0);
    }
}

impl Drop for FakeRegistry {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: TcpStream, replies: &Replies, log: &(Mutex<Vec<String>>, Condvar)) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if !reader.read_line(&mut first).is_ok_and(|count| count > 0) {
            return;
        }
        let length = headers(&mut reader).get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let _ = std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink());
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        log.0.lock().expect("no server thread panics").push(format!("{method} {path}"));
        log.1.notify_all();
        let missing = Reply {
            status: 404,
            ..Reply::new("application/json", br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}"#.to_vec())
        };
        let reply = replies.get(path.split('?').next().unwrap_or_default()).unwrap_or(&missing);
        let head = format!(
            "HTTP/1.1 {} Reply\r\nContent-Type: {}\r\nContent-Length: {}\r\nDocker-Distribution-Api-Version: registry/2.0\r\n\r\n",
            reply.status,
            reply.media_type,
            reply.body.len()
        );
        let body = if method == "HEAD" { &[][..] } else { &reply.body[..reply.cut.unwrap_or(reply.body.len())] };
        let sent = writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body));
        if reply.stall && method != "HEAD" {
            let _ = reader.read(&mut [0]);
        }
        if sent.is_err() || reply.cut.is_some() {
            return;
        }
    }
}
