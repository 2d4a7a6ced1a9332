//! `--device`, CDI and GPUs.

use crate::harness::{Case, Need, TestEnv, case};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_device_is_the_hosts_own_under_any_name),
        case!(a_folder_of_devices_brings_all_that_the_user_may_open),
        case!(a_device_that_cannot_be_opened_is_125_and_names_the_mend).gap("podman starts and the device is of no use"),
        case!(what_is_no_device_is_125),
        case!(less_than_the_user_may_cannot_be_promised).gap("podman ignores the access"),
        case!(rules_for_cgroups_are_refused).gap("podman says so in other words"),
        case!(a_cdi_spec_brings_nodes_mounts_and_variables).gap("podman 4.3 knows no --cdi-spec-dir"),
        case!(an_unknown_cdi_device_is_an_error),
        case!(a_gpu_without_a_spec_is_125).only_ours("the words are ours"),
        case!(inspect_lists_devices).gap("podman lists none for a rootless user"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// A device that everybody may open on every host, beside those that a container has anyway.
const NODE: &str = "/dev/null";

fn a_device_is_the_hosts_own_under_any_name(env: &TestEnv) {
    let shown =
        env.sh(&["--device", &format!("{NODE}:/dev/some/thing")], "stat -c '%F %t:%T' /dev/some/thing; echo x >/dev/some/thing");
    assert_eq!(shown, "character special file 1:3");
    let shown = env.sh(
        &["--device", &format!("{NODE}:/dev/a:rw"), "--device", "/dev/zero:/dev/b:rwm"],
        "head -c 3 /dev/b | wc -c; ls /dev/a",
    );
    assert_eq!(shown, "3\n/dev/a");
}

fn a_folder_of_devices_brings_all_that_the_user_may_open(env: &TestEnv) {
    let host = std::fs::read_dir("/dev/net")
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_type().is_ok_and(|kind| kind.is_char_device())));
    if host {
        assert_eq!(env.sh(&["--device", "/dev/net:/dev/mynet"], "ls /dev/mynet"), "tun");
    }
    let folder = env.folder("none");
    env.bb(&["--device", &folder], &["true"]).fails(125, &["no devices"]);
}

fn a_device_that_cannot_be_opened_is_125_and_names_the_mend(env: &TestEnv) {
    let closed = ["/dev/kvm", "/dev/loop-control", "/dev/mem", "/dev/tty0", "/dev/hwrng"].into_iter().find(|path| {
        Path::new(path).exists() && rustix::fs::access(*path, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK).is_err()
    });
    let path = closed.expect("every host has a device that is root's");
    env.bb(&["--device", path], &["true"]).fails(125, &[path, "group", "mode"]);
    assert_eq!(env.ok(&["ps", "-aq"]), "");
}

fn what_is_no_device_is_125(env: &TestEnv) {
    env.bb(&["--device", "/dev/no-such-device"], &["true"]).fails(125, &["/dev/no-such-device"]);
    env.bb(&["--device", "/etc/passwd"], &["true"]).fails(125, &["/etc/passwd"]);
    env.bb(&["--device", &format!("{NODE}:/dev/x:q")], &["true"]).fails(125, &["r"]);
}

fn less_than_the_user_may_cannot_be_promised(env: &TestEnv) {
    env.bb(&["--device", &format!("{NODE}:/dev/x:r")], &["true"]).fails(125, &["only root"]);
}

fn rules_for_cgroups_are_refused(env: &TestEnv) {
    env.bb(&["--device-cgroup-rule", "c 1:3 rwm"], &["true"]).fails(125, &["only root"]);
}

const SPEC: &str = "cdiVersion: 0.5.0\nkind: vendor.com/class\ncontainerEdits:\n  env: [EVERY=1]\ndevices:\n- name: one\n  containerEdits:\n    \
    env: [ONE=1]\n    deviceNodes:\n    - path: /dev/one\n      hostPath: /dev/zero\n    mounts:\n    - hostPath: /etc/passwd\n      \
    containerPath: /opt/there\n      options: [ro, nosuid, nodev]\n";

fn a_cdi_spec_brings_nodes_mounts_and_variables(env: &TestEnv) {
    let folder = env.folder("cdi");
    env.file("cdi/vendor.yaml", SPEC);
    let options = ["--cdi-spec-dir", &folder, "--device", "vendor.com/class=one"];
    let shown = env
        .sh(&options, "stat -c %t:%T /dev/one; echo $ONE$EVERY; test -s /opt/there && ! touch /opt/there 2>/dev/null && echo ro");
    assert_eq!(shown, "1:5\n11\nro");
}

fn an_unknown_cdi_device_is_an_error(env: &TestEnv) {
    let output = env.bb(&["--device", "vendor.com/class=none"], &["true"]);
    assert!(output.code >= 125 && output.stderr().contains("vendor.com/class=none"), "{output}");
}

fn a_gpu_without_a_spec_is_125(env: &TestEnv) {
    if !Path::new("/etc/cdi").exists() && !Path::new("/var/run/cdi").exists() {
        env.bb(&["--gpus", "all"], &["true"]).fails(125, &["nvidia-ctk"]);
    }
}

fn inspect_lists_devices(env: &TestEnv) {
    let id = env.start(&["--device", &format!("{NODE}:/dev/x:rw")]);
    let shown = env.field(&id, "{{range .HostConfig.Devices}}{{.PathOnHost}} {{.PathInContainer}} {{.CgroupPermissions}}{{end}}");
    assert_eq!(shown, "/dev/null /dev/x rw");
    env.remove(&[&id]);
}
