//! `mount` and `unmount` in an `unshare` session.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_mount_shows_the_files_of_a_container_for_one_session).gap("podman shares its mount with the running container"),
        case!(without_a_session_it_says_what_to_do),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn a_mount_shows_the_files_of_a_container_for_one_session(env: &TestEnv) {
    env.busybox();
    let folder = env.folder("share");
    env.file("share/hidden", "x");
    let volume = format!("{folder}:/mnt/share");
    let running = env.start_script(&["-v", &volume], "echo written >/f; chown 33:44 /f; echo ready; exec sleep 1000");
    let stopped = env.ok(&["create", "--network", "none", "-v", &volume, "bb", "sleep", "1000"]);
    env.file("f", "copied\n");
    env.ok(&["cp", "f", &format!("{stopped}:/f")]);
    let tool = env.tool().to_string_lossy().into_owned();
    for (id, content) in [(&running, "written"), (&stopped, "copied")] {
        let script = format!(
            "at=$({tool} mount {id}) && cat $at/f && ls $at/mnt/share && echo more >$at/more && {tool} mount | grep -c ^{short} && \
             {tool} unmount {id} && ls -d $at 2>/dev/null; {tool} mount",
            short = &id[..12]
        );
        let shown = env.ok(&["unshare", "sh", "-c", &script]);
        assert_eq!(shown.lines().collect::<Vec<_>>(), [content, "1", id.as_str()], "{shown}");
    }
    // What was written there is the container's.
    env.run(&["exec", &running, "cat", "/more"]).prints("more");
    env.ok(&["cp", &format!("{stopped}:/more"), "more"]);
    // Two mounts of one upper folder would spoil it.
    let script =
        format!("{tool} mount {stopped} >&2; {tool} start {stopped}; {tool} export {stopped}; {tool} unmount {stopped} >&2");
    let output = env.run(&["unshare", "sh", "-c", &script]);
    assert_eq!(output.stderr().matches("has mounted them").count(), 2, "{output}");
    // A session that ends without unmounting leaves nothing behind.
    env.ok(&["unshare", "sh", "-c", &format!("{tool} mount {stopped}")]);
    assert!(!std::fs::read_to_string("/proc/self/mountinfo").unwrap().contains(&stopped));
    let newest = env.ok(&["ps", "-l", "-q", "--no-trunc"]);
    let script = format!("at=$({tool} mount --latest) && ls -d $at/bin && {tool} unmount -l; {tool} unmount --latest {newest}");
    let output = env.run(&["unshare", "sh", "-c", &script]);
    assert!(output.stdout().ends_with(&newest) && output.stdout().contains("/bin"), "{output}");
    assert_eq!(env.ok(&["diff", "--latest"]), env.ok(&["diff", &newest]));
    env.ok(&["start", &stopped]);
    env.remove(&[&running, &stopped]);
}

fn without_a_session_it_says_what_to_do(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--network", "none", "bb", "true"]);
    env.run(&["mount", &id]).fails(125, &["unshare"]);
    env.remove(&[&id]);
}
