//! The user namespace: maps, the session S, hosts without subordinate ids, odd surroundings.

use crate::harness::archive::busybox_root;
use crate::harness::command::Cmd;
use crate::harness::environment::root_folder;
use crate::harness::{Case, Need, TestEnv, case, host, program, root};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

pub fn cases() -> Vec<Case> {
    let podman_needs_ids = "podman refuses to unpack or run without subordinate ids";
    let all = [
        case!(the_caller_is_root_inside_and_subordinate_ids_follow).needs(&[Need::Subids]),
        case!(twenty_commands_that_start_at_once_share_one_user_namespace).needs(&[Need::Subids]),
        case!(a_later_container_joins_the_user_namespace_of_a_living_one).needs(&[Need::Subids]),
        case!(a_new_session_is_made_after_the_last_container_ended).needs(&[Need::Subids]),
        case!(unshare_runs_a_command_as_root_of_the_session).needs(&[Need::Subids]),
        case!(unshare_joins_the_user_namespace_of_a_container).needs(&[Need::Subids]),
        case!(commands_work_within_unshare).needs(&[Need::Subids]),
        case!(unshare_passes_the_exit_code_on).needs(&[Need::Subids]),
        case!(without_subordinate_ids_one_id_is_mapped_and_the_mend_is_said).needs(&[Need::Stranger]).gap(podman_needs_ids),
        case!(without_the_helpers_one_id_is_mapped_and_the_mend_is_said).gap(podman_needs_ids),
        case!(with_a_helper_that_is_not_setuid_one_id_is_mapped_and_the_mend_is_said).gap(podman_needs_ids),
        case!(in_single_id_mode_a_user_of_the_image_cannot_be_taken).gap(podman_needs_ids),
        case!(in_single_id_mode_the_network_needs_its_helper).gap(podman_needs_ids),
        case!(a_limit_of_user_namespaces_is_named).gap("podman's message names another file"),
        case!(without_a_runtime_folder_it_runs_without_a_warning),
        case!(with_a_foreign_runtime_folder_it_runs_without_a_warning).gap("podman fails to make its folder there"),
        case!(with_a_missing_runtime_folder_it_runs_without_a_warning).gap("podman warns or fails"),
        case!(a_long_runtime_folder_is_no_problem),
        case!(without_home_it_runs),
        case!(from_a_deleted_folder_it_runs).gap("podman cannot find its current folder"),
        case!(from_an_unreadable_folder_it_runs),
        case!(the_store_is_closed_to_others_whatever_the_umask),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// H23.
fn the_caller_is_root_inside_and_subordinate_ids_follow(env: &TestEnv) {
    let uid = rustix::process::getuid().as_raw();
    let gid = rustix::process::getgid().as_raw();
    for (map, own, file) in [("uid_map", uid, "/etc/subuid"), ("gid_map", gid, "/etc/subgid")] {
        let text = env.sh(&[], &format!("cat /proc/self/{map}"));
        let rows: Vec<Vec<String>> = text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        assert_eq!(rows[0], ["0".to_owned(), own.to_string(), "1".to_owned()], "{text}");
        let name = program::user_name(uid).unwrap_or_default();
        let wanted = [format!("{name}:{}:{}", rows[1][1], rows[1][2]), format!("{uid}:{}:{}", rows[1][1], rows[1][2])];
        let given = std::fs::read_to_string(file).unwrap();
        assert!(rows[1][0] == "1" && given.lines().any(|line| wanted.iter().any(|row| row == line)), "{text} of {given}");
    }
    assert_eq!(env.sh(&[], "id -u; id -g"), "0\n0");
}

fn user_namespace(pid: i32) -> String {
    std::fs::read_link(format!("/proc/{pid}/ns/user")).expect("a living process").to_string_lossy().into_owned()
}

fn twenty_commands_that_start_at_once_share_one_user_namespace(env: &TestEnv) {
    env.busybox();
    let args = ["run", "-d", "--network", "none", "bb", "sleep", "1000"];
    let running: Vec<_> = (0..20).map(|_| env.cmd(&args).spawn()).collect();
    let ids: Vec<String> = running.into_iter().map(|running| running.wait().ok()).collect();
    let namespaces: BTreeSet<String> = ids.iter().map(|id| user_namespace(env.init_pid(id))).collect();
    assert_eq!(namespaces.len(), 1, "{namespaces:?}");
    assert_ne!(namespaces.into_iter().next().unwrap(), user_namespace(std::process::id().cast_signed()));
    env.remove(&ids.iter().map(String::as_str).collect::<Vec<_>>());
}

fn a_later_container_joins_the_user_namespace_of_a_living_one(env: &TestEnv) {
    let first = env.start(&[]);
    let inside = env.sh(&[], "readlink /proc/self/ns/user");
    assert_eq!(inside, user_namespace(env.init_pid(&first)));
    env.remove(&[&first]);
}

fn a_new_session_is_made_after_the_last_container_ended(env: &TestEnv) {
    for _ in 0..3 {
        assert_eq!(env.sh(&[], "id -u"), "0");
    }
}

fn unshare_runs_a_command_as_root_of_the_session(env: &TestEnv) {
    let map = env.ok(&["unshare", "cat", "/proc/self/uid_map"]);
    assert_eq!(map.lines().count(), 2, "{map}");
    assert_eq!(env.ok(&["unshare", "id", "-u"]), "0");
    // A file of a subordinate id, made, changed and removed.
    let path = env.work().join("owned").to_string_lossy().into_owned();
    env.ok(&["unshare", "sh", "-c", "touch \"$0\" && chown 1:1 \"$0\"", &path]);
    assert!(std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&path).unwrap()) >= 1000);
    env.ok(&["unshare", "rm", &path]);
}

