//! A registry that does what it should not: in what it sends, how it sends it, where it sends us, and who it says to be.
//! pull.rs, push.rs and registry.rs have more of it.

use crate::harness::archive::{Image, Packing, digest, layer};
use crate::harness::command::{Cmd, Output};
use crate::harness::registry::{Registry, blob_path, free_port};
use crate::harness::server::{Answer, Memory, Request, Server, Then};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_silent_or_dripping_registry_is_given_up).gap("podman waits for ever"),
        case!(resets_are_tried_again_and_counted).gap("podman 4 gives up at once"),
        case!(a_blob_that_breaks_for_ever_is_given_up).only_ours("podman 4 begins again each time"),
        case!(lengths_that_lie_are_refused),
        case!(endless_bodies_are_cut_off),
        case!(wrong_bytes_are_not_asked_for_twice).only_ours("it counts requests"),
        case!(manifests_that_are_two_things_are_refused).gap("podman 4 believes the header"),
        case!(a_lying_digest_header_is_not_believed),
        case!(a_tag_that_moves_between_requests_gives_one_image).gap("podman fetches by the tag twice"),
        case!(indexes_are_bounded_in_depth_and_read_in_length),
        case!(foreign_layers_are_not_fetched_elsewhere).gap("podman follows their addresses"),
        case!(an_upload_goes_nowhere_else_with_credentials),
        case!(a_realm_cannot_be_unsafe),
        case!(lists_without_end_end).only_ours("podman has another limit"),
        case!(a_registry_is_who_its_certificate_says).gap("podman 4 words it differently"),
        case!(https_leads_to_no_plain_http).gap("podman follows a redirect to plain HTTP"),
        case!(plain_http_is_for_the_loopback_or_who_asks_for_it).needs(&[Need::Registry]),
        case!(names_and_proxies_that_lead_nowhere_fail_soon),
        case!(a_mirror_may_be_as_bad_as_it_likes),
        case!(a_secure_registry_serves_everything).needs(&[Need::Registry]),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn image(content: &str) -> Image {
    Image::busybox_with("x", |layer| {
        layer.file("content", 0o644, content);
    })
    .packed(Packing::Gzip)
}

fn pull(env: &TestEnv, registry: &Server) -> Cmd {
    env.cmd(&["pull", "-q", "--tls-verify=false", "--retry-delay", "10ms", &format!("{}/r", registry.address())])
}

