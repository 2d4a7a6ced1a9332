//! Capabilities, filters, masks: what the kernel says that a process may do.

use crate::harness::{Case, Need, TestEnv, case};
use std::collections::BTreeMap;

const DEFAULT: &str = "00000000800405fb";
const NONE: &str = "0000000000000000";

pub fn cases() -> Vec<Case> {
    let all = [
        case!(capabilities_are_added_and_dropped).gap("podman 4 grants fourteen capabilities, later ones eleven"),
        case!(a_user_has_the_added_capabilities_and_no_others).gap("podman 4 grants fourteen capabilities, later ones eleven"),
        case!(capabilities_that_contradict_are_125),
        case!(an_exec_session_has_the_containers_rights),
        case!(exec_privileged_has_every_capability),
        case!(privileged_means_every_capability_and_no_filter_and_no_masks),
        case!(privileged_gives_another_user_nothing),
        case!(no_new_privileges_holds_for_exec_too),
        case!(unconfined_means_no_filter),
        case!(a_profile_of_ones_own_counts_for_exec_too),
        case!(a_profile_is_read_once),
        case!(a_profile_that_is_none_is_125),
        case!(mask_hides_and_unmask_shows),
        case!(unmask_all_hides_nothing),
        case!(proc_options_reach_the_kernel),
        case!(options_that_cannot_be_honoured_are_125).gap("podman ignores some"),
        case!(inspect_tells_the_true_rights).gap("podman 4.3 words some otherwise"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

const STATUS: &str = "cat /proc/self/status";

/// The lines of a `NAME: value` file.
fn parse(text: &str) -> BTreeMap<String, String> {
    text.lines().filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

fn status(env: &TestEnv, options: &[&str]) -> BTreeMap<String, String> {
    parse(&env.sh(options, STATUS))
}

#[track_caller]
fn assert_caps(status: &BTreeMap<String, String>, bounding: &str, effective: &str, ambient: &str) {
    for (name, wanted) in
        [("CapBnd", bounding), ("CapPrm", effective), ("CapEff", effective), ("CapInh", ambient), ("CapAmb", ambient)]
    {
        assert_eq!(status[name], wanted, "{name}: {status:?}");
    }
}

fn capabilities_are_added_and_dropped(env: &TestEnv) {
    for (options, set) in [
        (&["--cap-add", "net_raw"][..], "00000000800425fb"),
        (&["--cap-add", "CAP_NET_RAW,sys_ptrace"], "00000000800c25fb"),
        (&["--cap-drop", "CHOWN"], "00000000800405fa"),
        (&["--cap-drop", "all"], NONE),
        (&["--cap-drop", "all", "--cap-add", "chown"], "0000000000000001"),
    ] {
        assert_caps(&status(env, options), set, set, NONE);
    }
}

/// T21.
fn a_user_has_the_added_capabilities_and_no_others(env: &TestEnv) {
    assert_caps(&status(env, &["-u", "1000"]), DEFAULT, NONE, NONE);
    let added = "0000000000002000";
    assert_caps(&status(env, &["-u", "1000", "--cap-add", "net_raw"]), "00000000800425fb", added, added);
    env.bb(&["-u", "1000", "--cap-add", "chown"], &["chown", "5:5", "/etc/passwd"]).ok();
}

fn capabilities_that_contradict_are_125(env: &TestEnv) {
    env.bb(&["--cap-add", "chown", "--cap-drop", "chown"], &["true"]).fails(125, &["chown"]);
    env.bb(&["--cap-add", "all", "--cap-drop", "all"], &["true"]).fails(125, &["all"]);
    env.bb(&["--cap-add", "flying"], &["true"]).fails(125, &["flying"]);
}

/// T21.
fn an_exec_session_has_the_containers_rights(env: &TestEnv) {
    let id = env.start(&["--cap-drop", "all", "--cap-add", "net_raw", "--security-opt", "no-new-privileges", "-u", "1000"]);
    let added = "0000000000002000";
    let session = |options: &[&str]| parse(&env.ok(&[&["exec"], options, &[id.as_str(), "sh", "-c", STATUS]].concat()));
    assert_caps(&session(&[]), added, added, added);
    assert_caps(&session(&["-u", "0"]), added, added, NONE);
    assert_caps(&session(&["-u", "1001"]), added, NONE, NONE);
    let status = session(&[]);
    assert_eq!((status["Seccomp"].as_str(), status["NoNewPrivs"].as_str()), ("2", "1"));
    env.remove(&[&id]);
}

fn exec_privileged_has_every_capability(env: &TestEnv) {
    let id = env.start(&[]);
    let text = env.ok(&["exec", "--privileged", &id, "sh", "-c", STATUS]);
    let status = parse(&text);
    let bounding = u64::from_str_radix(&status["CapEff"], 16).unwrap();
    assert!(bounding & (1 << 21) != 0 && bounding.count_ones() > 35, "{status:?}");
    env.remove(&[&id]);
}

fn privileged_means_every_capability_and_no_filter_and_no_masks(env: &TestEnv) {
    let status = status(env, &["--privileged"]);
    assert_caps(&status, "000001ffffffffff", "000001ffffffffff", NONE);
    assert_eq!(status["Seccomp"], "0");
    let mounts = env.sh(&["--privileged"], "grep -cE ' /proc/| /sys/firmware' /proc/self/mountinfo || true");
    assert_eq!(mounts, "0");
    env.bb(&["--privileged"], &["mount", "-t", "tmpfs", "t", "/tmp"]).ok();
    assert_eq!(
        env.sh(&["--privileged"], "mkdir /proc/self/x 2>/dev/null; grep ' /sys ' /proc/self/mountinfo | grep -c ' rw,'"),
        "1"
    );
}

/// T21.
fn privileged_gives_another_user_nothing(env: &TestEnv) {
    let status = status(env, &["--privileged", "-u", "1000"]);
    assert_eq!((status["CapPrm"].as_str(), status["CapEff"].as_str(), status["CapAmb"].as_str()), (NONE, NONE, NONE));
}

/// H5.
fn no_new_privileges_holds_for_exec_too(env: &TestEnv) {
    for (option, wanted) in [("no-new-privileges", "1"), ("no-new-privileges:true", "1"), ("no-new-privileges=false", "0")] {
        let status = status(env, &["--security-opt", option]);
        assert_eq!((status["NoNewPrivs"].as_str(), status["Seccomp"].as_str()), (wanted, "2"), "{option}");
    }
}

fn unconfined_means_no_filter(env: &TestEnv) {
    assert_eq!(status(env, &["--security-opt", "seccomp=unconfined"])["Seccomp"], "0");
}

const DENY_MKDIR: &str = r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
    {"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}"#;

fn a_profile_of_ones_own_counts_for_exec_too(env: &TestEnv) {
    let profile = env.file("profile.json", DENY_MKDIR);
    let option = format!("seccomp={profile}");
    let output = env.bb(&["--security-opt", &option], &["mkdir", "/tmp/x"]);
    assert!(output.code != 0 && output.stderr().contains("No space left"), "{output}");
    let id = env.start(&["--security-opt", &option]);
    let output = env.run(&["exec", &id, "mkdir", "/tmp/x"]);
    assert!(output.code != 0 && output.stderr().contains("No space left"), "{output}");
    env.remove(&[&id]);
}

fn a_profile_is_read_once(env: &TestEnv) {
    let profile = env.file("profile.json", DENY_MKDIR);
    env.busybox();
    let option = format!("seccomp={profile}");
    let id = env.ok(&["create", "--network", "none", "--security-opt", &option, "bb", "mkdir", "/tmp/x"]);
    std::fs::remove_file(&profile).unwrap();
    let output = env.run(&["start", "-a", &id]);
    assert!(output.stderr().contains("No space left"), "{output}");
    env.remove(&[&id]);
}

/// T23.
fn a_profile_that_is_none_is_125(env: &TestEnv) {
    let broken = env.file("broken.json", "{");
    for path in [broken.as_str(), "/no/such/profile"] {
        env.bb(&["--security-opt", &format!("seccomp={path}")], &["true"]).fails(125, &[path]);
    }
    assert_eq!(env.ok(&["ps", "-aq"]), "");
}

fn mask_hides_and_unmask_shows(env: &TestEnv) {
    let masked = env.sh(&["--security-opt", "mask=/proc/version:/home"], "wc -c </proc/version; ls -A /home | wc -l");
    assert_eq!(masked, "0\n0");
    let script = "grep -oE ' /(proc|sys)/[a-z/-]+ ' /proc/self/mountinfo | sort";
    let usual = env.sh(&[], script);
    let fewer = env.sh(&["--security-opt", "unmask=/proc/s*:/sys/firmware"], script);
    assert!(usual.contains(" /proc/sys ") && !fewer.contains(" /proc/sys "), "{fewer}");
    assert!(fewer.contains(" /proc/bus "), "{fewer}");
}

fn unmask_all_hides_nothing(env: &TestEnv) {
    for option in ["unmask=ALL", "unmask=all", "systempaths=unconfined"] {
        let count = env.sh(&["--security-opt", option], "grep -cE ' /proc/| /sys/firmware' /proc/self/mountinfo || true");
        assert_eq!(count, "0", "{option}");
    }
}

fn proc_options_reach_the_kernel(env: &TestEnv) {
    let line = env.sh(&["--security-opt", "proc-opts=hidepid=2"], "grep ' /proc ' /proc/self/mountinfo");
    assert!(line.contains("hidepid="), "{line}");
}

/// T23.
fn options_that_cannot_be_honoured_are_125(env: &TestEnv) {
    for option in ["apparmor=some-profile", "label=type:some_t", "nonsense", "mask=relative", "no-new-privileges=perhaps"] {
        env.bb(&["--security-opt", option], &["true"]).fails(125, &[option.split('=').next().unwrap()]);
    }
    for option in ["label=disable", "apparmor=unconfined"] {
        env.bb(&["--security-opt", option], &["true"]).ok();
    }
}

fn inspect_tells_the_true_rights(env: &TestEnv) {
    let options = ["--cap-add", "net_raw", "--cap-drop", "chown", "--security-opt", "no-new-privileges", "-u", "1000"];
    let id = env.start(&options);
    assert_eq!(env.field(&id, "{{.EffectiveCaps}}"), "[CAP_NET_RAW]");
    assert_eq!(env.field(&id, "{{len .BoundingCaps}}"), "11");
    assert_eq!(env.field(&id, "{{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}}"), "[CAP_NET_RAW] [CAP_CHOWN]");
    assert_eq!(env.field(&id, "{{.HostConfig.SecurityOpt}} {{.HostConfig.Privileged}}"), "[no-new-privileges] false");
    env.remove(&[&id]);
}