fn unshare_joins_the_user_namespace_of_a_container(env: &TestEnv) {
    let id = env.start(&[]);
    assert_eq!(env.ok(&["unshare", "readlink", "/proc/self/ns/user"]), user_namespace(env.init_pid(&id)));
    env.remove(&[&id]);
}

fn commands_work_within_unshare(env: &TestEnv) {
    let outside = env.start(&["--name", "outside"]);
    let tool = env.tool().to_string_lossy().into_owned();
    let inside = |args: &[&str]| env.run(&[&["unshare", &tool], args].concat());
    inside(&["ps", "--format", "{{.Names}}"]).prints("outside");
    let run = ["run", "--rm", "--network", "none", "bb"];
    let map = env.ok(&["unshare", "cat", "/proc/self/uid_map"]);
    assert_eq!(inside(&[&run[..], &["readlink", "/proc/self/ns/user"]].concat()).ok(), user_namespace(env.init_pid(&outside)));
    inside(&[&run[..], &["sh", "-c", "chown 5:6 /etc/passwd && stat -c %u:%g /etc/passwd"]].concat()).prints("5:6");
    inside(&["exec", "outside", "touch", "/made"]).ok();
    inside(&["cp", "outside:/made", "made"]).ok();
    inside(&["run", "-d", "--network", "none", "--name", "inside", "bb", "sleep", "1000"]).ok();
    assert_eq!(user_namespace(env.init_pid("inside")), user_namespace(env.init_pid(&outside)));
    env.ok(&["exec", "inside", "true"]);
    inside(&["commit", "-q", "outside", "copy"]).ok();
    inside(&["run", "--rm", "--network", "none", "copy", "test", "-e", "/made"]).ok();
    inside(&["rmi", "copy"]).ok();
    inside(&["rm", "-f", "-t", "0", "outside"]).ok();
    inside(&[&["run", "--userns=keep-id"], &run[1..], &["true"]].concat()).fails(125, &["unshare"]);
    assert_eq!(env.ok(&["unshare", "cat", "/proc/self/uid_map"]), map);
    env.ok(&["rm", "-f", "-t", "0", "inside"]);
}

