//! `coracle oci` on bundles: the sentences of the runtime specification, each looked at from inside the container or by its state.
//!
//! `CORACLE_OCI_RUNTIME` names another runtime (`crun`) for the same cases.

mod agents;
mod external;
mod hooks;
mod lifecycle;
mod mounts;
mod podman;
mod process;
mod sentences;

use crate::harness::{Case, Cmd, Need, Output, TestEnv, archive, host};
use serde_json::{Value, json};
use std::path::PathBuf;

pub fn cases() -> Vec<Case> {
    let all = [
        lifecycle::cases(),
        process::cases(),
        mounts::cases(),
        hooks::cases(),
        podman::cases(),
        external::cases(),
        agents::cases(),
        sentences::cases(),
    ];
    let ready = |case: Case| case.needs(&[Need::Userns]).only_ours("podman is no OCI runtime");
    all.into_iter().flatten().map(ready).collect()
}

/// A bundle and the id of its container.
struct Bundle<'a> {
    env: &'a TestEnv,
    id: String,
    config: Value,
}

impl<'a> Bundle<'a> {
    /// A bundle whose container runs a program of busybox.
    fn new(env: &'a TestEnv, args: &[&str]) -> Self {
        Self::named(env, "c1", args)
    }

    fn named(env: &'a TestEnv, id: &str, args: &[&str]) -> Self {
        let root = env.folder(&format!("{id}/rootfs"));
        let archive = archive::busybox_root().to_string_lossy().into_owned();
        env.host("tar", &["-xf", &archive, "-C", &root]).run().ok();
        let kinds = ["mount", "pid", "ipc", "uts", "network", "cgroup"];
        let config = json!({
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": 0, "gid": 0}, "cwd": "/", "args": args,
                "env": ["PATH=/bin:/usr/bin:/sbin"], "capabilities": {},
            },
            "root": {"path": "rootfs"},
            "hostname": "bundle",
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
                {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]},
                {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]},
            ],
            "linux": {"namespaces": kinds.map(|kind| json!({"type": kind}))},
        });
        Self { env, id: id.to_owned(), config }
    }

    /// One that runs a script.
    fn script(env: &'a TestEnv, script: &str) -> Self {
        Self::new(env, &["sh", "-c", script])
    }

    fn folder(&self) -> PathBuf {
        self.env.work().join(&self.id)
    }

    /// Puts a value at a JSON pointer whose parent is there.
    fn set(mut self, pointer: &str, value: Value) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        self.config.pointer_mut(parent).expect(pointer)[name] = value;
        self
    }

    /// Puts a value behind those of a list.
    fn add(mut self, pointer: &str, value: Value) -> Self {
        self.config.pointer_mut(pointer).and_then(Value::as_array_mut).expect(pointer).push(value);
        self
    }

    fn write(&self) {
        std::fs::write(self.folder().join("config.json"), self.config.to_string()).expect("write config.json");
    }

    /// A command of the runtime.
    fn cmd(&self, args: &[&str]) -> Cmd {
        cmd(self.env, args)
    }

    /// An operation on this container, with more arguments before and behind its id.
    fn on(&self, before: &[&str], behind: &[&str]) -> Output {
        self.cmd(&[before, &[self.id.as_str()], behind].concat()).run()
    }

    /// `run`: what its program printed and how it ended.
    fn run(&self) -> Output {
        self.write();
        let folder = self.folder().to_string_lossy().into_owned();
        self.on(&["run", "--bundle", &folder], &[])
    }

    fn create(&self) -> Output {
        self.write();
        let folder = self.folder().to_string_lossy().into_owned();
        // Its program's streams are the caller's: pipes would not end before the program.
        let null = format!("exec \"$0\" \"$@\" </dev/null >{folder}/out 2>{folder}/err");
        let (program, mut args) = runtime(self.env);
        args.extend(["create", "--bundle", &folder, &self.id].map(str::to_owned));
        let words: Vec<&str> = ["-c", &null, &program].into_iter().chain(args.iter().map(String::as_str)).collect();
        let mut output = self.env.host("sh", &words).run();
        output.stderr.extend(std::fs::read(self.folder().join("err")).unwrap_or_default());
        output
    }

    fn start(&self) -> Output {
        self.on(&["start"], &[])
    }

    /// Created and started.
    fn up(&self) {
        self.create().ok();
        self.start().ok();
    }

    fn exec(&self, args: &[&str]) -> Output {
        self.on(&["exec"], args)
    }

    /// What the program has printed so far.
    fn out(&self) -> String {
        std::fs::read_to_string(self.folder().join("out")).unwrap_or_default()
    }

    fn state(&self) -> Value {
        serde_json::from_str(&self.on(&["state"], &[]).ok()).expect("JSON")
    }

    fn status(&self) -> String {
        self.state()["status"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits for the end of its program.
    fn wait_stopped(&self) {
        let pid = self.state()["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).unwrap_or(0);
        if pid != 0 {
            crate::harness::wait_gone(pid);
        }
    }

    fn delete(&self) {
        self.on(&["delete", "--force"], &[]).ok();
    }
}

/// The runtime's program and what comes before its verbs.
fn runtime(env: &TestEnv) -> (String, Vec<String>) {
    let root = env.runtime().join("oci").to_string_lossy().into_owned();
    match host::var("CORACLE_OCI_RUNTIME") {
        Some(other) => (other, vec!["--root".to_owned(), root]),
        None => (env.tool().to_string_lossy().into_owned(), vec!["oci".to_owned(), "--root".to_owned(), root]),
    }
}

fn cmd(env: &TestEnv, args: &[&str]) -> Cmd {
    let (program, before) = runtime(env);
    let words: Vec<&str> = before.iter().map(String::as_str).chain(args.iter().copied()).collect();
    env.host(&program, &words)
}
