//! `push`: what came is given back byte for byte, and what is there is not sent.

use crate::harness::archive::{Image, Layer, Packing, busybox_layer, digest, layer, write_archive};
use crate::harness::registry::Registry;
use crate::harness::server::{Answer, Memory, Server};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::Value;
use std::sync::{Arc, Mutex};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(an_image_goes_to_a_real_registry_and_comes_back).needs(&[Need::Registry]),
        case!(an_unchanged_image_keeps_its_digest_and_is_not_sent).gap("podman compresses again"),
        case!(layers_of_every_kind_are_given_back).gap("podman 4 keeps no contents of replaced entries"),
        case!(formats_and_compressions_are_as_asked).gap("podman keeps the form of the archive"),
        case!(an_upload_that_breaks_is_made_again),
        case!(several_requests_at_once_may_be_asked_for_the_password),
        case!(what_cannot_be_pushed_is_an_error_that_says_why).gap("podman asks the registry first"),
        case!(a_layer_that_was_changed_is_not_pushed).only_ours("the store is ours"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn image(content: &str) -> Image {
    Image::busybox_with("x", |layer| {
        layer.file("content", 0o644, content);
    })
    .packed(Packing::Gzip)
}

/// A registry in memory that a case can look into.
fn shared(memory: Memory) -> (Server, Arc<Mutex<Memory>>) {
    let memory = Arc::new(Mutex::new(memory));
    let inside = Arc::clone(&memory);
    (Server::start(move |request| inside.lock().unwrap().answer(request)), memory)
}

fn manifest(memory: &Mutex<Memory>, path: &str) -> Value {
    serde_json::from_slice(memory.lock().unwrap().file(&format!("/v2/{path}")).expect("a manifest")).unwrap()
}

fn sent(server: &Server) -> usize {
    server.requests().iter().filter(|request| request.method == "PATCH").count()
}

fn load(env: &TestEnv, image: &Image) -> String {
    let archive = env.work().join("image.tar");
    write_archive(&archive, &image.docker_entries());
    env.ok(&["load", "-i", &archive.to_string_lossy()]);
    image.name.clone()
}

fn an_image_goes_to_a_real_registry_and_comes_back(env: &TestEnv) {
    let registry = Registry::start(env);
    let image = image("real").packed(Packing::Plain);
    let name = load(env, &image);
    let id = env.ok(&["image", "inspect", "--format", "{{.Id}}", &name]);
    let reference = format!("{}/deep/er/real:v1", registry.address());
    let digestfile = env.work().join("digest").to_string_lossy().into_owned();
    env.ok(&["push", "--tls-verify=false", "--digestfile", &digestfile, &name, &format!("docker://{reference}")]);
    let pushed = std::fs::read_to_string(&digestfile).unwrap();
    // From another repository of the same registry nothing has to be sent.
    let other = format!("{}/other:v2", registry.address());
    env.ok(&["push", "-q", "--tls-verify=false", &name, &other]);
    env.ok(&["rmi", "-f", &name]);
    for reference in [&reference, &other, &format!("{}/deep/er/real@{pushed}", registry.address())] {
        env.ok(&["pull", "--tls-verify=false", reference]);
        assert_eq!(env.ok(&["image", "inspect", "--format", "{{.Id}}", reference]), id);
        assert_eq!(env.ok(&["run", "--rm", "--network", "none", "--pull", "never", reference, "cat", "/content"]), "real");
        env.ok(&["rmi", "-f", reference]);
    }
}

fn an_unchanged_image_keeps_its_digest_and_is_not_sent(env: &TestEnv) {
    let image = image("same").packed(Packing::Zstd);
    let (registry, memory) = shared(Memory::with(&[("from", &image)]));
    let from = format!("{}/from", registry.address());
    env.ok(&["pull", "--tls-verify=false", &from]);
    let to = format!("{}/team/to:v1", registry.address());
    env.ok(&["push", "--tls-verify=false", &from, &to]);
    assert_eq!(sent(&registry), 0, "mounted: {:?}", registry.asked(""));
    assert_eq!(memory.lock().unwrap().file("/v2/team/to/manifests/v1"), Some(&image.manifest_bytes()[..]));
    let before = registry.requests().len();
    env.ok(&["push", "--tls-verify=false", &from, &to]);
    let again: Vec<_> = registry.requests()[before..].iter().map(|request| request.method.clone()).collect();
    assert!(again.iter().all(|method| method == "HEAD" || method == "PUT"), "{again:?}");
    // To another registry everything is sent, and then nothing.
    let (other, _) = shared(Memory::default());
    let to = format!("{}/to", other.address());
    env.ok(&["push", "--tls-verify=false", &from, &to]);
    assert_eq!(sent(&other), 2);
    env.ok(&["push", "--tls-verify=false", &from, &to]);
    assert_eq!(sent(&other), 2);
}

fn layers_of_every_kind_are_given_back(env: &TestEnv) {
    let odd = layer(|layer: &mut Layer| {
        layer.folder("usr/", 0o755).folder("usr/lib/", 0o755).symlink("lib", "usr/lib");
        layer.file("lib/x", 0o644, "by the link").file("usr/lib/x", 0o600, "by the folder");
        layer.file("twice", 0o644, "first").file("twice", 0o755, "second").file("empty", 0o644, "");
        layer.folder("gone/", 0o700).file("gone/a", 0o644, "lost to a file").file("gone", 0o644, "a file now");
        layer.hard_link("again", "twice").whiteout("", "bin/none").file(&format!("{}long", "d/".repeat(40)), 0o644, "long");
    });
    let trailing = [
        layer(|layer| {
            layer.file("t", 0o644, "t");
        }),
        b"what trails".to_vec(),
    ]
    .concat();
    let image = Image::new("odd", vec![busybox_layer().finish(), odd, trailing]);
    let name = load(env, &image);
    let (registry, memory) = shared(Memory::default());
    let to = format!("{}/odd", registry.address());
    env.ok(&["push", "--tls-verify=false", "--compression-format", "none", &name, &to]);
    let manifest = manifest(&memory, "odd/manifests/latest");
    let digests: Vec<_> =
        manifest["layers"].as_array().unwrap().iter().map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect();
    assert_eq!(digests, image.layers.iter().map(|layer| digest(layer)).collect::<Vec<_>>());
}

fn formats_and_compressions_are_as_asked(env: &TestEnv) {
    let name = load(env, &image("kinds").packed(Packing::Plain));
    let (registry, memory) = shared(Memory::default());
    let oci = "application/vnd.oci.image";
    for (tag, options, kind, layers) in [
        ("plain", &[][..], format!("{oci}.manifest.v1+json"), format!("{oci}.layer.v1.tar+gzip")),
        ("zstd", &["--compression-format", "zstd"], format!("{oci}.manifest.v1+json"), format!("{oci}.layer.v1.tar+zstd")),
        (
            "docker",
            &["--format", "v2s2"],
            "application/vnd.docker.distribution.manifest.v2+json".to_owned(),
            "application/vnd.docker.image.rootfs.diff.tar.gzip".to_owned(),
        ),
    ] {
        let to = format!("{}/{tag}:1", registry.address());
        env.ok(&[&["push", "--tls-verify=false"][..], options, &[&name, &to]].concat());
        let manifest = manifest(&memory, &format!("{tag}/manifests/1"));
        assert_eq!(manifest["mediaType"], kind, "{tag}");
        assert!(manifest["layers"].as_array().unwrap().iter().all(|layer| layer["mediaType"] == layers), "{manifest}");
        env.ok(&["pull", "--tls-verify=false", &to]);
        assert_eq!(env.ok(&["run", "--rm", "--network", "none", "--pull", "never", &to, "cat", "/content"]), "kinds");
    }
}

fn an_upload_that_breaks_is_made_again(env: &TestEnv) {
    let name = load(env, &image("broken").packed(Packing::Plain));
    let memory = Arc::new(Mutex::new(Memory::default()));
    let inside = Arc::clone(&memory);
    let mut count = 0;
    let registry = Server::start(move |request| {
        if request.method == "PATCH" {
            count += 1;
            if count <= 2 {
                return Answer::new(if count == 1 { 503 } else { 0 }, "");
            }
        }
        inside.lock().unwrap().answer(request)
    });
    let to = format!("{}/r", registry.address());
    env.ok(&["push", "--tls-verify=false", &name, &to]);
    assert!(sent(&registry) > 2);
    assert_eq!(manifest(&memory, "r/manifests/latest")["layers"].as_array().unwrap().len(), 2);
}

/// The first request of each layer leaves before anybody knows that a password is wanted.
fn several_requests_at_once_may_be_asked_for_the_password(env: &TestEnv) {
    let more = |name: &str| {
        layer(|layer| {
            layer.file(name, 0o644, name);
        })
    };
    let name = load(env, &Image::new("x", vec![busybox_layer().finish(), more("one"), more("two"), more("three")]));
    let mut memory = Memory::default();
    let registry = Server::start(move |request| match request.header("authorization") {
        // "me:secret"
        Some("Basic bWU6c2VjcmV0") => memory.answer(request),
        _ => Answer::new(401, "").header("WWW-Authenticate", "Basic realm=\"r\""),
    });
    for round in 0..5 {
        let to = format!("{}/r{round}", registry.address());
        env.ok(&["push", "-q", "--tls-verify=false", "--creds", "me:secret", &name, &to]);
    }
    let unknown = registry.requests().iter().filter(|request| request.header("authorization").is_none()).count();
    assert!(unknown > 5, "each push asked with the password from its second request on");
    let to = format!("{}/r", registry.address());
    env.run(&["push", "-q", "--tls-verify=false", "--creds", "me:wrong", &name, &to]).fails(125, &["refuses access"]);
}

fn what_cannot_be_pushed_is_an_error_that_says_why(env: &TestEnv) {
    let name = load(env, &image("no").packed(Packing::Plain));
    env.run(&["push", "--tls-verify=false", "no/such", "127.0.0.1:1/x"]).fails(125, &["no/such"]);
    env.run(&["push", "--tls-verify=false", &name, "127.0.0.1:1/x"]).fails(125, &["127.0.0.1:1"]);
    env.run(&["push", "--tls-verify=false", "--format", "v2s2", "--compression-format", "zstd", &name, "127.0.0.1:1/x"])
        .fails(125, &["oci"]);
    let denying = Server::start(|request| match request.method.as_str() {
        "HEAD" => Answer::new(404, ""),
        _ => Answer::new(403, r#"{"errors":[{"code":"DENIED","message":"read only"}]}"#),
    });
    env.run(&["push", "--tls-verify=false", &name, &format!("{}/x", denying.address())]).fails(125, &["read only"]);
}

fn a_layer_that_was_changed_is_not_pushed(env: &TestEnv) {
    let image = image("whole").packed(Packing::Plain);
    let name = load(env, &image);
    let hex = digest(&image.layers[1]).trim_start_matches("sha256:").to_owned();
    std::fs::write(env.data().join("layers").join(&hex).join("diff/content"), "WHOLE").unwrap();
    let (registry, memory) = shared(Memory::default());
    env.run(&["push", "--tls-verify=false", &name, &format!("{}/r", registry.address())]).fails(125, &["changed"]);
    assert!(memory.lock().unwrap().file("/v2/r/manifests/latest").is_none());
}
