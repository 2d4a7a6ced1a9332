//! `-v`: bind mounts.

use crate::harness::archive::{Image, write_archive};
use crate::harness::canary::Canary;
use crate::harness::{Case, Need, TestEnv, case};
use std::os::unix::fs::MetadataExt as _;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_folder_is_shared_both_ways_and_belongs_to_the_caller),
        case!(ro_is_read_only_for_everything_below),
        case!(a_missing_source_is_an_error_and_is_not_made),
        case!(a_relative_source_is_taken_from_the_current_folder),
        case!(a_file_may_be_mounted),
        case!(the_target_is_made_with_its_parents),
        case!(a_target_by_way_of_a_link_stays_in_the_root),
        case!(a_deeper_target_is_mounted_over_a_shallower_one),
        case!(the_kernels_flags_are_safe_by_default).gap("podman 4 sets neither nosuid nor nodev"),
        case!(options_reach_the_kernel),
        case!(a_bad_option_or_target_is_125),
        case!(two_mounts_on_one_target_are_125),
        case!(odd_names_are_taken_as_they_are),
        case!(mounts_below_the_source_come_along_only_in_the_container).gap("the same mount namespace is not seen"),
        case!(nothing_of_the_mount_is_seen_outside),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn a_folder_is_shared_both_ways_and_belongs_to_the_caller(env: &TestEnv) {
    let folder = env.folder("share");
    env.file("share/in", "from outside");
    assert_eq!(env.sh(&["-v", &format!("{folder}:/share")], "cat /share/in; echo out >/share/out"), "from outside");
    let meta = std::fs::metadata(env.work().join("share/out")).unwrap();
    assert_eq!(meta.uid(), rustix::process::getuid().as_raw());
    assert_eq!(std::fs::read_to_string(env.work().join("share/out")).unwrap(), "out\n");
}