fn unshare_passes_the_exit_code_on(env: &TestEnv) {
    env.run(&["unshare", "sh", "-c", "exit 7"]).code(7);
    env.run(&["unshare", "/no/such/program"]).fails(127, &["/no/such/program"]);
}

/// Runs a command as our own uid in a user namespace where no other id exists, so that no setuid helper can work, after
/// a line of shell as its root.
fn where_helpers_fail(cmd: Cmd, prepare: &str) -> Cmd {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let script = format!("{prepare}\nexec unshare --user --map-user={uid} --map-group={gid} \"$@\"");
    cmd.behind(&["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"])
}

fn assert_single(output: &crate::harness::command::Output, words: &[&str]) {
    assert_eq!(output.ok().split_whitespace().collect::<Vec<_>>()[..3], ["0", "0", "0"], "{output}");
    let lines: Vec<String> = output.stderr().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 1, "one line says what is wrong: {output}");
    for word in words {
        assert!(lines[0].contains(word), "the note lacks {word:?}: {output}");
    }
}

const IDS: [&str; 3] = ["sh", "-c", "id -u; id -g; cat /proc/self/uid_map"];

/// Runs a command as a user whom `/etc/subuid` and `/etc/passwd` do not know.
pub fn as_stranger(env: &TestEnv, cmd: Cmd) -> Cmd {
    let number = env.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = root::strangers_folder(root_folder()).join(number).to_string_lossy().into_owned();
    let script = "umask 077; mkdir -p \"$0/d\" \"$0/r\" && cd \"$0\" && export HOME=$0 XDG_DATA_HOME=$0/d XDG_RUNTIME_DIR=$0/r && exec \"$@\"";
    let become_stranger = root::stranger_program(root_folder()).to_string_lossy().into_owned();
    let id = root::STRANGER.to_string();
    cmd.behind(&[&become_stranger, "--reuid", &id, "--regid", &id, "--keep-groups", "sh", "-c", script, &folder])
}

fn import(env: &TestEnv) -> Cmd {
    env.cmd(&["import", &busybox_root().to_string_lossy(), "bb"])
}

/// T78.
fn without_subordinate_ids_one_id_is_mapped_and_the_mend_is_said(env: &TestEnv) {
    as_stranger(env, import(env)).run().ok();
    let args = [&["run", "--rm", "--network", "none", "bb"][..], &IDS].concat();
    let output = as_stranger(env, env.cmd(&args)).run();
    assert_single(&output, &["/etc/subuid", &format!("{}:", root::STRANGER)]);
}

/// Hides programs of the host behind empty files.
fn hide(env: &TestEnv, programs: &[&str]) -> String {
    let empty = env.file("empty", "");
    let paths = programs.iter().filter_map(|name| host::find_program(name));
    paths.map(|path| format!("mount --bind '{empty}' '{}' || exit 99\n", path.display())).collect()
}

fn without_the_helpers_one_id_is_mapped_and_the_mend_is_said(env: &TestEnv) {
    let prepare = hide(env, &["newuidmap", "newgidmap"]);
    where_helpers_fail(import(env), &prepare).run().ok();
    let args = [&["run", "--rm", "--network", "none", "bb"][..], &IDS].concat();
    let output = where_helpers_fail(env.cmd(&args), &prepare).run();
    assert_single(&output, &["newuidmap"]);
}

fn with_a_helper_that_is_not_setuid_one_id_is_mapped_and_the_mend_is_said(env: &TestEnv) {
    where_helpers_fail(import(env), "").run().ok();
    let args = [&["run", "--rm", "--network", "none", "bb"][..], &IDS].concat();
    let output = where_helpers_fail(env.cmd(&args), "").run();
    assert_single(&output, &["newuidmap"]);
}

fn in_single_id_mode_a_user_of_the_image_cannot_be_taken(env: &TestEnv) {
    where_helpers_fail(import(env), "").run().ok();
    let output = where_helpers_fail(env.cmd(&["run", "--rm", "--network", "none", "-u", "app", "bb", "id"]), "").run();
    output.fails(125, &["1000"]);
}

