//! Sentences of the runtime specification that belong to no other subject.

use super::Bundle;
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    vec![
        case!(what_is_not_known_is_no_error),
        case!(a_container_without_a_process_can_be_created_and_not_started),
        case!(a_relative_destination_is_one_below_the_root),
        case!(a_filter_that_says_what_cannot_be_is_refused),
        case!(owners_are_shown_by_the_map_of_a_mount).needs(&[Need::Subids]),
    ]
}

/// config.md "Annotations": "Implementations that are reading/processing this configuration file MUST NOT generate an error if they
/// encounter an unknown annotation key"; "Extensibility": the same of an unknown property.
fn what_is_not_known_is_no_error(env: &TestEnv) {
    let bundle = Bundle::new(env, &["true"])
        .set("/annotations", json!({"org.example.odd": "x", "": ""}))
        .set("/odd", json!({"a": 1}))
        .set("/process/odd", json!([1]))
        .set("/linux/odd", json!("x"));
    bundle.run().ok();
}

/// runtime.md "Start": "If `process` was not set, this operation MUST generate an error."
fn a_container_without_a_process_can_be_created_and_not_started(env: &TestEnv) {
    let mut bundle = Bundle::new(env, &["true"]);
    bundle.config.as_object_mut().expect("an object").remove("process");
    bundle.create().ok();
    assert_eq!(bundle.status(), "created");
    bundle.start().fails(1, &["process"]);
    bundle.delete();
}

/// config.md "Mounts": a destination that is not absolute is taken from the root.
fn a_relative_destination_is_one_below_the_root(env: &TestEnv) {
    let mount = json!({"destination": "a/b", "type": "tmpfs", "source": "here"});
    Bundle::new(env, &["sh", "-c", "cd /tmp; grep -c '^here /a/b ' /proc/mounts"]).add("/mounts", mount).run().prints("1");
}

/// config-linux.md "Seccomp".
fn a_filter_that_says_what_cannot_be_is_refused(env: &TestEnv) {
    for (more, word) in [
        (json!({"listenerMetadata": "x"}), "listenerMetadata"),
        (json!({"syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]}), "names"),
        (json!({"syscalls": [{"names": ["chmod"], "action": "SCMP_ACT_KILL", "errnoRet": 1}]}), "errnoRet"),
        (json!({"syscalls": [{"names": ["chmod"], "action": "SCMP_ACT_NOTIFY"}]}), "NOTIFY"),
    ] {
        let mut filter = json!({"defaultAction": "SCMP_ACT_ALLOW"});
        filter.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        Bundle::new(env, &["true"]).set("/linux/seccomp", filter).create().fails(1, &[word]);
    }
}

/// config.md "uidMappings" of mounts: a file system's own ids on the left, those that are seen on the right.
fn owners_are_shown_by_the_map_of_a_mount(env: &TestEnv) {
    let map = |to: u32| json!([{"containerID": 0, "hostID": to, "size": 1}]);
    let mount = json!({
        "destination": "/im", "type": "tmpfs", "source": "tmpfs", "options": ["mode=777"],
        "uidMappings": map(1000), "gidMappings": map(50),
    });
    let output = Bundle::new(env, &["stat", "-c", "%u %g", "/im"]).add("/mounts", mount).run();
    // Linux before 6.3 has no such mounts of tmpfs.
    if output.code == 0 {
        output.prints("1000 50");
    } else {
        output.fails(1, &["/im"]);
    }
}
