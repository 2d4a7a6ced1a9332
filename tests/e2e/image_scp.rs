//! `image scp`, with an ssh that stays on this machine and has another store there.

use crate::harness::archive::{Image, write_archive};
use crate::harness::command::Output;
use crate::harness::{Case, Need, TestEnv, case};
use std::os::unix::fs::PermissionsExt as _;

pub fn cases() -> Vec<Case> {
    let all = [case!(an_image_goes_to_another_machine_and_comes_back), case!(what_goes_wrong_on_the_way_is_told)];
    all.into_iter().map(|case| case.needs(&[Need::Userns]).only_ours("podman wants its connections set up")).collect()
}

/// The other machine: a store of its own, and a log of who was called.
fn other_machine(env: &TestEnv) {
    let (data, run) = (env.folder("there/data"), env.folder("there/run"));
    std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o700)).unwrap();
    let script = format!(
        "#!/bin/sh\necho \"$@\" >>{log}\nwhile [ \"$1\" != -- ]; do shift; done\nshift 2\n\
         XDG_DATA_HOME={data} XDG_RUNTIME_DIR={run} exec sh -c \"$*\"\n",
        log = env.work().join("called").display()
    );
    let ssh = env.file("bin/ssh", script);
    std::fs::set_permissions(ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn scp(env: &TestEnv, args: &[&str]) -> Output {
    let tool = env.tool();
    let path = format!("{}:{}:/usr/bin:/bin:/usr/sbin:/sbin", env.work().join("bin").display(), tool.parent().unwrap().display());
    env.cmd(&[&["image", "scp", "-q"], args].concat()).env("PATH", path).run()
}

fn load(env: &TestEnv, name: &str) -> String {
    let image = Image::busybox_with(name, |layer| {
        layer.file("content", 0o644, "carried");
    });
    write_archive(env.work().join("in.tar"), &image.oci_entries());
    env.ok(&["load", "-q", "-i", "in.tar"]);
    env.field(&image.name, "{{.Id}}")
}

fn an_image_goes_to_another_machine_and_comes_back(env: &TestEnv) {
    other_machine(env);
    let id = load(env, "travels");
    assert!(scp(env, &["travels", "me@far.example::"]).ok().contains("localhost/travels:latest"));
    env.ok(&["rmi", "travels"]);
    scp(env, &["ssh://me@far.example:2222::localhost/travels"]).prints("Loaded image: localhost/travels:latest");
    assert_eq!(env.field("travels", "{{.Id}}"), id);
    scp(env, &["a::travels", "b::"]).ok();
    let called = std::fs::read_to_string(env.work().join("called")).unwrap();
    let hosts: Vec<_> = called.lines().map(|line| line.split(" sh -c").next().unwrap()).collect();
    let (first, rest) = hosts.split_at(2);
    assert_eq!(first, ["-T -- me@far.example", "-T -p 2222 -- me@far.example"]);
    assert!(rest.contains(&"-T -- a") && rest.contains(&"-T -- b"), "{called}");
}

fn what_goes_wrong_on_the_way_is_told(env: &TestEnv) {
    other_machine(env);
    load(env, "stays");
    scp(env, &["no-such-image", "far::"]).fails(125, &["no-such-image"]);
    scp(env, &["far::it's none"]).fails(125, &["it's none"]);
    scp(env, &["--", "stays", "-oProxyCommand=touch x::"]).fails(125, &["names no machine"]);
    scp(env, &["stays"]).fails(125, &["HOST::"]);
    scp(env, &["stays", "far::other"]).fails(125, &["keeps its name"]);
    env.file("bin/ssh", "#!/bin/sh\necho refused >&2\nexit 255\n");
    scp(env, &["stays", "far::"]).fails(125, &["refused"]);
    assert!(!env.work().join("x").exists());
    for args in [&["image", "sign", "--sign-by", "me", "stays"][..], &["image", "trust", "show"]] {
        env.run(args).fails(125, &["sign"]);
    }
}
