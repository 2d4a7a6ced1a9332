//! `secret` and `--secret`.

use crate::harness::{Case, Need, TestEnv, case};
use std::os::unix::fs::PermissionsExt as _;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_secret_is_kept_listed_and_removed).gap("podman 4.3 has no secret exists"),
        case!(names_and_sizes_have_bounds),
        case!(a_secret_comes_from_a_file_a_pipe_or_a_variable),
        case!(replace_takes_the_place).gap("podman 4.3 knows no --replace"),
        case!(the_data_is_shown_only_when_asked_for).gap("podman 4.3 knows no --showsecret"),
        case!(a_container_has_it_as_a_read_only_file_in_memory).gap("podman's is on disk and may be written to"),
        case!(a_container_has_it_elsewhere_and_of_another_owner)
            .gap("podman mounts it elsewhere and in /run/secrets")
            .needs(&[Need::Subids]),
        case!(a_container_has_it_as_a_variable_and_inspect_does_not).gap("podman shows its variables"),
        case!(it_is_taken_when_the_container_is_made).gap("podman 4.3 tells no sizes"),
        case!(it_is_in_no_layer_and_goes_with_the_container).only_ours("looks at our files"),
        case!(what_is_wrong_is_125).gap("podman takes a target with .."),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

#[track_caller]
fn create(env: &TestEnv, name: &str, data: &str) -> String {
    env.cmd(&["secret", "create", name, "-"]).stdin(data).run().ok()
}

fn a_secret_is_kept_listed_and_removed(env: &TestEnv) {
    let id = create(env, "one", "data");
    assert_eq!(id.len(), 25);
    create(env, "two", "data");
    assert_eq!(env.ok(&["secret", "ls", "--format", "{{.Name}}", "--filter", "name=one"]), "one");
    assert_eq!(env.ok(&["secret", "ls", "-q"]).lines().count(), 2);
    assert!(env.ok(&["secret", "ls"]).starts_with("ID "));
    assert!(env.ok(&["secret", "ls", "--noheading"]).contains("one"));
    assert_eq!(env.ok(&["secret", "inspect", "--format", "{{.ID}} {{.Spec.Name}}", "one"]), format!("{id} one"));
    env.run(&["secret", "exists", "one"]).code(0);
    env.run(&["secret", "exists", &id]).code(0);
    env.run(&["secret", "exists", "three"]).code(1);
    assert_eq!(env.ok(&["secret", "rm", "one"]), id);
    env.run(&["secret", "rm", "one"]).fails(125, &["no such secret"]);
    env.ok(&["secret", "rm", "--all"]);
    assert_eq!(env.ok(&["secret", "ls", "-q"]), "");
}

fn names_and_sizes_have_bounds(env: &TestEnv) {
    for name in ["../x", "a b", ".x", ""] {
        let output = env.cmd(&["secret", "create", name, "-"]).stdin("x").run();
        assert!(output.code != 0, "{name:?}: {output}");
    }
    env.cmd(&["secret", "create", "none", "-"]).stdin("").run().fails(125, &["secret"]);
    env.cmd(&["secret", "create", "much", "-"]).stdin("x".repeat(512_001)).run().fails(125, &["secret"]);
    create(env, "most", &"x".repeat(511_999));
    env.cmd(&["secret", "create", "most", "-"]).stdin("x").run().fails(125, &["in use"]);
}

fn a_secret_comes_from_a_file_a_pipe_or_a_variable(env: &TestEnv) {
    let file = env.file("data", "from a file");
    env.ok(&["secret", "create", "file", &file]);
    env.cmd(&["secret", "create", "--env", "variable", "DATA"]).env("DATA", "from here").run().ok();
    create(env, "pipe", "from a pipe");
    let options = ["--secret", "file", "--secret", "variable", "--secret", "pipe"];
    assert_eq!(
        env.sh(&options, "cd /run/secrets; cat file; echo; cat variable; echo; cat pipe"),
        "from a file\nfrom here\nfrom a pipe"
    );
    env.run(&["secret", "create", "none", "/no/such/file"]).fails(125, &["/no/such/file"]);
    env.run(&["secret", "create", "--env", "none", "NO_SUCH_VARIABLE"]).fails(125, &["NO_SUCH_VARIABLE"]);
}