#[track_caller]
fn nothing_is_left(env: &TestEnv) {
    assert_eq!(env.ok(&["images", "-aq"]), "");
    // Layers that were whole stay for the next try, until they are in the way.
    env.ok(&["image", "prune", "-f"]);
    let left: Vec<_> = std::fs::read_dir(env.data().join("layers")).into_iter().flatten().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[track_caller]
fn refused(env: &TestEnv, output: Output, words: &[&str]) {
    output.fails(125, words);
    nothing_is_left(env);
}

#[track_caller]
fn holds(env: &TestEnv, registry: &Server, content: &str) {
    let reference = format!("{}/r", registry.address());
    assert_eq!(env.ok(&["run", "--rm", "--network", "none", "--pull", "never", &reference, "cat", "/content"]), content);
    env.ok(&["rmi", "-f", &reference]);
}

/// A registry with one image, some of whose answers are changed.
fn changed(image: &Image, change: impl FnMut(&Request, Answer) -> Answer + Send + 'static) -> Server {
    let (mut memory, mut change) = (Memory::with(&[("r", image)]), change);
    Server::start(move |request| {
        let answer = memory.answer(request);
        change(request, answer)
    })
}

/// R41: silence, after the head or in the middle, and a byte each second. All at once, as each takes its time.
fn a_silent_or_dripping_registry_is_given_up(env: &TestEnv) {
    type Change = fn(Answer) -> Answer;
    let ways: [(&str, bool, Change); 6] = [
        ("no answer", false, |_| Answer::new(200, "").cut(0).length(100).then(Then::Silence)),
        ("a silent manifest", false, |answer| answer.cut(10).then(Then::Silence)),
        ("a dripping manifest", false, |answer| answer.cut(10).length(1 << 20).then(Then::Drip)),
        ("a dripping error", false, |_| Answer::new(500, "{").cut(1).length(1 << 20).then(Then::Drip)),
        ("a silent blob", true, |answer| answer.cut(50).then(Then::Silence)),
        ("a dripping blob", true, |answer| answer.cut(50).then(Then::Drip)),
    ];
    const SILENCE: &str = "2";
    let running: Vec<_> = ways
        .into_iter()
        .map(|(what, of_blob, way)| {
            // Each its own: one pull waits for another that brings the same layer.
            let image = image(what);
            let blob = blob_path("r", &image.packed_layers()[1]);
            let registry = changed(&image, move |request, answer| {
                let is_it = if of_blob { request.path == blob } else { request.path.contains("/manifests/") };
                if is_it { way(answer) } else { answer }
            });
            (what, pull(env, &registry).env("CORACLE_REGISTRY_TIMEOUT", SILENCE).spawn(), registry)
        })
        .collect();
    let begin = Instant::now();
    for (what, pull, registry) in running {
        let output = pull.wait();
        assert!(output.code == 125 && output.stderr().contains(&registry.address()), "{what}: {output}");
        assert!(
            begin.elapsed() < Duration::from_secs(40),
            "{what} took {:?}: {output} {:?}",
            begin.elapsed(),
            registry.asked("")
        );
    }
    // Layers that were whole stay for the next try, until they are in the way.
    env.ok(&["image", "prune", "-f"]);
    nothing_is_left(env);
    for bad in ["0", "soon", "-1", "4000"] {
        let output = env.cmd(&["pull", "-q", "127.0.0.1:1/r"]).env("CORACLE_REGISTRY_TIMEOUT", bad).run();
        output.fails(125, &["CORACLE_REGISTRY_TIMEOUT", "seconds"]);
    }
    // Ctrl-c does not wait for anything.
    let registry = changed(&image("slow"), |_, answer| answer.cut(0).then(Then::Silence));
    let waiting = pull(env, &registry).spawn();
    while registry.requests().is_empty() {
        std::thread::yield_now();
    }
    let begin = Instant::now();
    waiting.signal(rustix::process::Signal::INT);
    assert!(waiting.wait().code != 0 && begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

/// R38: a connection that is reset at once, or in the middle, is made again: three times and no more.
fn resets_are_tried_again_and_counted(env: &TestEnv) {
    let image = image("reset");
    let mut count = 0;
    let registry = changed(&image, move |_, answer| {
        count += 1;
        match count {
            1 | 4 => Answer::default().then(Then::Reset),
            6 => answer.cut(100).then(Then::Reset),
            _ => answer,
        }
    });
    pull(env, &registry).run().code(0);
    holds(env, &registry, "reset");
    let registry = changed(&image, |_, _| Answer::default().then(Then::Reset));
    refused(env, pull(env, &registry).run(), &[&registry.address()]);
    assert!(registry.requests().len() <= 5, "{:?}", registry.requests());
    // On the way to a listener that accepts nothing.
    let output = env.run(&["pull", "-q", "--tls-verify=false", &format!("127.0.0.1:{}/r", free_port())]);
    refused(env, output, &["refused"]);
}

/// R38, R46: some bytes more each time are no progress that would go on for ever; what came is not asked for again.
fn a_blob_that_breaks_for_ever_is_given_up(env: &TestEnv) {
    let image = image("breaks");
    let blob = image.packed_layers()[0].clone();
    let path = blob_path("r", &blob);
    let whole = blob.len();
    for ranged in [true, false] {
        let (blob, path) = (blob.clone(), path.clone());
        let asked = path.clone();
        let registry = changed(&image, move |request, answer| {
            if request.path != path {
                return answer;
            }
            let from = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
            match from.filter(|_| ranged) {
                Some(from) => {
                    let range = format!("bytes {from}-{}/{whole}", whole - 1);
                    Answer::new(206, &blob[from..]).header("Content-Range", range).cut(10)
                }
                None => answer.cut(1000),
            }
        });
        let begin = Instant::now();
        refused(env, pull(env, &registry).run(), &[&registry.address()]);
        assert!(registry.asked(&asked).len() <= 6, "{:?}", registry.asked(&asked));
        assert!(begin.elapsed().as_secs() < 30);
    }
}

/// R39: fewer bytes than said, and more; a length that is not that of the descriptor.
fn lengths_that_lie_are_refused(env: &TestEnv) {
    let image = image("length");
    let blob = blob_path("r", &image.packed_layers()[1]);
    type Change = fn(Answer) -> Answer;
    let ways: [Change; 4] = [
        |answer| {
            let more = answer.body.len() as u64 + 10;
            answer.cut(usize::MAX).length(more)
        },
        |mut answer| {
            answer.body.truncate(answer.body.len() - 1);
            answer
        },
        |mut answer| {
            answer.body.push(0);
            answer
        },
        |answer| Answer { body: Vec::new(), ..answer },
    ];
    for (number, way) in ways.into_iter().enumerate() {
        for what in ["/manifests/", &blob] {
            let what = what.to_owned();
            let is_manifest = what == "/manifests/";
            let registry = changed(&image, move |request, answer| {
                if request.path.contains(&what) && request.method == "GET" {
                    let answer = way(answer);
                    let all = answer.body.len();
                    Answer { cut: answer.cut.map(|cut| cut.min(all)), ..answer }
                } else {
                    answer
                }
            });
            // A blank behind a manifest makes another manifest, which by a tag is what it is.
            let output = if is_manifest {
                let wanted = digest(&image.manifest_bytes());
                env.run(&[
                    "pull",
                    "-q",
                    "--tls-verify=false",
                    "--retry-delay",
                    "10ms",
                    &format!("{}/r@{wanted}", registry.address()),
                ])
            } else {
                pull(env, &registry).run()
            };
            assert!(output.code == 125, "{number} of {}: {output}", if is_manifest { "the manifest" } else { "a layer" });
            nothing_is_left(env);
        }
    }
}

/// T44, R43: bodies that never end: of a manifest, an error, a token, a config, a list of tags, a blob.
fn endless_bodies_are_cut_off(env: &TestEnv) {
    let image = image("endless");
    let config = blob_path("r", &image.config_bytes());
    let blob = blob_path("r", &image.packed_layers()[1]);
    let spaces = " ".repeat(64 << 10);
    for what in ["/manifests/", &config, &blob, "401", "500"] {
        let (what, spaces) = (what.to_owned(), spaces.clone());
        let said = what.clone();
        let registry = changed(&image, move |request, answer| match what.as_str() {
            "401" | "500" => Answer::new(what.parse().unwrap(), &spaces).length(1 << 40).then(Then::Again),
            what if request.path.contains(what) => {
                Answer { body: spaces.clone().into_bytes(), ..answer }.length(1 << 40).then(Then::Again)
            }
            _ => answer,
        });
        let begin = Instant::now();
        refused(env, pull(env, &registry).run(), &[]);
        assert!(begin.elapsed().as_secs() < 20, "{said}: {:?}", begin.elapsed());
    }
    let registry = Server::start(move |request| match request.path.as_str() {
        "/token" => Answer::new(200, &spaces).length(1 << 40).then(Then::Again),
        _ => Answer::new(401, "")
            .header("WWW-Authenticate", format!("Bearer realm=\"http://{}/token\"", request.header("host").unwrap_or_default())),
    });
    refused(env, pull(env, &registry).run(), &["token"]);
}

/// R40: bytes of the right length that are others are an error at once.
fn wrong_bytes_are_not_asked_for_twice(env: &TestEnv) {
    let image = image("wrong");
    let blob = blob_path("r", &image.packed_layers()[1]);
    let path = blob.clone();
    let registry = changed(&image, move |request, mut answer| {
        if request.path == path {
            let last = answer.body.len() - 5;
            answer.body[last] ^= 1;
        }
        answer
    });
    refused(env, pull(env, &registry).run(), &["digest"]);
    assert_eq!(registry.asked(&blob).len(), 1);
    // And nothing of them is kept: an honest answer later is taken.
    let honest = changed(&image, |_, answer| answer);
    pull(env, &honest).run().code(0);
    holds(env, &honest, "wrong");
}

/// T41 (CVE-2021-41190): what is a manifest and an index, or is sent as one and is the other.
fn manifests_that_are_two_things_are_refused(env: &TestEnv) {
    let image = image("hybrid");
    let index = json!({"schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(&image.manifest_bytes()),
        "size": image.manifest_bytes().len(), "platform": {"os": "linux", "architecture": crate::harness::archive::architecture()},
    }]});
    let mut both: Value = serde_json::from_slice(&image.manifest_bytes()).unwrap();
    both["manifests"] = index["manifests"].clone();
    let mut unnamed: Value = serde_json::from_slice(&image.manifest_bytes()).unwrap();
    unnamed.as_object_mut().unwrap().remove("mediaType");
    let manifest: Value = serde_json::from_slice(&image.manifest_bytes()).unwrap();
    let oci = "application/vnd.oci.image.manifest.v1+json";
    let oci_index = "application/vnd.oci.image.index.v1+json";
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    for (body, kind, fine) in [
        (&both, oci, false),
        (&both, oci_index, false),
        (&manifest, oci_index, false),
        (&manifest, docker, false),
        (&unnamed, oci_index, false),
        (&index, oci, false),
        (&unnamed, oci, true),
        (&manifest, "application/json", true),
        (&index, oci_index, true),
    ] {
        let (bytes, kind) = (body.to_string(), kind.to_owned());
        let said = kind.clone();
        let registry = changed(&image, move |request, answer| {
            if request.path.ends_with("/manifests/latest") {
                return Answer::new(200, &bytes).header("Content-Type", &kind);
            }
            answer
        });
        let output = pull(env, &registry).run();
        if fine {
            assert_eq!(output.code, 0, "{said}: {output}");
            holds(env, &registry, "hybrid");
        } else {
            assert_eq!(output.code, 125, "{body} as {said}: {output}");
            nothing_is_left(env);
        }
    }
}

/// T43: `Docker-Content-Digest` names another manifest than that which comes: what came is what is recorded.
fn a_lying_digest_header_is_not_believed(env: &TestEnv) {
    let (image, other) = (image("true"), image("other"));
    let lie = digest(&other.manifest_bytes());
    let registry = changed(&image, move |_, mut answer| {
        for (name, value) in &mut answer.headers {
            if name == "Docker-Content-Digest" {
                value.clone_from(&lie);
            }
        }
        answer
    });
    pull(env, &registry).run().code(0);
    let reference = format!("{}/r", registry.address());
    let digests = env.field(&reference, "{{json .RepoDigests}}");
    assert!(
        digests.contains(&digest(&image.manifest_bytes())) && !digests.contains(&digest(&other.manifest_bytes())),
        "{digests}"
    );
    holds(env, &registry, "true");
    // By a digest that only the header has.
    let output = env.run(&["pull", "-q", "--tls-verify=false", &format!("{reference}@{}", digest(&other.manifest_bytes()))]);
    refused(env, output, &[]);
}

/// R44: each request for the tag has another answer. What is pulled is one of them, whole.
fn a_tag_that_moves_between_requests_gives_one_image(env: &TestEnv) {
    let images: Vec<_> = (0..4).map(|number| image(&format!("number {number}"))).collect();
    let mut memories: Vec<_> = images.iter().map(|image| Memory::with(&[("r", image)])).collect();
    let mut turn = 0;
    let registry = Server::start(move |request| {
        if request.path.ends_with("/manifests/latest") {
            turn += 1;
            return memories[turn % 4].answer(request);
        }
        memories
            .iter_mut()
            .map(|memory| memory.answer(request))
            .find(|answer| answer.status == 200)
            .unwrap_or(Answer::new(404, ""))
    });
    let reference = format!("{}/r", registry.address());
    for _ in 0..5 {
        let id = pull(env, &registry).run().ok();
        let content = env.ok(&["run", "--rm", "--network", "none", "--pull", "never", &reference, "cat", "/content"]);
        let number: usize = content.strip_prefix("number ").and_then(|text| text.parse().ok()).unwrap();
        let said = digest(&images[number].config_bytes());
        assert_eq!(id.trim_start_matches("sha256:"), said.trim_start_matches("sha256:"), "the id of another image");
    }
}

/// R44, T44: indexes in indexes are followed a little, one with 300 entries is read, one that leads to itself cannot be.
fn indexes_are_bounded_in_depth_and_read_in_length(env: &TestEnv) {
    let image = image("index");
    let kind = "application/vnd.oci.image.index.v1+json";
    let entry = |bytes: &[u8], kind: &str, architecture: &str| json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len(), "platform": {"os": "linux", "architecture": architecture}});
    let ours = crate::harness::archive::architecture();
    let nested = |depth: usize| {
        let mut all = Vec::new();
        let (mut below, mut type_below) = (image.manifest_bytes(), "application/vnd.oci.image.manifest.v1+json");
        for _ in 0..depth {
            below = json!({"schemaVersion": 2, "manifests": [entry(&below, type_below, ours)]}).to_string().into_bytes();
            type_below = kind;
            all.push(below.clone());
        }
        all
    };
    let serve = |indexes: Vec<Vec<u8>>| {
        changed(&image, move |request, answer| {
            let Some(top) = indexes.last() else { return answer };
            if request.path.ends_with("/manifests/latest") {
                return Answer::new(200, top).header("Content-Type", kind);
            }
            let found = indexes.iter().find(|index| request.path.ends_with(&digest(index)));
            found.map_or(answer, |index| Answer::new(200, index).header("Content-Type", kind))
        })
    };
    let deep = serve(nested(20));
    refused(env, pull(env, &deep).run(), &["deep"]);
    assert!(deep.requests().len() < 10, "{:?}", deep.asked(""));
    let fine = serve(nested(2));
    pull(env, &fine).run().code(0);
    holds(env, &fine, "index");
    let mut entries: Vec<_> = (0..300)
        .map(|number| {
            let architecture = format!("cpu{number}");
            entry(architecture.as_bytes(), kind, &architecture)
        })
        .collect();
    entries.push(entry(&image.manifest_bytes(), "application/vnd.oci.image.manifest.v1+json", ours));
    let long = serve(vec![json!({"schemaVersion": 2, "manifests": entries}).to_string().into_bytes()]);
    pull(env, &long).run().code(0);
    holds(env, &long, "index");
    entries.pop();
    let without = serve(vec![json!({"schemaVersion": 2, "manifests": entries}).to_string().into_bytes()]);
    let output = pull(env, &without).run();
    assert!(output.stderr().len() < 2000, "{output}");
    refused(env, output, &[ours]);
    // The digest of an index's entry is checked too.
    let liar = {
        let all = nested(1);
        changed(&image, move |request, answer| {
            if request.path.ends_with("/manifests/latest") {
                return Answer::new(200, &all[0]).header("Content-Type", kind);
            }
            if request.path.contains("/manifests/") {
                Answer { body: [answer.body.clone(), b" ".to_vec()].concat(), ..answer }
            } else {
                answer
            }
        })
    };
    refused(env, pull(env, &liar).run(), &["digest"]);
}

