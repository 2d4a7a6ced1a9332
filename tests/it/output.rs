//! What a script meets: closed pipes, closed descriptors, bad templates. No container is needed for any of it.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A store of its own for one test.
struct Store(TempDir);

impl Store {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn coracle(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coracle"));
        command.args(args).env_clear().stdin(Stdio::null());
        command.env("HOME", self.0.path()).env("XDG_DATA_HOME", self.0.path()).env("XDG_RUNTIME_DIR", self.0.path());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.coracle(args).output().expect("coracle starts")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_empty_store_lists_nothing_but_headers() {
    let store = Store::new();
    let done = store.run(&["ps"]);
    assert_eq!(
        text(&done.stdout),
        "CONTAINER ID  IMAGE       COMMAND     CREATED     STATUS      PORTS       NAMES\n",
        "{done:?}"
    );
    assert_eq!(text(&store.run(&["ps", "--noheading"]).stdout), "");
    assert_eq!(text(&store.run(&["ps", "-aq"]).stdout), "");
    assert_eq!(text(&store.run(&["ps", "--format", "json"]).stdout), "[]\n");
    assert_eq!(text(&store.run(&["ps", "--format", "table {{.ID}}\\t{{.ImageID}}"]).stdout), "CONTAINER ID  IMAGE ID\n");
}

#[test]
fn options_before_the_command_are_honoured_or_refused() {
    let store = Store::new();
    let file = store.0.path().join("out");
    let name = file.to_str().expect("a name");
    assert_eq!(text(&store.run(&["--out", name, "ps", "-a", "--format", "json"]).stdout), "");
    assert_eq!(std::fs::read_to_string(&file).expect("the output"), "[]\n");
    assert_eq!(text(&store.run(&["--noout", "ps"]).stdout), "");
    assert_eq!(
        text(&store.run(&["--log-level", "debug", "--cgroup-manager=cgroupfs", "--events-backend", "file", "ps", "-q"]).stdout),
        ""
    );
    for (args, word) in [
        (&["--log-level", "loud", "ps"][..], "loud"),
        (&["--remote", "ps"], "ssh"),
        (&["--module", "x.conf", "create", "x"], "no such module"),
        (&["--out", "/no/such/file", "ps"], "/no/such/file"),
    ] {
        let done = store.run(args);
        assert_eq!(done.status.code(), Some(125), "{done:?}");
        assert!(text(&done.stderr).contains(word), "{done:?}");
    }
}

#[test]
fn a_reader_that_left_ends_the_command_without_a_word() {
    let store = Store::new();
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let done = store.coracle(&["ps"]).stdout(writer).stderr(Stdio::piped()).output().expect("coracle starts");
    assert_eq!(done.status.code(), Some(141), "{done:?}");
    assert_eq!(text(&done.stderr), "");
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let store = Store::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let done = store.coracle(&["ps"]).stdout(full).stderr(Stdio::piped()).output().expect("coracle starts");
    assert_eq!(done.status.code(), Some(125));
    assert!(text(&done.stderr).starts_with("Error: write to standard output: "), "{done:?}");
}

#[test]
fn closed_descriptors_never_become_files_of_the_store() {
    for closed in [&[0][..], &[1], &[2], &[0, 1, 2]] {
        let store = Store::new();
        let mut command = store.coracle(&["ps"]);
        let list = closed.iter().map(|fd| format!("{fd}>&-")).collect::<Vec<_>>().join(" ");
        // The shell closes them, for that is how users do it.
        let program = command.get_program().to_owned();
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", &format!("exec \"$0\" ps {list}")])
            .arg(program)
            .env_clear()
            .envs(command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))));
        let done = shell.output().expect("sh starts");
        assert_eq!(done.status.code(), Some(0), "{closed:?}: {done:?}");
        // Had a file of the store been descriptor 1, the table would be in it.
        let good = store.run(&["ps", "--format", "json"]);
        assert_eq!(text(&good.stdout), "[]\n", "{closed:?}: {good:?}");
        command.arg0("coracle");
    }
}

#[test]
fn wrong_words_are_125_and_say_what_would_be_right() {
    let store = Store::new();
    for (args, said) in [
        (&["ps", "--format", "{{.ID"][..], "--format"),
        (&["ps", "--filter", "foo=bar"], "the keys are id, name"),
        (&["ps", "--filter", "status=foo"], "the states are created"),
        (&["ps", "--sort", "foo"], "runningfor"),
        (&["inspect", "nope"], "Error: no such object: \"nope\""),
        (&["inspect", "--type", "container", "nope"], "no such container"),
        (&["inspect", "--format", "{{end}}", "nope"], "--format"),
        (&["inspect"], "required"),
    ] {
        let done = store.run(args);
        assert_eq!(done.status.code(), Some(125), "{args:?}: {done:?}");
        assert!(text(&done.stderr).contains(said), "{args:?}: {done:?}");
    }
    let done = store.run(&["inspect", "one", "two"]);
    assert_eq!(text(&done.stdout), "[]\n", "an array, also where nothing is found");
    assert_eq!(text(&done.stderr).lines().count(), 2, "{done:?}");
}

#[test]
fn version_and_help_open_no_file_of_the_store() {
    let store = Store::new();
    for args in [&["--version"][..], &["--help"], &["run", "--help"]] {
        let done = store.run(args);
        assert!(done.status.success() && !done.stdout.is_empty(), "{args:?}: {done:?}");
    }
    assert_eq!(std::fs::read_dir(store.0.path()).expect("the folder").count(), 0);
}
