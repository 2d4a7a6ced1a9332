//! What `run` sets for the command: environment, current folder, user, entrypoint.

use crate::harness::archive::{Image, write_archive};
use crate::harness::canary::Canary;
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(the_environment_is_exactly_what_is_documented).gap("podman also sets TERM, and container=podman"),
        case!(e_sets_passes_on_and_the_later_wins),
        case!(nothing_of_the_callers_environment_leaks),
        case!(names_without_a_value_in_the_image_take_nothing_from_the_caller).gap("CVE-2026-57231"),
        case!(the_images_environment_comes_first),
        case!(w_sets_the_current_folder),
        case!(w_that_does_not_exist_is_an_error),
        case!(w_that_is_relative_is_an_error),
        case!(w_by_way_of_a_descriptor_never_leaves_the_root),
        case!(the_images_folder_is_made_where_it_is_missing),
        case!(the_images_folder_is_not_made_outside_by_a_link).gap("CVE-2026-55686"),
        case!(u_takes_names_and_numbers),
        case!(u_that_is_numeric_is_never_a_name),
        case!(u_that_is_wrong_is_an_error_and_never_root).gap("a uid that does not fit becomes 0"),
        case!(u_outside_of_the_mapped_ids_is_an_error).needs(&[Need::Subids]),
        case!(u_sets_home_from_the_containers_passwd),
        case!(u_takes_the_supplementary_groups_of_the_container),
        case!(the_users_primary_group_is_among_the_groups),
        case!(the_images_user_is_taken).gap("a uid that does not fit becomes 0"),
        case!(another_user_has_no_capabilities).gap("podman 4 grants fourteen capabilities, later ones eleven"),
        case!(passwd_that_leads_outside_is_not_read).gap("podman reads a large or odd file"),
        case!(entrypoint_is_a_string_or_a_json_array),
        case!(entrypoint_and_command_of_the_image_are_joined),
        case!(entrypoint_of_the_user_drops_the_images_command),
        case!(without_any_command_it_is_125),
        case!(a_newline_in_a_name_is_refused_or_kept_out_of_files).gap("podman writes the host name as it is"),
        case!(the_containers_file_modes_follow_its_own_umask),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn load(env: &TestEnv, image: &Image) {
    let path = env.work().join("image.tar");
    write_archive(&path, &image.docker_entries());
    env.ok(&["load", "-i", &path.to_string_lossy()]);
}

fn load_configured(env: &TestEnv, name: &str, config: Value) {
    load(env, &Image::busybox(name, config));
}

fn run_image(env: &TestEnv, options: &[&str], image: &str, command: &[&str]) -> crate::harness::command::Output {
    let args: Vec<&str> = [&["run", "--rm", "--network", "none"], options, &[image], command].concat();
    env.run(&args)
}

