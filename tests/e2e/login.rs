//! `login`, `logout`, and a real registry with TLS of an own authority and a password.

use crate::harness::archive::{Image, Packing};
use crate::harness::registry::Registry;
use crate::harness::server::{Answer, Memory, Server};
use crate::harness::{Case, Need, TestEnv, case};
use std::os::unix::fs::PermissionsExt as _;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_login_is_tried_and_kept).needs(&[Need::Registry]).gap("podman keeps it in the runtime folder"),
        case!(an_unknown_authority_is_refused_until_it_is_known).needs(&[Need::Registry]).gap("podman leaves damaged files out"),
        case!(a_login_is_asked_for_on_a_terminal).needs(&[Need::Registry]),
        case!(credentials_come_from_options_files_and_variables),
        case!(helpers_keep_credentials).gap("podman 4 does not store by the helper of the file"),
        case!(a_broken_helper_is_no_anonymous_pull),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

const PASSWORD: &str = "open sesame";

fn image() -> Image {
    Image::busybox_with("x", |layer| {
        layer.file("content", 0o644, "private");
    })
    .packed(Packing::Gzip)
}

/// The secure registry's authority, as `--cert-dir` takes it.
fn authority(env: &TestEnv) -> String {
    let folder = env.folder("certs");
    std::fs::copy(env.work().join("registry/ca.crt"), format!("{folder}/ca.crt")).unwrap();
    folder
}

