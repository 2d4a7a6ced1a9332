//! `pull`: a real registry, and one that lies.

use crate::harness::archive::{Image, Packing, architecture, busybox_layer, digest, layer};
use crate::harness::command::{Cmd, Output};
use crate::harness::registry::{FakeRegistry, Registry, Replies, Reply, blob_path, free_port, honest};
use crate::harness::{Case, Need, TestEnv, case};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(every_packing_comes_from_a_real_registry).needs(&[Need::Registry]),
        case!(docker_manifests_come_from_a_real_registry).needs(&[Need::Registry]),
        case!(an_index_is_read_for_this_platform).needs(&[Need::Registry]),
        case!(an_index_without_this_platform_is_an_error).needs(&[Need::Registry]),
        case!(an_image_may_be_asked_for_by_digest).needs(&[Need::Registry]),
        case!(run_pulls_what_is_missing),
        case!(a_second_pull_fetches_no_blob),
        case!(layers_that_are_there_are_not_fetched_again),
        case!(the_id_is_printed_last),
        case!(sixteen_pulls_at_once_all_succeed),
        case!(an_image_that_is_not_there_is_an_error_that_names_it),
        case!(a_registry_that_is_down_is_an_error_that_names_it),
        case!(a_registry_that_wants_a_login_is_an_error_that_says_so),
        case!(a_registry_that_fails_is_an_error),
        case!(wrong_bytes_of_a_layer_are_refused),
        case!(a_truncated_layer_is_refused),
        case!(a_layer_with_more_bytes_than_said_is_refused),
        case!(wrong_bytes_of_the_configuration_are_refused),
        case!(a_manifest_that_is_not_what_was_asked_is_refused),
        case!(a_layer_that_is_not_what_the_configuration_says_is_refused).gap("podman 4 does not compare"),
        case!(digests_that_are_paths_are_refused),
        case!(what_is_no_manifest_is_refused),
        case!(a_broken_archive_inside_a_right_digest_is_refused),
        case!(a_registry_of_no_http_is_refused),
        case!(an_interrupted_pull_ends_at_once_and_leaves_nothing).gap("podman ends with 0"),
        case!(a_killed_pull_leaves_nothing_that_hurts).gap("podman's second process goes on"),
        case!(shared_images_run).needs(&[Need::SharedImages]),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn pull_cmd(env: &TestEnv, reference: &str) -> Cmd {
    env.cmd(&["pull", "--tls-verify=false", reference])
}

fn pull(env: &TestEnv, reference: &str) -> Output {
    pull_cmd(env, reference).run()
}

#[track_caller]
fn runs(env: &TestEnv, reference: &str, script: &str) -> String {
    env.ok(&["run", "--rm", "--network", "none", "--pull", "never", reference, "sh", "-c", script])
}

/// Two layers: the busybox root, and a file of this content.
fn image(content: &str) -> Image {
    Image::busybox_with("x", |layer| {
        layer.file("content", 0o644, content);
    })
    .packed(Packing::Gzip)
}

fn every_packing_comes_from_a_real_registry(env: &TestEnv) {
    let registry = Registry::start(env);
    for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
        let name = format!("{packing:?}").to_lowercase();
        registry.push(&image(&name).packed(packing), &format!("deep/{name}"), "v1");
        let reference = format!("{}/deep/{name}:v1", registry.address());
        pull(env, &reference).ok();
        assert_eq!(runs(env, &reference, "cat /content"), name);
    }
}