fn in_single_id_mode_the_network_needs_its_helper(env: &TestEnv) {
    let prepare = hide(env, &["pasta", "slirp4netns"]);
    where_helpers_fail(import(env), "").run().ok();
    let output = where_helpers_fail(env.cmd(&["run", "--rm", "--network", "private", "bb", "true"]), &prepare).run();
    output.fails(125, &["passt"]);
}

/// R36.
fn a_limit_of_user_namespaces_is_named(env: &TestEnv) {
    env.busybox();
    // The namespace in between counts as one; the tool's own would be the second.
    let prepare = "echo 1 >/proc/sys/user/max_user_namespaces || exit 99";
    let output = where_helpers_fail(env.cmd(&["run", "--rm", "--network", "none", "bb", "true"]), prepare).run();
    output.fails(125, &["max_user_namespaces"]);
}

/// R36.
fn without_a_runtime_folder_it_runs_without_a_warning(env: &TestEnv) {
    let output = env.bb_cmd(&[], &["echo", "fine"]).env_remove("XDG_RUNTIME_DIR").run();
    assert_eq!((output.ok().as_str(), output.stderr().as_str()), ("fine", ""));
}

fn with_a_foreign_runtime_folder_it_runs_without_a_warning(env: &TestEnv) {
    let output = env.bb_cmd(&[], &["echo", "fine"]).env("XDG_RUNTIME_DIR", "/usr").run();
    assert_eq!((output.ok().as_str(), output.stderr().as_str()), ("fine", ""));
}

/// R36.
fn with_a_missing_runtime_folder_it_runs_without_a_warning(env: &TestEnv) {
    let output = env.bb_cmd(&[], &["echo", "fine"]).env("XDG_RUNTIME_DIR", "/run/user/4294967294").run();
    assert_eq!((output.ok().as_str(), output.stderr().as_str()), ("fine", ""));
}

fn a_long_runtime_folder_is_no_problem(env: &TestEnv) {
    // A socket's name has 108 bytes at most.
    let folder = env.folder(&"long".repeat(40));
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    env.bb_cmd(&["-i"], &["cat"]).env("XDG_RUNTIME_DIR", &folder).stdin("fine").run().prints("fine");
}

/// R36.
fn without_home_it_runs(env: &TestEnv) {
    env.bb_cmd(&[], &["echo", "fine"]).env_remove("HOME").run().prints("fine");
}

/// R37.
fn from_a_deleted_folder_it_runs(env: &TestEnv) {
    let folder = env.folder("deleted");
    let front = ["sh", "-c", "cd \"$0\" && rmdir \"$0\" && exec \"$@\"", &folder];
    env.bb_cmd(&[], &["pwd"]).behind(&front).run().prints("/");
}

/// R37.
fn from_an_unreadable_folder_it_runs(env: &TestEnv) {
    let folder = env.folder("closed");
    let front = ["sh", "-c", "cd \"$0\" && chmod 0 \"$0\" && exec \"$@\"", &folder];
    env.bb_cmd(&[], &["pwd"]).behind(&front).run().prints("/");
}

/// T34, R37.
fn the_store_is_closed_to_others_whatever_the_umask(env: &TestEnv) {
    let front = ["sh", "-c", "umask 000; exec \"$@\"", "sh"];
    import(env).behind(&front).run().ok();
    env.cmd(&["create", "--name", "kept", "bb", "true"]).behind(&front).run().ok();
    // Nobody else gets past the first folder of the store, nor of the runtime files.
    for folder in ["d", "r"] {
        for entry in std::fs::read_dir(env.path().join(folder)).unwrap().flatten() {
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", entry.path().display());
        }
    }
    env.ok(&["rm", "kept"]);
    assert_eq!(env.bb_cmd(&[], &["sh", "-c", "umask"]).behind(&front).run().ok(), "0022");
    let strict = ["sh", "-c", "umask 777; exec \"$@\"", "sh"];
    assert_eq!(env.bb_cmd(&[], &["sh", "-c", "umask"]).behind(&strict).run().ok(), "0022");
}