fn a_login_is_tried_and_kept(env: &TestEnv) {
    let registry = Registry::start_secure(env);
    let certs = authority(env);
    let host = registry.address();
    let login = |password: &str| {
        env.cmd(&["login", "--cert-dir", &certs, "-u", "tester", "--password-stdin", host]).stdin(format!("{password}\n")).run()
    };
    env.run(&["login", "--get-login", host]).fails(125, &[host]);
    login("wrong").fails(125, &[host]);
    let file = env.home().join(".config/containers/auth.json");
    assert!(!file.exists(), "what was refused is not kept");
    assert!(login(PASSWORD).ok().contains("Login Succeeded!"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    env.run(&["login", "--get-login", host]).prints("tester");
    // A reboot takes the runtime folder away, and nothing else.
    assert!(!env.runtime().join("containers/auth.json").exists());
    let again = env.run(&["login", "--cert-dir", &certs, host]);
    assert!(again.ok().contains("Already logged in"), "{again}");

    env.cmd(&["import", "-", "local"]).stdin(crate::harness::archive::busybox_layer().finish()).run().ok();
    let reference = format!("{host}/private/tool:1");
    env.ok(&["push", "--cert-dir", &certs, "localhost/local", &reference]);
    env.ok(&["pull", "--cert-dir", &certs, &reference]);
    assert_eq!(env.ok(&["run", "--rm", "--network", "none", "--pull", "never", &reference, "echo", "in"]), "in");
    env.ok(&["logout", host]);
    assert!(!std::fs::read_to_string(&file).unwrap().contains(host));
    env.run(&["pull", "--cert-dir", &certs, &reference]).fails(125, &["login", host]);
    assert!(env.run(&["logout", host]).ok().contains("Not logged into"));
    env.cmd(&["login", "--session", "--cert-dir", &certs, "-u", "tester", "-p", PASSWORD, host]).run().ok();
    assert!(env.runtime().join("containers/auth.json").exists());
    env.ok(&["logout", "--all"]);
    env.run(&["login", "--get-login", host]).code(125);
}

/// R45.
fn an_unknown_authority_is_refused_until_it_is_known(env: &TestEnv) {
    let registry = Registry::start_secure(env);
    let certs = authority(env);
    let host = registry.address();
    let login = |options: &[&str]| env.cmd(&[&["login", "-u", "tester", "-p", PASSWORD][..], options, &[host]].concat()).run();
    login(&[]).fails(125, &["certificate", host]);
    login(&["--cert-dir", &certs]).ok();
    login(&["--tls-verify=false"]).ok();
    env.ok(&["logout", host]);
    let folder = env.home().join(".config/containers/certs.d").join(host);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(format!("{certs}/ca.crt"), folder.join("ca.crt")).unwrap();
    login(&[]).ok();
    std::fs::write(folder.join("ca.crt"), "no certificate").unwrap();
    login(&[]).fails(125, &["ca.crt"]);
    std::fs::copy(format!("{certs}/ca.crt"), folder.join("ca.crt")).unwrap();
    std::fs::write(folder.join("client.cert"), "alone").unwrap();
    login(&[]).fails(125, &["client.key"]);
}

fn a_login_is_asked_for_on_a_terminal(env: &TestEnv) {
    let registry = Registry::start_secure(env);
    let certs = authority(env);
    let mut terminal = env.cmd(&["login", "--cert-dir", &certs, registry.address()]).on_terminal(24, 80);
    terminal.read_until("Username");
    terminal.write(b"tester\n");
    terminal.read_until("Password");
    terminal.write(format!("{PASSWORD}\n").as_bytes());
    let output = terminal.wait();
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stdout().contains("Login Succeeded!") && !output.stdout().contains(PASSWORD), "{output}");
}

/// A registry that lets in who shows this, and the reference of its image.
fn guarded(pair: &'static str) -> (Server, String) {
    let mut memory = Memory::with(&[("team/r", &image())]);
    let registry = Server::start(move |request| {
        if request.header("authorization") == Some(pair) {
            return memory.answer(request);
        }
        Answer::new(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#)
            .header("WWW-Authenticate", "Basic realm=\"r\"")
    });
    let reference = format!("{}/team/r", registry.address());
    (registry, reference)
}

/// "me:secret"
const ME: &str = "Basic bWU6c2VjcmV0";
const ME_ENCODED: &str = "bWU6c2VjcmV0";

fn credentials_come_from_options_files_and_variables(env: &TestEnv) {
    let (registry, reference) = guarded(ME);
    let host = registry.address();
    let pull = || env.cmd(&["pull", "-q", "--tls-verify=false", &reference]);
    let fresh = || env.run(&["rmi", "-f", &reference]).ok();
    pull().run().fails(125, &[&host]);
    env.cmd(&["pull", "-q", "--tls-verify=false", "--creds", "me:secret", &reference]).run().ok();
    fresh();
    let auth = format!(r#"{{"auths":{{"{host}/team":{{"auth":"{ME_ENCODED}"}},"{host}":{{"auth":"eDp5"}}}}}}"#);
    let file = env.file("auth.json", &auth);
    env.cmd(&["pull", "-q", "--tls-verify=false", "--authfile", &file, &reference]).run().ok();
    fresh();
    pull().env("REGISTRY_AUTH_FILE", &file).run().ok();
    fresh();
    for place in [".docker/config.json", ".config/containers/auth.json"] {
        let path = env.home().join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &auth).unwrap();
        pull().run().ok();
        fresh();
        std::fs::remove_file(path).unwrap();
    }
    let path = env.runtime().join("containers/auth.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, &auth).unwrap();
    pull().run().ok();
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

/// Puts a credential helper that keeps everything in one file into a folder of `PATH`.
fn helper(env: &TestEnv, script: &str) -> String {
    let folder = env.folder("bin");
    let path = env.file("bin/docker-credential-test", script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{folder}:/usr/bin:/bin")
}

fn helpers_keep_credentials(env: &TestEnv) {
    let (registry, reference) = guarded(ME);
    let host = registry.address();
    let script = "#!/bin/sh\nkept=$HOME/kept\ncase $1 in\n\
        store) cat > $kept;;\nerase) rm $kept;;\n\
        get) read server; test -f $kept || { echo credentials not found in native keychain; exit 1; }; cat $kept;;\nesac\n";
    let path = helper(env, script);
    let config = env.home().join(".config/containers/auth.json");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(&config, format!(r#"{{"credHelpers":{{"{host}":"test"}}}}"#)).unwrap();
    let cmd = |args: &[&str]| env.cmd(args).env("PATH", &path);
    cmd(&["pull", "-q", "--tls-verify=false", &reference]).run().fails(125, &[&host]);
    cmd(&["login", "--tls-verify=false", "-u", "me", "-p", "secret", &host]).run().ok();
    let kept = std::fs::read_to_string(env.home().join("kept")).unwrap();
    assert!(kept.contains("secret") && kept.contains(&host), "{kept}");
    assert!(!std::fs::read_to_string(&config).unwrap().contains(ME_ENCODED), "not in the file as well");
    cmd(&["pull", "-q", "--tls-verify=false", &reference]).run().ok();
    cmd(&["logout", &host]).run().ok();
    assert!(!env.home().join("kept").exists());
}

/// T45.
fn a_broken_helper_is_no_anonymous_pull(env: &TestEnv) {
    let mut memory = Memory::with(&[("r", &image())]);
    let registry = Server::start(move |request| memory.answer(request));
    let host = registry.address();
    let path = helper(env, "#!/bin/sh\necho the key ring is locked >&2\nexit 1\n");
    let config = env.home().join(".config/containers/auth.json");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    for (name, words) in [("test", "the key ring is locked"), ("absent", "docker-credential-absent")] {
        std::fs::write(&config, format!(r#"{{"credHelpers":{{"{host}":"{name}"}}}}"#)).unwrap();
        let output = env.cmd(&["pull", "-q", "--tls-verify=false", &format!("{host}/r")]).env("PATH", &path).run();
        output.fails(125, &[words]);
    }
    assert!(registry.requests().is_empty(), "{:?}", registry.requests());
}