fn docker_manifests_come_from_a_real_registry(env: &TestEnv) {
    let registry = Registry::start(env);
    let image = image("docker");
    registry.push(&image, "d", "oci");
    let manifest = String::from_utf8(image.manifest_bytes())
        .unwrap()
        .replace(MANIFEST, "application/vnd.docker.distribution.manifest.v2+json")
        .replace("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
        .replace("application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip");
    registry.push_manifest("d", "v2s2", "application/vnd.docker.distribution.manifest.v2+json", manifest.as_bytes());
    let reference = format!("{}/d:v2s2", registry.address());
    pull(env, &reference).ok();
    assert_eq!(runs(env, &reference, "cat /content"), "docker");
}

/// Pushes an index of images by architecture.
fn push_index(registry: &Registry, tag: &str, images: &[(&str, &Image)]) {
    let entries: Vec<_> = images
        .iter()
        .map(|(architecture, image)| {
            registry.push(image, "multi", &format!("{tag}-{architecture}"));
            let manifest = image.manifest_bytes();
            json!({"mediaType": MANIFEST, "digest": digest(&manifest), "size": manifest.len(), "platform": {"architecture": architecture, "os": "linux"}})
        })
        .collect();
    let unknown = image("attestation");
    registry.push(&unknown, "multi", "attestation");
    let attestation = unknown.manifest_bytes();
    let attestation = json!({"mediaType": MANIFEST, "digest": digest(&attestation), "size": attestation.len(), "platform": {"architecture": "unknown", "os": "unknown"}});
    let manifests = [vec![attestation], entries].concat();
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
    registry.push_manifest("multi", tag, INDEX, index.to_string().as_bytes());
}

fn an_index_is_read_for_this_platform(env: &TestEnv) {
    let registry = Registry::start(env);
    push_index(&registry, "both", &[("s390x", &image("foreign")), (architecture(), &image("ours"))]);
    let reference = format!("{}/multi:both", registry.address());
    pull(env, &reference).ok();
    assert_eq!(runs(env, &reference, "cat /content"), "ours");
}

fn an_index_without_this_platform_is_an_error(env: &TestEnv) {
    let registry = Registry::start(env);
    push_index(&registry, "foreign", &[("s390x", &image("foreign"))]);
    pull(env, &format!("{}/multi:foreign", registry.address())).fails(125, &[architecture()]);
}

fn an_image_may_be_asked_for_by_digest(env: &TestEnv) {
    let registry = Registry::start(env);
    let digest = registry.push(&image("by digest"), "d", "latest");
    let reference = format!("{}/d@{digest}", registry.address());
    pull(env, &reference).ok();
    assert_eq!(runs(env, &reference, "cat /content"), "by digest");
}

fn run_pulls_what_is_missing(env: &TestEnv) {
    let registry = FakeRegistry::start(honest(&image("pulled"), "r"));
    let reference = format!("{}/r", registry.address());
    let args = ["run", "--rm", "--network", "none", "--tls-verify=false", &reference, "cat", "/content"];
    assert_eq!(env.ok(&args), "pulled");
    let asked = registry.asked().len();
    assert_eq!(env.ok(&args), "pulled");
    assert_eq!(registry.asked().len(), asked, "an image that is here is not asked for");
}

fn blobs_asked(registry: &FakeRegistry) -> usize {
    registry.asked().iter().filter(|line| line.starts_with("GET") && line.contains("/blobs/")).count()
}

fn a_second_pull_fetches_no_blob(env: &TestEnv) {
    let registry = FakeRegistry::start(honest(&image("once"), "r"));
    let reference = format!("{}/r", registry.address());
    let first = pull(env, &reference).ok();
    assert_eq!(blobs_asked(&registry), 3);
    assert_eq!(pull(env, &reference).ok().lines().last(), first.lines().last());
    // Podman fetches the small configuration again.
    assert!(blobs_asked(&registry) <= 4, "{:?}", registry.asked());
}

fn layers_that_are_there_are_not_fetched_again(env: &TestEnv) {
    let first = image("first");
    let registry = FakeRegistry::start([honest(&first, "one"), honest(&image("second"), "two")].into_iter().flatten().collect());
    pull(env, &format!("{}/one", registry.address())).ok();
    pull(env, &format!("{}/two", registry.address())).ok();
    let shared = digest(&first.packed_layers()[0]);
    let count = registry.asked().iter().filter(|line| line.starts_with("GET") && line.contains(&shared)).count();
    assert_eq!(count, 1, "{:?}", registry.asked());
}

fn the_id_is_printed_last(env: &TestEnv) {
    let image = image("id");
    let registry = FakeRegistry::start(honest(&image, "r"));
    let output = pull(env, &format!("{}/r", registry.address()));
    let id = digest(&image.config_bytes());
    assert_eq!(
        output.ok().trim_start_matches("sha256:"),
        id.trim_start_matches("sha256:"),
        "nothing else on standard output: {output}"
    );
    assert!(!output.stderr().contains('\x1b'), "no progress bars where there is no terminal: {output}");
}

/// R29.
fn sixteen_pulls_at_once_all_succeed(env: &TestEnv) {
    let registry = FakeRegistry::start(honest(&image("many"), "r"));
    let reference = format!("{}/r", registry.address());
    let running: Vec<_> = (0..16).map(|_| pull_cmd(env, &reference).spawn()).collect();
    for pull in running {
        pull.wait().ok();
    }
    assert_eq!(runs(env, &reference, "cat /content"), "many");
    assert_eq!(env.run(&["images", "-a", "-q"]).lines().len(), 1);
}

/// Asserts that a pull failed with these words and left nothing, and that an honest registry still serves.
#[track_caller]
fn assert_refused(env: &TestEnv, output: Output, words: &[&str]) {
    output.fails(125, words);
    assert_eq!(env.ok(&["images", "-a", "-q"]), "", "a refused image left something");
    let good = FakeRegistry::start(honest(&image("good"), "good"));
    let reference = format!("{}/good", good.address());
    pull(env, &reference).ok();
    assert_eq!(runs(env, &reference, "cat /content"), "good");
    env.ok(&["rmi", &reference]);
}

/// Pulls from a registry whose answers were changed.
fn pull_changed(env: &TestEnv, image: &Image, change: impl FnOnce(&mut Replies)) -> Output {
    let mut replies = honest(image, "bad");
    change(&mut replies);
    let registry = FakeRegistry::start(replies);
    pull(env, &format!("{}/bad", registry.address()))
}

fn an_image_that_is_not_there_is_an_error_that_names_it(env: &TestEnv) {
    let registry = FakeRegistry::start(Replies::from([("/v2/".to_owned(), Reply::new("application/json", b"{}".to_vec()))]));
    let reference = format!("{}/no/such:v1", registry.address());
    assert_refused(env, pull(env, &reference), &[&reference]);
}

fn a_registry_that_is_down_is_an_error_that_names_it(env: &TestEnv) {
    let address = format!("127.0.0.1:{}", free_port());
    assert_refused(env, pull(env, &format!("{address}/x")), &[&address, "refused"]);
    env.run(&["run", "--rm", "--tls-verify=false", &format!("{address}/x")]).fails(125, &[&address]);
}

fn a_registry_that_wants_a_login_is_an_error_that_says_so(env: &TestEnv) {
    let image = image("secret");
    let output = pull_changed(env, &image, |replies| {
        for reply in replies.values_mut() {
            reply.status = 401;
            reply.body = br#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#.to_vec();
        }
    });
    let said = output.stderr();
    assert!(said.contains("unauthorized") || said.contains("login"), "{output}");
    assert_refused(env, output, &[]);
}

fn a_registry_that_fails_is_an_error(env: &TestEnv) {
    for status in [403, 500] {
        let output = pull_changed(env, &image("fails"), |replies| {
            for (path, reply) in replies.iter_mut() {
                if path.contains("/manifests/") {
                    *reply = Reply { status, ..Reply::new("text/html", b"<html>sorry</html>".to_vec()) };
                }
            }
        });
        assert_refused(env, output, &["127.0.0.1"]);
    }
}

/// T43, R40.
fn wrong_bytes_of_a_layer_are_refused(env: &TestEnv) {
    for index in [0, 1] {
        // Another layer each time: one that was whole stays in the store, and is not fetched again.
        let image = image(&format!("wrong{index}"));
        let blob = image.packed_layers()[index].clone();
        let output = pull_changed(env, &image, |replies| {
            // A plain change of one byte of the gzip header's time: the tar is the same.
            replies.get_mut(&blob_path("bad", &blob)).unwrap().body[4] ^= 0xff;
        });
        assert_refused(env, output, &["digest"]);
    }
}

/// R39.
fn a_truncated_layer_is_refused(env: &TestEnv) {
    let image = image("short");
    let blob = image.packed_layers()[0].clone();
    let path = blob_path("bad", &blob);
    let closed = pull_changed(env, &image, |replies| replies.get_mut(&path).unwrap().cut = Some(blob.len() / 2));
    assert_refused(env, closed, &[]);
    let short = pull_changed(env, &image, |replies| replies.get_mut(&path).unwrap().body.truncate(blob.len() / 2));
    assert_refused(env, short, &[]);
    let nothing = pull_changed(env, &image, |replies| replies.get_mut(&path).unwrap().body.clear());
    assert_refused(env, nothing, &[]);
}

fn a_layer_with_more_bytes_than_said_is_refused(env: &TestEnv) {
    let image = image("long");
    let blob = image.packed_layers()[1].clone();
    let output = pull_changed(env, &image, |replies| replies.get_mut(&blob_path("bad", &blob)).unwrap().body.extend([0; 1000]));
    assert_refused(env, output, &[]);
}

fn wrong_bytes_of_the_configuration_are_refused(env: &TestEnv) {
    let image = image("config");
    let config = image.config_bytes();
    let evil = String::from_utf8(config.clone()).unwrap().replace("the tests", "the tesst").into_bytes();
    let output = pull_changed(env, &image, |replies| replies.get_mut(&blob_path("bad", &config)).unwrap().body = evil);
    assert_refused(env, output, &["digest"]);
}

fn a_manifest_that_is_not_what_was_asked_is_refused(env: &TestEnv) {
    let (asked, given) = (image("asked"), image("given"));
    let mut replies = honest(&given, "bad");
    let wanted = digest(&asked.manifest_bytes());
    replies.insert(format!("/v2/bad/manifests/{wanted}"), Reply::new(MANIFEST, given.manifest_bytes()));
    let registry = FakeRegistry::start(replies);
    assert_refused(env, pull(env, &format!("{}/bad@{wanted}", registry.address())), &["digest"]);
}

fn a_layer_that_is_not_what_the_configuration_says_is_refused(env: &TestEnv) {
    // Every blob has the digest that the manifest says, but the layer is not the one of the configuration.
    let (said, given) = (image("said"), image("given"));
    let manifest = String::from_utf8(said.manifest_bytes()).unwrap();
    let (old, new) = (&said.packed_layers()[1], &given.packed_layers()[1]);
    let manifest = manifest
        .replace(&digest(old), &digest(new))
        .replace(&format!("\"size\":{}", old.len()), &format!("\"size\":{}", new.len()));
    let mut replies = honest(&said, "bad");
    replies.insert(blob_path("bad", new), Reply::new("application/octet-stream", new.clone()));
    replies.insert("/v2/bad/manifests/latest".to_owned(), Reply::new(MANIFEST, manifest.into_bytes()));
    let registry = FakeRegistry::start(replies);
    assert_refused(env, pull(env, &format!("{}/bad", registry.address())), &[]);
}

/// T42.
fn digests_that_are_paths_are_refused(env: &TestEnv) {
    let image = image("path");
    let right = digest(&image.packed_layers()[0]);
    for wrong in [
        "sha256:../../../../x",
        "sha256:",
        "sha256:abc",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "sha256",
        "",
        &right.to_uppercase(),
        &format!("{right}/../x"),
    ] {
        for what in [right.clone(), digest(&image.config_bytes())] {
            let manifest = String::from_utf8(image.manifest_bytes()).unwrap().replace(&what, wrong);
            let output = pull_changed(env, &image, |replies| {
                replies.get_mut("/v2/bad/manifests/latest").unwrap().body = manifest.into_bytes();
            });
            output.fails(125, &[]);
            assert_eq!(env.ok(&["images", "-a", "-q"]), "", "{wrong}");
        }
    }
}

/// T44.
fn what_is_no_manifest_is_refused(env: &TestEnv) {
    for body in [&b"null"[..], b"", b"{}", b"[]", b"\xff\xfe", br#"{"schemaVersion":1}"#, br#"{"schemaVersion":2,"layers":[]}"#] {
        let output = pull_changed(env, &image("none"), |replies| {
            replies.get_mut("/v2/bad/manifests/latest").unwrap().body = body.to_vec();
        });
        output.fails(125, &[]);
    }
    // Five megabytes of blanks before it.
    let output = pull_changed(env, &image("large"), |replies| {
        let body = &mut replies.get_mut("/v2/bad/manifests/latest").unwrap().body;
        *body = [vec![b' '; 5 << 20], body.clone()].concat();
    });
    assert_refused(env, output, &[]);
}

fn a_broken_archive_inside_a_right_digest_is_refused(env: &TestEnv) {
    let whole = busybox_layer().finish();
    let broken = [whole[..whole.len() / 2 + 100].to_vec(), b"no tar at all".repeat(50), vec![0xff; 2048]];
    for bytes in broken {
        let image = Image::new("x", vec![bytes]);
        let output = pull_changed(env, &image, |_| {});
        assert_refused(env, output, &[]);
    }
    // The twin: an archive whose last blocks are missing is one that other tools take.
    let mut short = layer(|layer| {
        layer.file("f", 0o644, "x");
    });
    short.truncate(short.len() - 512);
    let image = Image::new("x", vec![busybox_layer().finish(), short]);
    pull_changed(env, &image, |_| {}).ok();
    env.ok(&["rmi", "-f", &env.ok(&["images", "-q"])]);
}

fn a_registry_of_no_http_is_refused(env: &TestEnv) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.and_then(|mut stream| std::io::Write::write_all(&mut stream, b"220 mail.example ESMTP\r\n"));
        }
    });
    assert_refused(env, pull(env, &format!("{address}/x")), &[&address.to_string()]);
}

