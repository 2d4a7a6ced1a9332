//! Registries: where credentials go, what misbehaves, and what registries.conf and policy.json say.

use crate::harness::archive::{Image, Packing, digest};
use crate::harness::command::Cmd;
use crate::harness::registry::blob_path;
use crate::harness::server::{Answer, Memory, Request, Server};
use crate::harness::{Case, Need, TestEnv, case};
use std::time::Instant;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(credentials_do_not_follow_a_redirect),
        case!(a_token_server_on_another_host_gets_no_credentials).gap("podman asks it"),
        case!(a_token_comes_from_a_server_on_the_same_host),
        case!(a_token_that_ends_is_fetched_again_once).gap("podman 4 fetches it twice for one request"),
        case!(a_huge_token_is_refused),
        case!(redirects_lead_nowhere_else).gap("podman follows to a link-local address"),
        case!(a_busy_registry_is_asked_again).gap("podman takes a 503 for the last word"),
        case!(a_registry_that_wants_a_long_wait_is_an_error_that_says_so).gap("podman waits"),
        case!(a_broken_download_is_taken_up_where_it_broke).gap("podman 4 begins again"),
        case!(a_registry_that_cannot_resume_is_no_harm).gap("podman 4 does not try"),
        case!(an_up_to_date_tag_costs_one_request).only_ours("podman asks for more"),
        case!(two_pulls_at_once_fetch_each_layer_once).gap("podman fetches twice"),
        case!(mirrors_are_asked_first),
        case!(what_is_blocked_or_rejected_is_not_pulled),
        case!(short_names_follow_registries_conf).gap("podman does not name the candidates"),
        case!(a_choice_at_the_prompt_is_remembered).only_ours("podman's prompt is a menu with arrow keys"),
        case!(all_tags_come_page_by_page).gap("podman 4 forgets --tls-verify with --all-tags"),
        case!(search_finds_by_the_catalog_and_by_the_old_way),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn image(content: &str) -> Image {
    Image::busybox_with("x", |layer| {
        layer.file("content", 0o644, content);
    })
    .packed(Packing::Gzip)
}

fn pull(env: &TestEnv, reference: &str) -> Cmd {
    env.cmd(&["pull", "--tls-verify=false", reference])
}

#[track_caller]
fn holds(env: &TestEnv, reference: &str, content: &str) {
    assert_eq!(env.ok(&["run", "--rm", "--network", "none", "--pull", "never", reference, "cat", "/content"]), content);
}

/// "me:secret" as a registry sees it.
const BASIC: &str = "Basic bWU6c2VjcmV0";