/// T45 (CVE-2020-15157, GHSA-xmmx): the addresses of a foreign layer are nobody's business.
fn foreign_layers_are_not_fetched_elsewhere(env: &TestEnv) {
    let image = image("foreign");
    let thief = Server::start(|_| Answer::new(200, "x"));
    let blob = image.packed_layers()[1].clone();
    let mut manifest: Value = serde_json::from_slice(&image.manifest_bytes()).unwrap();
    manifest["layers"][1]["urls"] = json!([format!("http://{}/stolen", thief.address())]);
    for kind in [
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.v1.tar+gzip",
    ] {
        manifest["layers"][1]["mediaType"] = json!(kind);
        let bytes = manifest.to_string();
        let path = blob_path("r", &blob);
        let registry = changed(&image, move |request, answer| match &request.path {
            asked if asked.ends_with("/manifests/latest") => {
                Answer::new(200, &bytes).header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            }
            asked if *asked == path => Answer::new(404, "{}"),
            _ => answer,
        });
        let reference = format!("{}/r", registry.address());
        let output = env.run(&["pull", "-q", "--tls-verify=false", "--creds", "me:secret", &reference]);
        refused(env, output, &[&digest(&blob)]);
    }
    assert!(thief.requests().is_empty(), "{:?}", thief.requests());
}