/// A registry that stops in the middle of the first layer.
fn stalling(image: &Image) -> (FakeRegistry, String) {
    let mut replies = honest(image, "slow");
    let blob = &image.packed_layers()[0];
    let reply = replies.get_mut(&blob_path("slow", blob)).unwrap();
    (reply.cut, reply.stall) = (Some(blob.len() / 2), true);
    let part = digest(blob);
    (FakeRegistry::start(replies), part)
}

/// R41.
fn an_interrupted_pull_ends_at_once_and_leaves_nothing(env: &TestEnv) {
    for signal in [Signal::INT, Signal::TERM] {
        let (registry, blob) = stalling(&image("slow"));
        let pull = pull_cmd(env, &format!("{}/slow", registry.address())).spawn();
        registry.wait_for(&blob);
        if signal == Signal::INT {
            // From a terminal ctrl-c reaches the whole group.
            kill_process_group(Pid::from_raw(pull.pid().cast_signed()).expect("a pid"), signal).expect("send a signal");
        } else {
            pull.signal(signal);
        }
        let output = pull.wait();
        assert!(output.code != 0, "{output}");
    }
    assert_refused(env, pull(env, "127.0.0.1:1/x"), &[]);
}

fn a_killed_pull_leaves_nothing_that_hurts(env: &TestEnv) {
    let (registry, blob) = stalling(&image("slow"));
    let killed = pull_cmd(env, &format!("{}/slow", registry.address())).spawn();
    registry.wait_for(&blob);
    killed.signal(Signal::KILL);
    drop(killed);
    drop(registry);
    // The next command sees to what was left (the leak check looks at tmp/).
    assert_refused(env, pull(env, "127.0.0.1:1/x"), &[]);
}

fn shared_images_run(env: &TestEnv) {
    // A registry with them runs at this address where somebody started it.
    let address = "127.0.0.1:5000";
    if std::net::TcpStream::connect(address).is_err() {
        return;
    }
    for (name, command, wanted) in [
        ("busybox", &["echo", "fine"][..], "fine"),
        ("busybox:zstd", &["echo", "fine"], "fine"),
        ("debian", &["sh", "-c", ". /etc/os-release; echo $ID"], "debian"),
        ("quirks", &[], "quirks ok"),
    ] {
        let reference = format!("{address}/{name}");
        pull(env, &reference).ok();
        let args = [&["run", "--rm", "--network", "none", &reference][..], command].concat();
        let output = env.run(&args);
        assert_eq!(output.ok().lines().last(), Some(wanted), "{output}");
    }
}