fn ro_is_read_only_for_everything_below(env: &TestEnv) {
    let folder = env.folder("share/below");
    let parent = folder.strip_suffix("/below").unwrap();
    let volume = format!("{parent}:/share:ro");
    let output = env
        .bb(&["-v", &volume], &["sh", "-c", "touch /share/f; touch /share/below/f; mount -o remount,rw /share; touch /share/f"]);
    assert!(output.code != 0 && output.stderr().contains("Read-only file system"), "{output}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

fn a_missing_source_is_an_error_and_is_not_made(env: &TestEnv) {
    let path = env.work().join("not-there");
    let text = path.to_string_lossy().into_owned();
    env.bb(&["-v", &format!("{text}:/x")], &["true"]).fails(125, &[&text]);
    assert!(!path.exists());
}

fn a_relative_source_is_taken_from_the_current_folder(env: &TestEnv) {
    env.file("here/f", "found");
    env.bb(&["-v", "./here:/x"], &["cat", "/x/f"]).prints("found");
    env.bb(&["-v", ".:/x"], &["cat", "/x/here/f"]).prints("found");
}

fn a_file_may_be_mounted(env: &TestEnv) {
    let file = env.file("f", "content");
    env.bb(&["-v", &format!("{file}:/etc/passwd:ro")], &["cat", "/etc/passwd"]).prints("content");
    env.bb(&["-v", &format!("{file}:/new/file")], &["cat", "/new/file"]).prints("content");
}

fn the_target_is_made_with_its_parents(env: &TestEnv) {
    let folder = env.folder("share");
    env.sh(&["-v", &format!("{folder}:/a/b/c")], "touch /a/b/c/made");
    assert!(env.work().join("share/made").exists());
}

fn a_target_by_way_of_a_link_stays_in_the_root(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    let image = Image::busybox_with("links", |layer| {
        layer.symlink("abs", &canary.text()).symlink("up", &format!("../../../../..{}", canary.text())).symlink("fine", "tmp");
    });
    write_archive(env.work().join("i.tar"), &image.oci_entries());
    env.ok(&["load", "-i", "i.tar"]);
    let file = env.file("f", "content");
    for target in ["/abs/new", "/abs/file", "/abs", "/up/new/deeper", "/up"] {
        let output = env.run(&["run", "--rm", "--network", "none", "-v", &format!("{file}:{target}"), "links", "true"]);
        assert!(output.code == 0 || output.code >= 125, "{target}: {output}");
        canary.assert_unchanged();
    }
    // The twin: a link that stays inside is followed.
    env.run(&["run", "--rm", "--network", "none", "-v", &format!("{file}:/fine/f"), "links", "cat", "/tmp/f"]).prints("content");
}

fn a_deeper_target_is_mounted_over_a_shallower_one(env: &TestEnv) {
    env.file("outer/inner/f", "outer");
    env.file("other/f", "other");
    let work = env.work().to_string_lossy().into_owned();
    let (deep, shallow) = (format!("{work}/other:/m/inner"), format!("{work}/outer:/m"));
    env.bb(&["-v", &deep, "-v", &shallow], &["cat", "/m/inner/f"]).prints("other");
}

/// The options of a mount, as the container's kernel shows them.
fn options_of(env: &TestEnv, volume: &str, target: &str) -> (String, String) {
    let text = env.sh(&["-v", volume], "cat /proc/self/mountinfo");
    let line =
        text.lines().find(|line| line.split(' ').nth(4) == Some(target)).unwrap_or_else(|| panic!("no {target} in {text}"));
    let mut fields = line.split(' ');
    let options = fields.nth(5).unwrap().to_owned();
    (options, fields.take_while(|field| *field != "-").collect())
}

fn the_kernels_flags_are_safe_by_default(env: &TestEnv) {
    let (options, propagation) = options_of(env, &format!("{}:/share", env.folder("share")), "/share");
    let options: Vec<&str> = options.split(',').collect();
    assert!(options.contains(&"rw") && options.contains(&"nosuid") && options.contains(&"nodev"), "{options:?}");
    assert!(!propagation.contains("shared:"), "{propagation}");
}

fn options_reach_the_kernel(env: &TestEnv) {
    let (options, _) = options_of(env, &format!("{}:/share:ro,noexec", env.folder("share")), "/share");
    let options: Vec<&str> = options.split(',').collect();
    assert!(options.contains(&"ro") && options.contains(&"noexec"), "{options:?}");
    let script = env.file("share/run", "#!/bin/sh\necho ran\n");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let folder = env.folder("share");
    env.bb(&["-v", &format!("{folder}:/share")], &["/share/run"]).prints("ran");
    let output = env.bb(&["-v", &format!("{folder}:/share:noexec")], &["/share/run"]);
    assert_eq!(output.code, 126, "{output}");
}

fn a_bad_option_or_target_is_125(env: &TestEnv) {
    let folder = env.folder("share");
    for volume in [
        format!("{folder}:/x:nosuchoption"),
        format!("{folder}:relative"),
        format!("{folder}:/x:ro:rw"),
        format!("{folder}:/x:ro,rw"),
        format!("{folder}:/"),
    ] {
        let output = env.bb(&["-v", &volume], &["true"]);
        assert!(output.code == 125 || output.code == 126, "-v {volume}: {output}");
    }
}

fn two_mounts_on_one_target_are_125(env: &TestEnv) {
    let (one, two) = (env.folder("one"), env.folder("two"));
    env.bb(&["-v", &format!("{one}:/x"), "-v", &format!("{two}:/x")], &["true"]).fails(125, &["/x"]);
}

fn odd_names_are_taken_as_they_are(env: &TestEnv) {
    for name in ["with space", "ümlaut", "a,b", "back\\slash", "quote\"'"] {
        env.file(&format!("{name}/f"), name);
        let volume = format!("{}/{name}:/x", env.work().display());
        let output = env.bb(&["-v", &volume], &["cat", "/x/f"]);
        assert_eq!(output.ok(), name, "{output}");
    }
}

fn mounts_below_the_source_come_along_only_in_the_container(env: &TestEnv) {
    env.busybox();
    let folder = env.folder("share/tmpfs");
    let parent = folder.strip_suffix("/tmpfs").unwrap().to_owned();
    let args = ["run", "--rm", "--network", "none", "-v", &format!("{parent}:/share"), "bb", "cat", "/share/tmpfs/f"];
    // A mount of the caller's own namespace: the container sees what the caller sees.
    let script = format!("mount -t tmpfs tmpfs '{folder}' && echo below >'{folder}/f' && exec \"$@\"");
    env.cmd(&args).behind(&["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]).run().prints("below");
}

fn nothing_of_the_mount_is_seen_outside(env: &TestEnv) {
    let folder = env.folder("share");
    let id = env.start(&["-v", &format!("{folder}:/share")]);
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&id) && !mounts.contains(&folder), "{mounts}");
    env.remove(&[&id]);
}