fn replace_takes_the_place(env: &TestEnv) {
    let old = create(env, "one", "old");
    let new = env.cmd(&["secret", "create", "--replace", "-l", "a=b", "one", "-"]).stdin("new").run().ok();
    assert_ne!(old, new);
    assert_eq!(env.sh(&["--secret", "one"], "cat /run/secrets/one"), "new");
    assert_eq!(env.ok(&["secret", "inspect", "--format", "{{.Spec.Labels.a}}", "one"]), "b");
}

fn the_data_is_shown_only_when_asked_for(env: &TestEnv) {
    create(env, "one", "hush hush");
    assert!(!env.ok(&["secret", "inspect", "one"]).contains("hush"));
    assert!(!env.ok(&["secret", "inspect", "--pretty", "one"]).contains("hush"));
    assert_eq!(env.ok(&["secret", "inspect", "--showsecret", "--format", "{{.SecretData}}", "one"]), "hush hush");
}

fn a_container_has_it_as_a_read_only_file_in_memory(env: &TestEnv) {
    create(env, "one", "hush");
    let script =
        "stat -c '%a %u %g' /run/secrets/one; cat /run/secrets/one; echo; echo x 2>/dev/null >/run/secrets/one || echo ro";
    assert_eq!(env.sh(&["--secret", "one"], script), "444 0 0\nhush\nro");
    let mount = env.sh(&["--secret", "one"], "grep ' /run/secrets ' /proc/self/mountinfo");
    assert!(mount.contains(" - tmpfs ") && mount.contains("ro,nosuid,nodev,noexec"), "{mount}");
    env.bb(&["-u", "1000", "--secret", "one"], &["cat", "/run/secrets/one"]).prints("hush");
}

fn a_container_has_it_elsewhere_and_of_another_owner(env: &TestEnv) {
    create(env, "one", "hush");
    let options = ["--secret", "one,target=/etc/deep/er,uid=5,gid=6,mode=0400", "--secret", "one,target=other"];
    let script = "stat -c '%a %u %g' /etc/deep/er; cat /etc/deep/er /run/secrets/other; echo; ls -A /run/secrets";
    assert_eq!(env.sh(&options, script), "400 5 6\nhushhush\nother");
}

fn a_container_has_it_as_a_variable_and_inspect_does_not(env: &TestEnv) {
    create(env, "one", "hush hush");
    let id = env.start(&["--secret", "one,type=env,target=WORD", "--secret", "one,type=env"]);
    assert_eq!(
        env.ok(&["exec", &id, "sh", "-c", "echo $WORD, $one; tr '\\0' '\\n' </proc/1/environ | grep -c hush"]),
        "hush hush, hush hush\n2"
    );
    let shown = env.ok(&["inspect", &id]);
    assert!(!shown.contains("hush"), "{shown}");
    env.remove(&[&id]);
}

fn it_is_taken_when_the_container_is_made(env: &TestEnv) {
    create(env, "one", "old");
    let id = env.start(&["--secret", "one"]);
    env.ok(&["secret", "rm", "one"]);
    create(env, "one", "new");
    env.ok(&["stop", "-t", "0", &id]);
    env.ok(&["start", &id]);
    assert_eq!(env.ok(&["exec", &id, "cat", "/run/secrets/one"]), "old");
    assert_eq!(env.field(&id, "{{range .Config.Secrets}}{{.Name}} {{.Size}}{{end}}"), "one 3");
    env.remove(&[&id]);
}

fn it_is_in_no_layer_and_goes_with_the_container(env: &TestEnv) {
    create(env, "one", "hush");
    let id = env.start(&["--secret", "one", "--secret", "one,target=/etc/x"]);
    let folder = env.data().join("containers").join(&id);
    let found = env.host("grep", &["-rl", "hush", &folder.join("upper").to_string_lossy()]).run();
    assert_eq!(found.stdout(), "", "{found}");
    let kept = folder.join("secret.0");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    env.remove(&[&id]);
    assert!(!folder.exists());
    let row = env.host("grep", &["-c", "hush", &env.data().join("state.db").to_string_lossy()]).run();
    assert_eq!(row.stdout(), "0", "{row}");
}

fn what_is_wrong_is_125(env: &TestEnv) {
    create(env, "one", "x");
    for text in ["none", "one,type=sideways", "one,mode=9", "one,uid=x", "one,type=env,uid=5", "one,target=../x"] {
        let output = env.bb(&["--secret", text], &["true"]);
        assert_eq!(output.code, 125, "{text}: {output}");
    }
    assert_eq!(env.ok(&["ps", "-aq"]), "");
}