/// H21.
fn the_environment_is_exactly_what_is_documented(env: &TestEnv) {
    let text = env.bb(&[], &["env"]).ok();
    let names: BTreeSet<&str> = text.lines().map(|line| line.split('=').next().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["PATH", "HOME", "HOSTNAME", "container"]), "{text}");
    assert!(text.contains("\ncontainer=coracle") || text.starts_with("container=coracle"), "{text}");
    assert!(text.contains("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), "{text}");
}

fn e_sets_passes_on_and_the_later_wins(env: &TestEnv) {
    let options = ["-e", "A=1", "-e", "B=x=y z", "-e", "GIVEN", "-e", "NOT_THERE", "-e", "A=2", "--env", "EMPTY=", "-e", "PRE*"];
    let script = r#"echo "$A|$B|$GIVEN|${NOT_THERE-unset}|${EMPTY-unset}|$PRE_A$PRE_B""#;
    let output =
        env.bb_cmd(&options, &["sh", "-c", script]).env("GIVEN", "from outside").env("PRE_A", "pa").env("PRE_B", "pb").run();
    output.prints("2|x=y z|from outside|unset||papb");
}

/// H21, T48.
fn nothing_of_the_callers_environment_leaks(env: &TestEnv) {
    let output = env.bb_cmd(&[], &["env"]).env("SECRET", "hush").env("LD_PRELOAD", "").env("NOTIFY_SOCKET", "/run/n").run();
    let text = output.ok();
    assert!(!text.contains("SECRET") && !text.contains("=/run/n\n") && !text.contains("XDG_") && !text.contains("LD_"), "{text}");
    let inits = env.bb_cmd(&[], &["sh", "-c", "cat /proc/1/environ"]).env("SECRET", "hush").run().ok();
    assert!(!inits.contains("hush"), "{inits}");
}

/// T48.
fn names_without_a_value_in_the_image_take_nothing_from_the_caller(env: &TestEnv) {
    load_configured(env, "leaky", json!({"Env": ["SECRET", "PFX_*", "*", "=x", "", "GOOD=1"], "Cmd": ["env"]}));
    let args = ["run", "--rm", "--network", "none", "leaky"];
    let text = env.cmd(&args).env("SECRET", "hush").env("PFX_A", "hush").env("OTHER", "hush").run().ok();
    assert!(!text.contains("hush") && text.contains("GOOD=1"), "{text}");
}

fn the_images_environment_comes_first(env: &TestEnv) {
    load_configured(env, "envs", json!({"Env": ["A=image", "B=image", "PATH=/bin"]}));
    let output = run_image(env, &["-e", "B=user"], "envs", &["sh", "-c", "echo $A $B $PATH"]);
    output.prints("image user /bin");
}

fn w_sets_the_current_folder(env: &TestEnv) {
    env.bb(&["-w", "/home/app"], &["pwd"]).prints("/home/app");
    env.bb(&["--workdir", "/etc/../tmp"], &["pwd"]).prints("/tmp");
    env.bb(&[], &["pwd"]).prints("/");
}

fn w_that_does_not_exist_is_an_error(env: &TestEnv) {
    let output = env.bb(&["-w", "/no/such/folder"], &["pwd"]);
    assert!([125, 126, 127].contains(&output.code) && output.stderr().contains("/no/such/folder"), "{output}");
    let output = env.bb(&["-w", "/etc/passwd"], &["pwd"]);
    assert!([125, 126, 127].contains(&output.code), "{output}");
}

fn w_that_is_relative_is_an_error(env: &TestEnv) {
    let output = env.bb(&["-w", "tmp"], &["pwd"]);
    assert!(output.code == 125 || output.code == 126 || output.code == 127, "{output}");
}

/// T17.
fn w_by_way_of_a_descriptor_never_leaves_the_root(env: &TestEnv) {
    for number in 3..24 {
        for path in [format!("/proc/self/fd/{number}"), format!("/proc/self/fd/{number}/..")] {
            let output = env.bb(&["-w", &path], &["sh", "-c", "pwd -P; ls -a"]);
            let inside = output.code == 0 && output.stdout().starts_with('/') && !output.stdout().contains("unreachable");
            assert!(inside && output.stdout().contains("bin") || output.code >= 125, "{path}: {output}");
        }
    }
}

fn the_images_folder_is_made_where_it_is_missing(env: &TestEnv) {
    load_configured(env, "made", json!({"WorkingDir": "/new/folder"}));
    run_image(env, &[], "made", &["pwd"]).prints("/new/folder");
}

/// T12.
fn the_images_folder_is_not_made_outside_by_a_link(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    let image = Image::busybox_with("linked", |layer| {
        layer.symlink("out", &canary.text());
    });
    load(env, &image.configured(json!({"WorkingDir": "/out/made"})));
    let output = run_image(env, &[], "linked", &["pwd"]);
    assert!(output.code == 0 || output.code >= 125, "{output}");
    canary.assert_unchanged();
}

const IDS: [&str; 3] = ["sh", "-c", "echo $(id -u):$(id -g)"];

fn u_takes_names_and_numbers(env: &TestEnv) {
    for (user, wanted) in [
        ("app", "1000:1000"),
        ("1000", "1000:1000"),
        ("root", "0:0"),
        ("0", "0:0"),
        ("app:root", "1000:0"),
        ("app:26", "1000:26"),
        ("1000:tape", "1000:26"),
        ("4000", "4000:0"),
        ("4000:5000", "4000:5000"),
        ("daemon", "1:1"),
    ] {
        let output = env.bb(&["-u", user], &IDS);
        assert_eq!(output.ok(), wanted, "-u {user}: {output}");
    }
}

/// T19.
fn u_that_is_numeric_is_never_a_name(env: &TestEnv) {
    // The image's passwd has the name 1234 with uid 0.
    env.bb(&["-u", "1234"], &["id", "-u"]).prints("1234");
}

/// T19.
fn u_that_is_wrong_is_an_error_and_never_root(env: &TestEnv) {
    for user in [
        "nosuch",
        "app:nosuch",
        "nosuch:0",
        "wide",
        "0x1",
        "+1",
        "-1",
        "4294967295",
        "4294967296",
        "18446744073709551616",
        "2147483648",
        "1 ",
        "app:-1",
    ] {
        let output = env.bb(&[&format!("--user={user}")], &["id", "-u"]);
        assert!([125, 126, 127].contains(&output.code) && output.stdout.is_empty(), "-u {user:?}: {output}");
    }
    for user in ["1:", ":1", "01"] {
        let output = env.bb(&[&format!("--user={user}")], &IDS);
        let right = if user == ":1" { "0:1" } else { "1:" };
        assert!(output.code >= 125 || output.stdout().starts_with(right), "-u {user:?}: {output}");
    }
}

fn u_outside_of_the_mapped_ids_is_an_error(env: &TestEnv) {
    let output = env.bb(&["-u", "200000000"], &["id", "-u"]);
    assert!([125, 126].contains(&output.code) && output.stdout.is_empty(), "{output}");
}

fn u_sets_home_from_the_containers_passwd(env: &TestEnv) {
    for (user, home) in [("app", "/home/app"), ("1000", "/home/app"), ("0", "/root"), ("4000", "/")] {
        let output = env.bb(&["-u", user], &["sh", "-c", "echo $HOME"]);
        assert_eq!(output.ok(), home, "-u {user}: {output}");
    }
    env.bb(&["-u", "app", "-e", "HOME=/own"], &["sh", "-c", "echo $HOME"]).prints("/own");
}

/// The kernel's view of a process's groups, in order of number.
fn groups(env: &TestEnv, options: &[&str]) -> Vec<u32> {
    let text = env.sh(options, "grep ^Groups: /proc/self/status");
    let mut groups: Vec<u32> = text.split_whitespace().skip(1).map(|word| word.parse().unwrap()).collect();
    groups.sort_unstable();
    groups
}

fn u_takes_the_supplementary_groups_of_the_container(env: &TestEnv) {
    assert_eq!(groups(env, &["-u", "app"]), [26, 29, 1000]);
    assert_eq!(groups(env, &["-u", "daemon"]), [1, 29]);
}

/// T22.
fn the_users_primary_group_is_among_the_groups(env: &TestEnv) {
    // A file that its group may not read, but everyone else may: without the primary group in the list it would open.
    assert!(groups(env, &["-u", "1000:5000"]).contains(&5000));
    assert!(groups(env, &["-u", "4000:5000"]).contains(&5000));
}

fn the_images_user_is_taken(env: &TestEnv) {
    for (user, wanted) in [("app", "1000:1000"), ("1000:26", "1000:26"), ("", "0:0")] {
        load_configured(env, "user", json!({"User": user}));
        let output = run_image(env, &[], "user", &IDS);
        assert_eq!(output.ok(), wanted, "USER {user}: {output}");
        run_image(env, &["-u", "0"], "user", &IDS).prints("0:0");
    }
    for user in ["nosuch", "4294967296", "root\nx"] {
        load_configured(env, "user", json!({"User": user}));
        let output = run_image(env, &[], "user", &IDS);
        assert!(output.code >= 125 && output.stdout.is_empty(), "USER {user:?}: {output}");
    }
}

/// T21.
fn another_user_has_no_capabilities(env: &TestEnv) {
    let text = env.sh(&["-u", "1000"], "grep ^Cap /proc/self/status");
    for line in text.lines() {
        let (name, value) = line.split_once(':').unwrap();
        let wanted = if name == "CapBnd" { "00000000800405fb" } else { "0000000000000000" };
        assert_eq!(value.trim(), wanted, "{text}");
    }
}

/// T13.
fn passwd_that_leads_outside_is_not_read(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    std::fs::write(env.work().join("canary/passwd"), "sneaky:x:0:0::/:/bin/sh\n").unwrap();
    for (name, target) in [("abs", canary.at("passwd")), ("zero", "/dev/zero".to_owned()), ("loop", "passwd".to_owned())] {
        let image = Image::busybox_with(name, |layer| {
            layer.symlink("etc/passwd", &target);
        });
        load(env, &image);
        let output = run_image(env, &["-u", "sneaky"], name, &["id"]);
        assert!(output.code >= 125 && output.stdout.is_empty(), "{name}: {output}");
    }
    let fifo = Image::busybox_with("fifo", |layer| {
        let attributes = crate::harness::archive::Attributes { mode: 0o644, uid: 0, gid: 0 };
        layer.entry(tar::EntryType::Fifo, "etc/passwd", attributes, "", &[]);
    });
    load(env, &fifo);
    let output = run_image(env, &["-u", "app"], "fifo", &["id"]);
    assert!(output.code >= 125 && output.stdout.is_empty(), "{output}");
}

fn entrypoint_is_a_string_or_a_json_array(env: &TestEnv) {
    env.bb(&["--entrypoint", "/bin/echo"], &["a", "b"]).prints("a b");
    env.bb(&["--entrypoint", r#"["/bin/echo", "x  y"]"#], &["z"]).prints("x  y z");
    env.bb(&["--entrypoint", ""], &["echo", "plain"]).prints("plain");
    env.bb(&["--entrypoint", "echo"], &[]).prints("");
}

fn entrypoint_and_command_of_the_image_are_joined(env: &TestEnv) {
    load_configured(env, "both", json!({"Entrypoint": ["echo", "entry"], "Cmd": ["cmd"]}));
    run_image(env, &[], "both", &[]).prints("entry cmd");
    run_image(env, &[], "both", &["own"]).prints("entry own");
    load_configured(env, "command", json!({"Cmd": ["echo", "cmd"]}));
    run_image(env, &[], "command", &[]).prints("cmd");
}

fn entrypoint_of_the_user_drops_the_images_command(env: &TestEnv) {
    load_configured(env, "both", json!({"Entrypoint": ["echo", "entry"], "Cmd": ["cmd"]}));
    run_image(env, &["--entrypoint", "echo"], "both", &[]).prints("");
    run_image(env, &["--entrypoint", "echo"], "both", &["mine"]).prints("mine");
}

fn without_any_command_it_is_125(env: &TestEnv) {
    env.bb(&[], &[]).fails(125, &["command"]);
}

/// T47.
fn a_newline_in_a_name_is_refused_or_kept_out_of_files(env: &TestEnv) {
    for option in ["--hostname=a\n1.2.3.4 evil", "--hostname=a b"] {
        let output = env.bb(&[option], &["cat", "/etc/hosts"]);
        assert!(output.code == 125 || !output.stdout().lines().any(|line| line.starts_with("1.2.3.4")), "{output}");
    }
    let output = env.bb(&["-e", "HOME=/x\nroot2::0:0::/:/bin/sh"], &["cat", "/etc/passwd"]);
    assert!(!output.stdout().contains("root2"), "{output}");
}

fn the_containers_file_modes_follow_its_own_umask(env: &TestEnv) {
    let front = ["sh", "-c", "umask 077; exec \"$@\"", "sh"];
    let script = "touch /f; mkdir /d; stat -c %a /f /d /etc/hosts /etc/hostname";
    let text = env.bb_cmd(&[], &["sh", "-c", script]).behind(&front).run().ok();
    assert_eq!(text, "644\n755\n644\n644");
}