fn denied(challenge: &str) -> Answer {
    Answer::new(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#).header("WWW-Authenticate", challenge)
}

/// T45 (CVE-2026-50151): an upload may go to another server, but what is secret does not.
fn an_upload_goes_nowhere_else_with_credentials(env: &TestEnv) {
    env.busybox();
    let mut taken = Memory::default();
    let elsewhere = Server::start(move |request| taken.answer(request));
    let there = elsewhere.address();
    for location in
        [format!("http://{there}/v2/r/blobs/uploads/1"), "http://169.254.169.254/x".to_owned(), "file:///etc/passwd".to_owned()]
    {
        let mut memory = Memory::default();
        let registry = Server::start(move |request| {
            if !request.header("authorization").is_some_and(|value| value.starts_with("Basic ")) {
                return denied("Basic realm=\"r\"");
            }
            if request.method == "POST" && !request.query.contains("mount=") {
                return Answer::new(202, "").header("Location", &location);
            }
            memory.answer(request)
        });
        let to = format!("{}/r", registry.address());
        let output = env.run(&["push", "-q", "--tls-verify=false", "--creds", "me:secret", "bb", &to]);
        assert!(output.code == 0 || output.code == 125 && output.stderr().contains("Error: "), "{output}");
    }
    let told: Vec<_> = elsewhere.requests().into_iter().filter(|request| request.header("authorization").is_some()).collect();
    assert!(told.is_empty() && !elsewhere.requests().is_empty(), "{told:?}");
}

/// T45, R43: realms that are elsewhere, no address, or never content.
fn a_realm_cannot_be_unsafe(env: &TestEnv) {
    let thief = Server::start(|_| Answer::new(200, r#"{"token":"t"}"#));
    for realm in [
        "file:///etc/passwd".to_owned(),
        "http://169.254.169.254/latest".to_owned(),
        "http://[fe80::1]/t".to_owned(),
        "not an address".to_owned(),
        String::new(),
        format!("http://user:pw@localhost:{}/t", thief.port()),
        "ftp://127.0.0.1/t".to_owned(),
        format!("http://127.0.0.1:{}/t", free_port()),
    ] {
        let challenge = format!("Bearer realm=\"{realm}\",service=\"s\"");
        let registry = Server::start(move |_| denied(&challenge));
        let begin = Instant::now();
        let reference = format!("{}/r", registry.address());
        let output = env.run(&["pull", "-q", "--tls-verify=false", "--retry-delay", "10ms", "--creds", "me:secret", &reference]);
        refused(env, output, &[&registry.address()]);
        assert!(registry.requests().len() <= 8 && begin.elapsed().as_secs() < 20, "{realm}: {:?}", registry.asked(""));
    }
    assert!(thief.requests().is_empty(), "{:?}", thief.requests());
    // A token that is never accepted, a password that is never accepted.
    for challenge in ["Bearer realm=\"http://HOST/token\"", "Basic realm=\"r\"", "Negotiate", ""] {
        let registry = Server::start(move |request| match request.path.as_str() {
            "/token" => Answer::new(200, r#"{"token":"t"}"#),
            _ => denied(&challenge.replace("HOST", request.header("host").unwrap_or_default())),
        });
        let reference = format!("{}/r", registry.address());
        let output = env.run(&["pull", "-q", "--tls-verify=false", "--creds", "me:secret", &reference]);
        refused(env, output, &[&registry.address()]);
        assert!(registry.requests().len() <= 6, "{challenge}: {:?}", registry.asked(""));
    }
}

/// R44: a list whose next page is always there.
fn lists_without_end_end(env: &TestEnv) {
    let same = Server::start(|request| match request.path.as_str() {
        "/v2/" => Answer::new(200, "{}"),
        _ => Answer::new(200, r#"{"tags":["a"],"repositories":["a"]}"#).header("Link", "</v2/r/tags/list?n=1000>; rel=\"next\""),
    });
    let elsewhere = Server::start(|_| Answer::new(200, r#"{"tags":["stolen"]}"#));
    let there = elsewhere.address();
    let leads_away = Server::start(move |_| {
        Answer::new(200, r#"{"tags":["a"]}"#).header("Link", format!("<http://{there}/v2/r/tags/list?n=2>; rel=\"next\""))
    });
    let mut page = 0;
    let many = "\"\",".repeat(300_000);
    let grows = Server::start(move |_| {
        page += 1;
        Answer::new(200, format!("{{\"tags\":[{many}\"x\"]}}"))
            .header("Link", format!("</v2/r/tags/list?n={page}>; rel=\"next\""))
    });
    let begin = Instant::now();
    for (registry, code) in [(&same, 125), (&grows, 125), (&leads_away, 0)] {
        let output = env.run(&[
            "search",
            "--tls-verify=false",
            "--list-tags",
            "--limit",
            "100000000",
            &format!("{}/r", registry.address()),
        ]);
        assert_eq!(output.code, code, "{output}");
        assert!(!output.stdout().contains("stolen"), "{output}");
    }
    assert!(begin.elapsed().as_secs() < 60 && elsewhere.requests().is_empty());
}

/// A certificate and its key, made by an authority that is `ca.crt` in the folder `certs`.
struct Certified {
    folder: String,
}

impl Certified {
    fn new(env: &TestEnv) -> Self {
        let folder = env.folder("certs");
        let made = env.host(
            "openssl",
            &[
                &KEY[..],
                &[
                    "-days",
                    "2",
                    "-subj",
                    "/CN=Test Authority",
                    "-keyout",
                    &format!("{folder}/../ca.key"),
                    "-out",
                    &format!("{folder}/ca.crt"),
                ],
            ]
            .concat(),
        );
        made.run().ok();
        Self { folder }
    }

    /// Signs a certificate for an address; `more` options for openssl.
    fn sign(&self, env: &TestEnv, name: &str, more: &[&str]) -> Vec<u8> {
        let [cert, key] = ["leaf.crt", "leaf.key"].map(|name| format!("{}/../{name}", self.folder));
        let [ca, ca_key] = [format!("{}/ca.crt", self.folder), format!("{}/../ca.key", self.folder)];
        let subject = ["-subj", "/CN=leaf", "-addext", name, "-addext", "basicConstraints=critical,CA:FALSE"];
        let files = ["-CA", &ca, "-CAkey", &ca_key, "-keyout", &key, "-out", &cert];
        env.host("openssl", &[&KEY[..], &subject, &files, more].concat()).run().ok();
        [std::fs::read(cert).unwrap(), std::fs::read(key).unwrap()].concat()
    }

    /// Signs one for the loopback that was good until 2021. Only `openssl ca` takes dates in every version.
    fn sign_for_the_past(&self, env: &TestEnv) -> Vec<u8> {
        env.file("index.txt", "");
        env.file("serial", "01\n");
        let settings = env.file(
            "ca.conf",
            "[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\npolicy = p\n[p]\ncommonName = supplied\n\
             [e]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = critical,CA:FALSE\n",
        );
        let request = ["-subj", "/CN=leaf", "-keyout", "leaf.key", "-out", "leaf.csr"];
        let key: Vec<&str> = KEY.into_iter().filter(|word| *word != "-x509").collect();
        env.host("openssl", &[&key[..], &request].concat()).run().ok();
        let dates = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"];
        let files = ["-config", &settings, "-cert", "certs/ca.crt", "-keyfile", "ca.key", "-in", "leaf.csr", "-out", "leaf.crt"];
        let how = ["ca", "-batch", "-notext", "-md", "sha256", "-extensions", "e"];
        env.host("openssl", &[&how[..], &dates, &files].concat()).run().ok();
        ["leaf.crt", "leaf.key"].map(|name| std::fs::read(env.work().join(name)).unwrap()).concat()
    }
}

const KEY: [&str; 9] = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-batch", "-sha256"];
const LOOPBACK: &str = "subjectAltName=IP:127.0.0.1";

/// R45: an expired certificate, one for another name, one of nobody known, plain HTTP where HTTPS should be: each said as it is.
fn a_registry_is_who_its_certificate_says(env: &TestEnv) {
    let authority = Certified::new(env);
    let image = image("certified");
    let serve = |pem: &[u8]| {
        let mut memory = Memory::with(&[("r", &image)]);
        Server::start_secure(pem, move |request| memory.answer(request))
    };
    let expired = authority.sign_for_the_past(env);
    let other = authority.sign(env, "subjectAltName=DNS:registry.example", &["-days", "2"]);
    let right = authority.sign(env, LOOPBACK, &["-days", "2"]);
    let pull = |registry: &Server, options: &[&str]| {
        env.run(&[&["pull", "-q", "--retry", "0"][..], options, &[&format!("{}/r", registry.address())]].concat())
    };
    let known = ["--cert-dir", &authority.folder];
    for (pem, options, word) in
        [(&expired, &known[..], "expired"), (&other, &known, "not valid for name"), (&right, &[], "UnknownIssuer")]
    {
        let registry = serve(pem);
        refused(env, pull(&registry, options), &["certificate", word, &registry.address()]);
        assert!(registry.requests().is_empty(), "{word}: {:?}", registry.requests());
        // Who says so takes it all the same.
        pull(&registry, &["--tls-verify=false"]).code(0);
        env.ok(&["rmi", "-af"]);
    }
    // The twin.
    let registry = serve(&right);
    pull(&registry, &known).code(0);
    holds(env, &registry, "certified");
    // Only versions of TLS that have been broken: said as such, and never plain HTTP instead.
    for version in ["-tls1", "-tls1_1"] {
        let port = free_port();
        let args = ["s_server", "-accept", &port.to_string(), "-cert", "leaf.crt", "-key", "leaf.key", version, "-cipher"];
        let mut server = env.host("openssl", &[&args[..], &["ALL:@SECLEVEL=0", "-www"]].concat()).spawn();
        server.read_until("ACCEPT");
        let output = env.run(&["pull", "-q", "--retry", "0", "--cert-dir", &authority.folder, &format!("127.0.0.1:{port}/r")]);
        refused(env, output, &["TLS 1.2", &port.to_string()]);
    }
    // A certificate that is refused is no reason to try plain HTTP, also where that would be allowed (CVE-2014-5277).
    let registry = serve(&other);
    refused(env, pull(&registry, &[]), &["certificate"]);
}

/// T45, R42: from HTTPS nothing leads to plain HTTP: no redirect, no token server.
fn https_leads_to_no_plain_http(env: &TestEnv) {
    let authority = Certified::new(env);
    let pem = authority.sign(env, LOOPBACK, &["-days", "2"]);
    let image = image("down");
    let mut blobs = Memory::with(&[("r", &image)]);
    let plain = Server::start(move |request| blobs.answer(request));
    let there = plain.address();
    let mut memory = Memory::with(&[("r", &image)]);
    let redirecting = Server::start_secure(&pem, move |request| {
        if request.path.contains("/blobs/") {
            return Answer::new(307, "").header("Location", format!("http://{there}{}", request.path));
        }
        memory.answer(request)
    });
    let there = plain.address();
    let realm = Server::start_secure(&pem, move |_| denied(&format!("Bearer realm=\"http://{there}/token\"")));
    for (registry, word) in [(&redirecting, "plain HTTP"), (&realm, "plain HTTP")] {
        let reference = format!("{}/r", registry.address());
        let output = env.run(&["pull", "-q", "--cert-dir", &authority.folder, "--creds", "me:secret", &reference]);
        refused(env, output, &[word]);
    }
    assert!(plain.requests().is_empty(), "{:?}", plain.requests());
    // The twin: a redirect to another server that speaks HTTPS, which sees no credentials.
    let mut blobs = Memory::with(&[("r", &image)]);
    let other = Server::start_secure(&pem, move |request| blobs.answer(request));
    let there = other.address();
    let mut memory = Memory::with(&[("r", &image)]);
    let registry = Server::start_secure(&pem, move |request| match request.header("authorization") {
        None => denied("Basic realm=\"r\""),
        Some(_) if request.path.contains("/blobs/") => {
            Answer::new(307, "").header("Location", format!("https://{there}{}", request.path))
        }
        Some(_) => memory.answer(request),
    });
    let reference = format!("{}/r", registry.address());
    env.run(&["pull", "-q", "--cert-dir", &authority.folder, "--creds", "me:secret", &reference]).code(0);
    assert!(!other.requests().is_empty() && other.requests().iter().all(|request| request.header("authorization").is_none()));
    holds(env, &registry, "down");
}

/// CVE-2025-6032: plain HTTP only on the loopback, or where the user or registries.conf says so.
fn plain_http_is_for_the_loopback_or_who_asks_for_it(env: &TestEnv) {
    let registry = Registry::start(env);
    registry.push(&image("plain"), "r", "latest");
    let port = registry.address().rsplit_once(':').unwrap().1;
    // On the loopback it needs no word.
    env.run(&["pull", "-q", &format!("127.0.0.1:{port}/r")]).code(0);
    env.run(&["pull", "-q", &format!("localhost:{port}/r")]).code(0);
    env.ok(&["rmi", "-af"]);
    // Elsewhere it does. This machine's own address stands for elsewhere; what listens is what is asked.
    let names = env.host("hostname", &["-I"]).run().stdout();
    let Some(address) = names.split_whitespace().find(|text| text.contains('.') && !text.starts_with("127.")) else { return };
    let registry = Server::start_on(address, {
        let mut memory = Memory::with(&[("r", &image("elsewhere"))]);
        move |request| memory.answer(request)
    });
    let reference = format!("{}/r", registry.address());
    refused(env, env.run(&["pull", "-q", "--retry", "0", &reference]), &[&registry.address()]);
    assert!(registry.requests().is_empty(), "{:?}", registry.requests());
    env.run(&["pull", "-q", "--tls-verify=false", &reference]).code(0);
    env.ok(&["rmi", "-af"]);
    let conf = env.file("registries.conf", format!("[[registry]]\nlocation = '{}'\ninsecure = true\n", registry.address()));
    env.cmd(&["pull", "-q", &reference]).env("CONTAINERS_REGISTRIES_CONF", &conf).run().code(0);
    holds(env, &registry, "elsewhere");
}

/// R47: no such name, a proxy that is not there, a listener on IPv6 only.
fn names_and_proxies_that_lead_nowhere_fail_soon(env: &TestEnv) {
    let begin = Instant::now();
    let output = env.run(&["pull", "-q", "--retry", "0", "no-such-host.invalid/r:1"]);
    refused(env, output, &["no-such-host.invalid"]);
    let proxy = format!("http://127.0.0.1:{}", free_port());
    let output = env
        .cmd(&["pull", "-q", "--retry", "0", "registry.invalid/r:1"])
        .env("HTTPS_PROXY", &proxy)
        .env("https_proxy", &proxy)
        .run();
    refused(env, output, &["registry.invalid"]);
    for bad in ["::not an address::", "http://"] {
        let output = env.cmd(&["pull", "-q", "--retry", "0", "registry.invalid/r:1"]).env("HTTPS_PROXY", bad).run();
        assert!(output.code == 125 && output.stderr().contains("Error: "), "{bad}: {output}");
    }
    assert!(begin.elapsed().as_secs() < 40, "{:?}", begin.elapsed());
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let mut memory = Memory::with(&[("r", &image("six"))]);
    let registry = Server::start_on("::1", move |request| memory.answer(request));
    env.run(&["pull", "-q", &format!("[::1]:{}/r", registry.port())]).code(0);
    holds(env, &registry, "six");
    // A proxy is not asked for what is on this machine.
    let mut memory = Memory::with(&[("r", &image("direct"))]);
    let registry = Server::start(move |request| memory.answer(request));
    pull(env, &registry).env("HTTP_PROXY", &proxy).env("http_proxy", &proxy).run().code(0);
    env.ok(&["rmi", "-af"]);
}

/// A mirror that lies is no worse than one that is not there; who asks the registry for credentials does not show them to a mirror.
fn a_mirror_may_be_as_bad_as_it_likes(env: &TestEnv) {
    let (image, other) = (image("true"), layer(|layer| drop_in(layer, "other")));
    let wrong = Image::new("x", vec![image.layers[0].clone(), other]).packed(Packing::Gzip);
    let blob = image.packed_layers()[1].clone();
    let path = blob_path("r", &blob);
    let corrupt = {
        let bytes = wrong.packed_layers()[1].clone();
        changed(&image, move |request, answer| if request.path == path { Answer::new(200, &bytes) } else { answer })
    };
    let silent = changed(&image, |_, _| Answer::default().then(Then::Reset));
    let asking = Server::start(|_| denied("Basic realm=\"r\""));
    let real = changed(&image, |_, answer| answer);
    let mirrors =
        [&silent, &asking].map(|mirror| format!("[[registry.mirror]]\nlocation = '{}'\ninsecure = true\n", mirror.address()));
    let conf = |mirrors: &str| {
        env.file("registries.conf", format!("[[registry]]\nlocation = '{}'\ninsecure = true\n{mirrors}", real.address()))
    };
    let reference = format!("{}/r", real.address());
    let file = conf(&mirrors.concat());
    let auth = env.file("auth.json", format!(r#"{{"auths":{{"{}":{{"auth":"bWU6c2VjcmV0"}}}}}}"#, real.address()));
    let pull = |file: &str| {
        let args = ["pull", "-q", "--retry", "1", "--retry-delay", "10ms", "--authfile", &auth, &reference];
        env.cmd(&args).env("CONTAINERS_REGISTRIES_CONF", file).run()
    };
    pull(&file).code(0);
    holds(env, &real, "true");
    assert!(asking.requests().iter().all(|request| request.header("authorization").is_none()), "{:?}", asking.requests());
    assert!(!silent.requests().is_empty() && !asking.requests().is_empty());
    // One that gives other bytes is an error, or the next is asked; never is its image taken.
    let output = pull(&conf(&format!("[[registry.mirror]]\nlocation = '{}'\ninsecure = true\n", corrupt.address())));
    if output.code == 0 {
        holds(env, &real, "true");
    } else {
        refused(env, output, &["blob"]);
    }
}

fn drop_in(layer: &mut crate::harness::archive::Layer, content: &str) {
    layer.file("content", 0o644, content);
}

/// The real registry, over TLS of a private authority and with a password: pull by tag and digest, push, search, all by certs.d.
fn a_secure_registry_serves_everything(env: &TestEnv) {
    let registry = Registry::start_secure(env);
    let host = registry.address();
    let folder = env.home().join(".config/containers/certs.d").join(host);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(env.work().join("registry/ca.crt"), folder.join("ca.crt")).unwrap();
    let reference = format!("{host}/team/tool:1");
    env.busybox();
    env.run(&["push", "-q", "bb", &reference]).fails(125, &["login"]);
    env.run(&["push", "-q", "--creds", "tester:wrong", "bb", &reference]).fails(125, &[host]);
    env.cmd(&["login", "-u", "tester", "--password-stdin", host]).stdin("open sesame").run().ok();
    env.run(&["push", "-q", "--digestfile", "digest", "bb", &reference]).code(0);
    env.run(&["push", "-q", "--compression-format", "zstd", "bb", &format!("{host}/team/zstd:1")]).code(0);
    let pushed = std::fs::read_to_string(env.work().join("digest")).unwrap();
    for name in [reference.clone(), format!("{host}/team/tool@{}", pushed.trim()), format!("{host}/team/zstd:1")] {
        env.run(&["pull", "-q", &name]).code(0);
        assert_eq!(env.ok(&["run", "--rm", "--network", "none", "--pull", "never", &name, "echo", "ran"]), "ran");
        env.ok(&["rmi", "-f", &name]);
    }
    assert!(env.ok(&["search", "--format", "{{.Name}}", &format!("{host}/tool")]).contains("team/tool"));
    env.ok(&["pull", "-q", "-a", &format!("{host}/team/tool")]);
    // Over plain HTTP the password is not sent, also if the user does not mind who the registry is.
    env.ok(&["logout", host]);
    env.run(&["pull", "-q", "--policy", "always", &reference]).fails(125, &["login"]);
}