fn denied(challenge: &str) -> Answer {
    Answer::new(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#)
        .header("WWW-Authenticate", challenge)
}

fn secrets_of(server: &Server) -> Vec<Request> {
    let mut requests = server.requests();
    requests
        .retain(|request| request.header("authorization").is_some() || String::from_utf8_lossy(&request.body).contains("secret"));
    requests
}

/// T45.
fn credentials_do_not_follow_a_redirect(env: &TestEnv) {
    let image = image("moved");
    let mut memory = Memory::with(&[("r", &image)]);
    let mut blobs = memory.clone();
    let elsewhere = Server::start(move |request| blobs.answer(request));
    let there = elsewhere.address();
    let registry = Server::start(move |request| {
        if request.header("authorization") != Some(BASIC) {
            return denied("Basic realm=\"r\"");
        }
        if request.path.contains("/blobs/") {
            return Answer::new(307, "").header("Location", format!("http://{there}{}", request.path));
        }
        memory.answer(request)
    });
    let reference = format!("{}/r", registry.address());
    env.cmd(&["pull", "--tls-verify=false", "--creds", "me:secret", &reference]).run().ok();
    assert!(!elsewhere.requests().is_empty() && secrets_of(&elsewhere).is_empty(), "{:?}", elsewhere.requests());
    holds(env, &reference, "moved");
}

fn a_token_server_on_another_host_gets_no_credentials(env: &TestEnv) {
    let thief = Server::start(|_| Answer::new(200, r#"{"token":"t"}"#));
    for realm in [format!("http://localhost:{}/token", thief.port()), "http://169.254.169.254/token".to_owned()] {
        let registry = Server::start(move |_| denied(&format!("Bearer realm=\"{realm}\",service=\"s\"")));
        let reference = format!("{}/r", registry.address());
        let output = env.cmd(&["pull", "--tls-verify=false", "--creds", "me:secret", &reference]).run();
        output.fails(125, &["token server", &registry.address()]);
    }
    assert!(thief.requests().is_empty(), "{:?}", thief.requests());
}

/// A registry that wants a token of this server; each token is good for so many requests.
fn with_tokens(image: &Image, uses: usize) -> (Server, Server) {
    let mut count = 0;
    let tokens = Server::start(move |request| {
        if request.header("authorization").is_some_and(|value| value != BASIC) {
            return Answer::new(401, r#"{"details":"incorrect username or password"}"#);
        }
        count += 1;
        Answer::new(200, format!(r#"{{"access_token":"t{count}","expires_in":60}}"#))
    });
    let realm = format!("http://{}/token", tokens.address());
    let mut memory = Memory::with(&[("r", image)]);
    let mut used = std::collections::BTreeMap::new();
    let registry = Server::start(move |request| match request.header("authorization") {
        Some(token) if token.starts_with("Bearer t") => {
            let used = used.entry(token.to_owned()).or_insert(0);
            *used += 1;
            if *used > uses {
                denied(&format!("Bearer realm=\"{realm}\",service=\"s\",error=\"invalid_token\""))
            } else {
                memory.answer(request)
            }
        }
        _ => denied(&format!("Bearer realm=\"{realm}\",service=\"s\",scope=\"repository:r:pull\"")),
    });
    (registry, tokens)
}

fn a_token_comes_from_a_server_on_the_same_host(env: &TestEnv) {
    let image = image("token");
    let (registry, tokens) = with_tokens(&image, usize::MAX);
    let reference = format!("{}/r", registry.address());
    env.cmd(&["pull", "--tls-verify=false", "--creds", "me:secret", &reference]).run().ok();
    holds(env, &reference, "token");
    assert!(tokens.requests().iter().all(|request| request.header("authorization") == Some(BASIC)), "{:?}", tokens.requests());
    assert!(tokens.requests()[0].query.contains("scope=repository%3Ar%3Apull"), "{:?}", tokens.requests());
    let all = registry.requests();
    assert!(
        all.iter().all(|request| request.header("authorization").is_none_or(|value| value.starts_with("Bearer t"))),
        "{all:?}"
    );
    let output = env.cmd(&["pull", "--tls-verify=false", "--creds", "me:wrong", &format!("{reference}:other")]).run();
    output.fails(125, &["incorrect username or password"]);
}

/// R43.
fn a_token_that_ends_is_fetched_again_once(env: &TestEnv) {
    let image = image("again");
    let (registry, tokens) = with_tokens(&image, 2);
    let reference = format!("{}/r", registry.address());
    pull(env, &reference).run().ok();
    assert!((2..=6).contains(&tokens.requests().len()), "{:?}", tokens.requests());
    holds(env, &reference, "again");
    // A registry that takes no token at all is not asked for ever.
    let (registry, tokens) = with_tokens(&image, 0);
    pull(env, &format!("{}/r", registry.address())).run().fails(125, &[&registry.address()]);
    assert!(tokens.requests().len() < 4, "{:?}", tokens.requests());
}

/// R43, T44.
fn a_huge_token_is_refused(env: &TestEnv) {
    for body in [vec![b' '; 3 << 20], b"{}".to_vec(), b"<html>".to_vec(), br#"{"token":"a\nb"}"#.to_vec()] {
        let tokens = Server::start(move |_| Answer::new(200, &body));
        let realm = format!("http://{}/token", tokens.address());
        let registry = Server::start(move |_| denied(&format!("Bearer realm=\"{realm}\"")));
        pull(env, &format!("{}/r", registry.address())).run().fails(125, &[&registry.address()]);
    }
}

/// R42.
fn redirects_lead_nowhere_else(env: &TestEnv) {
    for to in
        ["file:///etc/passwd", "http://169.254.169.254/x", "ftp://127.0.0.1/x", "/v2/r/manifests/again", "http://[fe80::1]/x"]
    {
        let registry = Server::start(move |_| Answer::new(302, "").header("Location", to));
        let started = Instant::now();
        pull(env, &format!("{}/r", registry.address())).run().fails(125, &["redirect"]);
        assert!(registry.requests().len() <= 12, "{:?}", registry.requests());
        assert!(started.elapsed().as_secs() < 20, "{to}");
    }
}

/// R38.
fn a_busy_registry_is_asked_again(env: &TestEnv) {
    let image = image("busy");
    let mut memory = Memory::with(&[("r", &image)]);
    let mut count = 0;
    let registry = Server::start(move |request| {
        count += 1;
        match count {
            1 => Answer::new(429, "").header("Retry-After", "1"),
            3 => Answer::new(503, "").header("Retry-After", "0"),
            5 => Answer::new(200, "x").cut(0),
            _ => memory.answer(request),
        }
    });
    let reference = format!("{}/r", registry.address());
    pull(env, &reference).run().ok();
    holds(env, &reference, "busy");
    let failing = Server::start(|_| Answer::new(500, "<html>"));
    let args = ["pull", "--tls-verify=false", "--retry", "1", "--retry-delay", "10ms", &format!("{}/r", failing.address())];
    env.cmd(&args).run().fails(125, &["500"]);
    assert_eq!(failing.requests().len(), 2);
    let blob = blob_path("r", &image.packed_layers()[0]);
    let (path, mut memory) = (blob.clone(), Memory::with(&[("r", &image)]));
    let failing = Server::start(move |request| if request.path == path { Answer::new(500, "") } else { memory.answer(request) });
    env.ok(&["rmi", "-f", &reference]);
    let args = ["pull", "--tls-verify=false", "--retry-delay", "10ms", &format!("{}/r", failing.address())];
    env.cmd(&args).run().fails(125, &["500"]);
    assert_eq!(failing.asked(&blob).len(), 4, "the first try and three more");
}

fn a_registry_that_wants_a_long_wait_is_an_error_that_says_so(env: &TestEnv) {
    let body = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit"}]}"#;
    let registry = Server::start(move |_| Answer::new(429, body).header("Retry-After", "3600"));
    pull(env, &format!("{}/r", registry.address())).run().fails(125, &["rate limit", "3600", "login"]);
    assert_eq!(registry.requests().len(), 1);
}

/// A registry whose big blob breaks off twice; `ranged` does what a request for a part of it gets.
fn breaking(image: &Image, ranged: fn(&[u8], usize) -> Answer) -> Server {
    let blob = image.packed_layers()[0].clone();
    let path = blob_path("r", &blob);
    let mut memory = Memory::with(&[("r", image)]);
    let mut left = 2;
    Server::start(move |request| {
        if request.path != path || request.method != "GET" {
            return memory.answer(request);
        }
        let offset = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let answer = offset.map_or_else(|| Answer::new(200, &blob), |offset| ranged(&blob, offset));
        if left == 0 {
            return answer;
        }
        left -= 1;
        let third = blob.len() / 3;
        answer.cut(third)
    })
}

fn a_broken_download_is_taken_up_where_it_broke(env: &TestEnv) {
    let image = image("resumed");
    let registry = breaking(&image, |blob, offset| {
        let range = format!("bytes {offset}-{}/{}", blob.len() - 1, blob.len());
        Answer::new(206, &blob[offset..]).header("Content-Range", range)
    });
    let reference = format!("{}/r", registry.address());
    pull(env, &reference).run().ok();
    holds(env, &reference, "resumed");
    let ranges: Vec<_> = registry.requests().into_iter().filter_map(|request| request.headers.get("range").cloned()).collect();
    assert_eq!(ranges.len(), 2, "{ranges:?}");
    assert!(ranges.iter().all(|range| range != "bytes=0-"), "{ranges:?}");
}

/// R46.
fn a_registry_that_cannot_resume_is_no_harm(env: &TestEnv) {
    let ignores: fn(&[u8], usize) -> Answer = |blob, _| Answer::new(200, blob);
    let lies: fn(&[u8], usize) -> Answer = |blob, offset| {
        Answer::new(206, &blob[offset / 2..])
            .header("Content-Range", format!("bytes {}-{}/{}", offset / 2, blob.len() - 1, blob.len()))
    };
    for (name, ranged) in [("ignores", ignores), ("lies", lies)] {
        let registry = breaking(&image(name), ranged);
        let reference = format!("{}/r", registry.address());
        pull(env, &reference).run().ok();
        holds(env, &reference, name);
        env.ok(&["rmi", "-f", &reference]);
    }
}

fn an_up_to_date_tag_costs_one_request(env: &TestEnv) {
    let (old, new) = (image("old"), image("new"));
    let mut memory = Memory::with(&[("r", &old)]);
    let mut newer = Memory::with(&[("r", &new)]);
    let moved = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = std::sync::Arc::clone(&moved);
    let registry = Server::start(move |request| {
        if flag.load(std::sync::atomic::Ordering::Relaxed) { newer.answer(request) } else { memory.answer(request) }
    });
    let reference = format!("{}/r", registry.address());
    let first = pull(env, &reference).run().ok();
    let before = registry.requests().len();
    assert_eq!(pull(env, &reference).run().ok(), first);
    assert_eq!(registry.requests()[before..].iter().map(|request| request.method.as_str()).collect::<Vec<_>>(), ["HEAD"]);
    // By digest there is nothing to ask once it is here.
    let by_digest = format!("{reference}@{}", digest(&old.manifest_bytes()));
    pull(env, &by_digest).run().ok();
    let before = registry.requests().len();
    pull(env, &by_digest).run().ok();
    assert_eq!(registry.requests().len(), before);
    moved.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_ne!(pull(env, &reference).run().ok(), first);
    holds(env, &reference, "new");
}

/// R29.
fn two_pulls_at_once_fetch_each_layer_once(env: &TestEnv) {
    let image = image("shared");
    let blobs: Vec<_> = image.packed_layers().iter().map(|blob| blob_path("r", blob)).collect();
    let mut memory = Memory::with(&[("r", &image)]);
    let registry = Server::start(move |request| memory.answer(request));
    let reference = format!("{}/r", registry.address());
    let running: Vec<_> = (0..6).map(|_| pull(env, &reference).spawn()).collect();
    let ids: Vec<_> = running.into_iter().map(|pull| pull.wait().ok()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    for blob in blobs {
        assert_eq!(registry.asked(&blob).len(), 1, "{:?}", registry.asked("/blobs/"));
    }
    holds(env, &reference, "shared");
}

/// Writes a file of the user's configuration.
fn configure(env: &TestEnv, name: &str, text: &str) {
    let path = env.home().join(".config/containers").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn mirrors_are_asked_first(env: &TestEnv) {
    let image = image("mirrored");
    let broken = Server::start(|_| Answer::new(404, ""));
    let mut memory = Memory::with(&[("cache/r", &image)]);
    let mirror = Server::start(move |request| memory.answer(request));
    let mut own = Memory::with(&[("team/r", &image)]);
    let registry = Server::start(move |request| own.answer(request));
    let conf = format!(
        "[[registry]]\nprefix = 'example.invalid/team'\nlocation = '{}/team'\ninsecure = true\n\
         [[registry.mirror]]\nlocation = '{}'\ninsecure = true\n\
         [[registry.mirror]]\nlocation = '{}/cache'\ninsecure = true\n",
        registry.address(),
        broken.address(),
        mirror.address()
    );
    configure(env, "registries.conf", &conf);
    env.ok(&["pull", "example.invalid/team/r"]);
    holds(env, "example.invalid/team/r", "mirrored");
    assert!(!broken.requests().is_empty() && !mirror.requests().is_empty() && registry.requests().is_empty());
    env.ok(&["rmi", "example.invalid/team/r"]);
    drop(mirror);
    env.ok(&["pull", "example.invalid/team/r"]);
    assert!(!registry.requests().is_empty());
    drop(registry);
    env.run(&["pull", "example.invalid/team/r"]).fails(125, &["example.invalid/team/r", &broken.address()]);
}

fn what_is_blocked_or_rejected_is_not_pulled(env: &TestEnv) {
    let image = image("no");
    let mut memory = Memory::with(&[("bad/r", &image), ("signed/r", &image), ("good/r", &image)]);
    let registry = Server::start(move |request| memory.answer(request));
    let address = registry.address();
    configure(
        env,
        "registries.conf",
        &format!("[[registry]]\nprefix = '{address}/blocked'\nlocation = '{address}/good'\nblocked = true\n"),
    );
    env.run(&["pull", &format!("{address}/blocked/r")]).fails(125, &["blocked"]);
    let policy = format!(
        r#"{{"default":[{{"type":"insecureAcceptAnything"}}],"transports":{{"docker":{{
            "{address}/bad":[{{"type":"reject"}}],"{address}/signed":[{{"type":"signedBy","keyType":"GPGKeys","keyPath":"/none"}}]}}}}}}"#
    );
    configure(env, "policy.json", &policy);
    for name in ["bad/r", "signed/r"] {
        pull(env, &format!("{address}/{name}")).run().code(125);
    }
    assert!(registry.asked("/blobs/").is_empty(), "{:?}", registry.requests());
    assert_eq!(env.ok(&["images", "-aq"]), "");
    pull(env, &format!("{address}/good/r")).run().ok();
}

fn short_names_follow_registries_conf(env: &TestEnv) {
    let image = image("short");
    let mut memory = Memory::with(&[("team/tool", &image)]);
    let registry = Server::start(move |request| memory.answer(request));
    let address = registry.address();
    let conf = |text: &str| env.file("registries.conf", text);
    let pull = |conf: &str, name: &str| env.cmd(&["pull", name]).env("CONTAINERS_REGISTRIES_CONF", conf).run();
    let insecure = format!("[[registry]]\nlocation = '{address}'\ninsecure = true\n");
    let two = conf(&format!(
        "short-name-mode = 'enforcing'\nunqualified-search-registries = ['{address}', 'example.invalid']\n{insecure}"
    ));
    pull(&two, "team/tool").fails(125, &["team/tool", "example.invalid"]);
    let alias = conf(&format!("unqualified-search-registries = []\n{insecure}[aliases]\nhammer = '{address}/team/tool'\n"));
    pull(&alias, "team/tool").fails(125, &["team/tool"]);
    pull(&alias, "hammer").ok();
    holds(env, &format!("{address}/team/tool"), "short");
    // A container is made by the alias too, without another pull.
    let args = ["run", "--rm", "--network", "none", "hammer", "cat", "/content"];
    assert_eq!(env.cmd(&args).env("CONTAINERS_REGISTRIES_CONF", &alias).run().ok(), "short");
    env.ok(&["rmi", &format!("{address}/team/tool")]);
    let one = conf(&format!("unqualified-search-registries = ['{address}']\n{insecure}"));
    pull(&one, "team/tool").ok();
    holds(env, "team/tool", "short");
    let bad = conf("short-name-mode = 'perhaps'\n");
    pull(&bad, "team/tool").fails(125, &["perhaps"]);
}

fn a_choice_at_the_prompt_is_remembered(env: &TestEnv) {
    let image = image("chosen");
    let mut memory = Memory::with(&[("tool", &image)]);
    let registry = Server::start(move |request| memory.answer(request));
    let address = registry.address();
    let text = format!(
        "short-name-mode = 'enforcing'\nunqualified-search-registries = ['example.invalid', '{address}']\n[[registry]]\nlocation = '{address}'\ninsecure = true\n"
    );
    let conf = env.file("registries.conf", text);
    let mut terminal = env.cmd(&["pull", "tool"]).env("CONTAINERS_REGISTRIES_CONF", &conf).on_terminal(24, 80);
    terminal.read_until("Number");
    terminal.write(b"2\n");
    assert_eq!(terminal.wait().code, 0);
    holds(env, "tool", "chosen");
    env.cmd(&["pull", "tool"]).env("CONTAINERS_REGISTRIES_CONF", &conf).run().ok();
}

fn all_tags_come_page_by_page(env: &TestEnv) {
    let image = image("tags");
    let mut memory = Memory::with(&[("r", &image)]);
    let registry = Server::start(move |request| match (request.path.as_str(), request.query.as_str()) {
        ("/v2/r/tags/list", query) if query.contains("last=one") => Answer::new(200, r#"{"name":"r","tags":["two","latest"]}"#),
        ("/v2/r/tags/list", _) => {
            Answer::new(200, r#"{"name":"r","tags":["one"]}"#).header("Link", "</v2/r/tags/list?last=one&n=1>; rel=\"next\"")
        }
        ("/v2/r/manifests/one" | "/v2/r/manifests/two", _) => {
            memory.answer(&Request { path: "/v2/r/manifests/latest".to_owned(), ..request.clone() })
        }
        _ => memory.answer(request),
    });
    let name = format!("{}/r", registry.address());
    env.ok(&["pull", "--tls-verify=false", "-a", &name]);
    for tag in ["one", "two", "latest"] {
        env.ok(&["image", "exists", &format!("{name}:{tag}")]);
    }
    env.run(&["pull", "--tls-verify=false", "-a", &format!("{name}:one")]).code(125);
    let tags = env.ok(&["search", "--tls-verify=false", "--list-tags", "--format", "{{.Tag}}", &name]);
    assert_eq!(tags.lines().collect::<Vec<_>>(), ["one", "two", "latest"]);
}

fn search_finds_by_the_catalog_and_by_the_old_way(env: &TestEnv) {
    let catalog = Server::start(|request| match request.path.as_str() {
        "/v2/" => Answer::new(200, "{}"),
        "/v2/_catalog" => Answer::new(200, r#"{"repositories":["team/hammer","team/saw"]}"#),
        _ => Answer::new(404, "404 page not found"),
    });
    let term = format!("{}/ham", catalog.address());
    let found = env.ok(&["search", "--tls-verify=false", "--format", "{{.Name}}", &term]);
    assert_eq!(found, format!("{}/team/hammer", catalog.address()));
    let old = Server::start(|request| match request.path.as_str() {
        "/v2/" => Answer::new(200, "{}"),
        "/v1/search" => Answer::new(
            200,
            r#"{"num_results":2,"results":[{"name":"hammer","description":"hits","star_count":7,"is_official":true},
                {"name":"hammerlet","description":null,"star_count":1}]}"#,
        ),
        _ => Answer::new(404, ""),
    });
    let term = format!("{}/hammer", old.address());
    let args = ["search", "--tls-verify=false", "--filter", "stars=3", "--format", "{{.Name}} {{.Stars}} {{.Official}}", &term];
    assert_eq!(env.ok(&args), format!("{}/hammer 7 [OK]", old.address()));
}
