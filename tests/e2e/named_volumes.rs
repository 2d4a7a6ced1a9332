//! Volumes: the commands, first use, anonymous ones, and what containers leave of them.

use crate::harness::archive::{Image, write_archive};
use crate::harness::{Case, Need, TestEnv, case, program};
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_volume_is_made_listed_described_and_removed),
        case!(names_and_options_that_cannot_be_are_125),
        case!(removal_tells_missing_from_in_use_by_its_code),
        case!(a_named_volume_is_made_at_its_first_use_and_outlives_containers),
        case!(a_first_use_copies_the_images_files_with_their_owners).needs(&[Need::Subids]),
        case!(a_second_use_copies_nothing),
        case!(what_is_copied_into_a_volume_before_the_start_joins_the_images_files)
            .gap("podman 4.3 does not fill a volume that cp has written to"),
        case!(nocopy_and_bind_mounts_get_nothing_of_the_image),
        case!(a_volume_on_a_new_path_belongs_to_the_containers_user).needs(&[Need::Subids]),
        case!(starts_at_once_fill_a_volume_once),
        case!(a_killed_start_leaves_a_volume_that_the_next_one_fills).only_ours("it looks at our files"),
        case!(anonymous_volumes_go_with_rm_of_the_container),
        case!(in_the_background_nothing_is_left_for_the_next_command).only_ours("it looks at our files"),
        case!(image_volumes_are_anonymous_in_memory_or_ignored),
        case!(a_hostile_image_volume_is_refused).gap("podman mounts over /proc and fails later"),
        case!(volumes_from_lends_what_another_container_has),
        case!(prune_takes_what_no_container_mounts),
        case!(filters_select_volumes),
        case!(export_and_import_carry_files_owners_and_links).needs(&[Need::Subids]),
        case!(a_volume_in_memory_is_empty_at_each_start).gap("podman needs root for it"),
        case!(a_volume_of_a_folder_of_the_host).gap("podman needs root for it"),
        case!(a_subpath_stays_in_the_volume).gap("podman 4 has no subpath"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn names(env: &TestEnv) -> Vec<String> {
    env.run(&["volume", "ls", "-q"]).lines()
}

fn describe(env: &TestEnv, name: &str) -> Value {
    let all: Value = serde_json::from_str(&env.ok(&["volume", "inspect", name])).unwrap();
    all[0].clone()
}

fn files(env: &TestEnv, name: &str) -> PathBuf {
    PathBuf::from(describe(env, name)["Mountpoint"].as_str().unwrap())
}

/// Loads an image with files in `/data`, some of them of uid 7.
fn data_image(env: &TestEnv, config: Value) {
    let image = Image::busybox_with("data", |layer| {
        let owned = crate::harness::archive::Attributes { mode: 0o640, uid: 7, gid: 8 };
        let folder = crate::harness::archive::Attributes { mode: 0o711, uid: 7, gid: 8 };
        layer.entry(tar::EntryType::Directory, "data/", folder, "", b"");
        layer.file("data/plain", 0o644, "from the image");
        layer.entry(tar::EntryType::Regular, "data/owned", owned, "", b"x");
        layer.folder("data/sub", 0o755).file("data/sub/deep", 0o600, "deep").symlink("data/link", "/etc/passwd");
        layer.hard_link("data/second", "data/plain");
    });
    write_archive(env.work().join("data.tar"), &image.configured(config).oci_entries());
    env.ok(&["load", "-i", "data.tar"]);
}

fn in_data(env: &TestEnv, options: &[&str], script: &str) -> String {
    let args: Vec<&str> = [&["run", "--rm", "--network", "none"], options, &["data", "sh", "-c", script]].concat();
    env.ok(&args)
}

fn a_volume_is_made_listed_described_and_removed(env: &TestEnv) {
    assert_eq!(env.ok(&["volume", "create", "-l", "a=b", "--label", "c", "one"]), "one");
    let random = env.ok(&["volume", "create"]);
    assert!(random.len() == 64 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{random}");
    assert!(names(env).contains(&"one".to_owned()) && names(env).contains(&random));
    assert!(env.ok(&["volume", "ls"]).starts_with("DRIVER      VOLUME NAME\n"));
    let one = describe(env, "one");
    for (field, value) in
        [("Name", json!("one")), ("Driver", json!("local")), ("Scope", json!("local")), ("Labels", json!({"a": "b", "c": ""}))]
    {
        assert_eq!(one[field], value, "{field} in {one}");
    }
    assert!(files(env, "one").is_dir());
    assert_eq!(env.ok(&["volume", "inspect", "--format", "{{.Name}} {{.Labels.a}}", "one"]), "one b");
    env.run(&["volume", "exists", "one"]).code(0);
    env.run(&["volume", "create", "one"]).fails(125, &["one", "already exists"]);
    assert_eq!(env.ok(&["volume", "rm", "one"]), "one");
    env.run(&["volume", "exists", "one"]).code(1);
    env.ok(&["volume", "rm", "-a"]);
    assert!(names(env).is_empty());
}

fn names_and_options_that_cannot_be_are_125(env: &TestEnv) {
    for args in [
        &["volume", "create", "a/b"][..],
        &["volume", "create", "../x"],
        &["volume", "create", ".hidden"],
        &["volume", "create", "-o", "colour=red", "x"],
        &["volume", "create", "--driver", "nosuch", "x"],
        &["volume", "create", "-o", "o=size=1G", "x"],
        &["run", "--rm", "-v", "a b:/x", "bb", "true"],
    ] {
        let output = env.run(args);
        assert_eq!(output.code, 125, "{output}");
    }
    assert!(names(env).is_empty());
}

fn removal_tells_missing_from_in_use_by_its_code(env: &TestEnv) {
    env.busybox();
    env.run(&["volume", "rm", "nope"]).fails(1, &["no such volume"]);
    env.run(&["volume", "rm", "-f", "nope"]).code(0);
    let id = env.ok(&["create", "-v", "used:/x", "bb", "true"]);
    env.run(&["volume", "rm", "used"]).fails(2, &["being used", &id]);
    env.ok(&["volume", "create", "free"]);
    env.run(&["volume", "rm", "used", "free"]).code(2);
    assert_eq!(names(env), ["used"]);
    env.ok(&["volume", "rm", "-f", "used"]);
    assert!(names(env).is_empty() && env.ok(&["ps", "-aq"]).is_empty());
}

fn a_named_volume_is_made_at_its_first_use_and_outlives_containers(env: &TestEnv) {
    env.sh(&["-v", "kept:/x"], "echo here >/x/f");
    assert_eq!(env.sh(&["-v", "kept:/y:ro"], "cat /y/f; touch /y/g 2>&1 | grep -o Read-only"), "here\nRead-only");
    assert_eq!(names(env), ["kept"]);
    let id = env.start(&["-v", "kept:/x"]);
    let mounts: Value = serde_json::from_str(&env.ok(&["inspect", "--format", "{{json .Mounts}}", &id])).unwrap();
    for (field, value) in [("Type", json!("volume")), ("Name", json!("kept")), ("Destination", json!("/x")), ("RW", json!(true))]
    {
        assert_eq!(mounts[0][field], value, "{mounts}");
    }
    env.run(&["volume", "rm", "kept"]).code(2);
    env.remove(&[&id]);
    env.ok(&["volume", "rm", "kept"]);
}

fn a_first_use_copies_the_images_files_with_their_owners(env: &TestEnv) {
    data_image(env, json!({}));
    let look = "stat -c '%n %u:%g %a %F' /data /data/owned /data/sub /data/sub/deep; cat /data/plain; readlink /data/link; \
        [ /data/plain -ef /data/second ] && echo same";
    let (image, volume) = (in_data(env, &[], look), in_data(env, &["-v", "v:/data"], look));
    assert_eq!(image, volume);
    assert!(volume.contains("/data 7:8 711") && volume.contains("/data/owned 7:8 640"), "{volume}");
    assert!(volume.ends_with("/etc/passwd\nsame"), "{volume}");
}

fn a_second_use_copies_nothing(env: &TestEnv) {
    data_image(env, json!({}));
    in_data(env, &["-v", "v:/data"], "rm -r /data/*; echo own >/data/own");
    assert_eq!(in_data(env, &["-v", "v:/data"], "ls /data"), "own");
    // What a container emptied stays empty.
    in_data(env, &["-v", "v:/data"], "rm /data/own");
    assert_eq!(in_data(env, &["-v", "v:/data"], "ls /data"), "");
}

fn what_is_copied_into_a_volume_before_the_start_joins_the_images_files(env: &TestEnv) {
    data_image(env, json!({}));
    env.file("more", "of the host");
    let id = env.ok(&["create", "--network", "none", "-v", "v:/data", "data", "sh", "-c", "cat /data/more /data/sub/deep"]);
    env.ok(&["cp", "more", &format!("{id}:/data/more")]);
    assert_eq!(env.ok(&["start", "-a", &id]), "of the hostdeep");
    env.ok(&["rm", &id]);
}

fn nocopy_and_bind_mounts_get_nothing_of_the_image(env: &TestEnv) {
    data_image(env, json!({}));
    assert_eq!(in_data(env, &["-v", "v:/data:nocopy"], "ls /data"), "");
    let folder = env.folder("share");
    assert_eq!(in_data(env, &["-v", &format!("{folder}:/data")], "ls /data"), "");
}

fn a_volume_on_a_new_path_belongs_to_the_containers_user(env: &TestEnv) {
    assert_eq!(env.sh(&["-u", "1000:1000", "-v", "v:/new"], "touch /new/f; stat -c %u:%g /new /new/f"), "1000:1000\n1000:1000");
    // Only the first one: nothing is taken away later.
    assert_eq!(env.sh(&["-u", "5", "-v", "v:/new"], "stat -c %u /new"), "1000");
    env.ok(&["volume", "create", "--opt", "o=uid=7,gid=8", "owned"]);
    assert_eq!(env.sh(&["-u", "5", "-v", "owned:/new"], "stat -c %u:%g /new"), "7:8");
}

fn starts_at_once_fill_a_volume_once(env: &TestEnv) {
    data_image(env, json!({}));
    let args = ["run", "--rm", "--network", "none", "-v", "v:/data", "data", "sh", "-c", "ls /data | wc -l; cat /data/sub/deep"];
    let running: Vec<_> = (0..4).map(|_| env.cmd(&args).spawn()).collect();
    for one in running {
        assert_eq!(one.wait().ok(), "5\ndeep");
    }
    assert_eq!(names(env), ["v"]);
}

fn a_killed_start_leaves_a_volume_that_the_next_one_fills(env: &TestEnv) {
    data_image(env, json!({}));
    env.ok(&["volume", "create", "v"]);
    // What a start leaves that was killed while it copied, and one that was killed while it moved the copy in.
    let folder = files(env, "v").parent().unwrap().to_owned();
    std::fs::create_dir(folder.join("copying")).unwrap();
    std::fs::write(folder.join("copying/half"), "").unwrap();
    assert_eq!(in_data(env, &["-v", "v:/data"], "ls /data | wc -l"), "5");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing but _data");
}

fn anonymous_volumes_go_with_rm_of_the_container(env: &TestEnv) {
    env.sh(&["-v", "/anon"], "touch /anon/f");
    assert!(names(env).is_empty());
    let id = env.ok(&["create", "-v", "/anon", "-v", "named:/n", "bb", "true"]);
    assert_eq!(names(env).len(), 2);
    env.ok(&["rm", "-v", &id]);
    assert_eq!(names(env), ["named"]);
    let id = env.ok(&["create", "-v", "/anon", "bb", "true"]);
    env.ok(&["rm", &id]);
    assert_eq!(names(env).len(), 2, "rm alone keeps them");
    // In the background nobody is left but the monitor.
    let id = env.start(&["--rm", "-v", "/anon"]);
    env.ok(&["stop", "-t", "1", &id]);
    assert_eq!(names(env).len(), 2);
}

fn in_the_background_nothing_is_left_for_the_next_command(env: &TestEnv) {
    let id = env.start(&["--rm", "-v", "/anon", "-v", "named:/n"]);
    let entries = |folder: &str| std::fs::read_dir(env.data().join(folder)).unwrap().count();
    assert_eq!(entries("volumes"), 2);
    let monitor = env.field(&id, "{{.State.ConmonPid}}").parse().unwrap();
    env.cmd(&["exec", &id, "kill", "1"]).run();
    // No command of ours meanwhile: it would tidy up itself.
    program::wait_gone(monitor);
    assert_eq!((entries("volumes"), entries("containers"), entries("tmp")), (1, 0, 0));
    assert_eq!(names(env), ["named"]);
    env.ok(&["volume", "rm", "named"]);
}

fn image_volumes_are_anonymous_in_memory_or_ignored(env: &TestEnv) {
    data_image(env, json!({"Volumes": {"/data": {}}}));
    let look = "grep ' /data ' /proc/mounts | cut -d' ' -f3; ls /data | wc -l; touch /data/new";
    let by_default = in_data(env, &[], look);
    assert!(by_default.ends_with("\n5") && !by_default.starts_with("tmpfs"), "{by_default}");
    assert_eq!(in_data(env, &["--image-volume", "tmpfs"], look), "tmpfs\n5");
    assert_eq!(in_data(env, &["--image-volume=ignore"], look), "5");
    // The user's own goes before the image's.
    assert_eq!(in_data(env, &["-v", "mine:/data:nocopy"], "ls /data | wc -l"), "0");
    assert_eq!(names(env), ["mine"]);
}

fn a_hostile_image_volume_is_refused(env: &TestEnv) {
    for (at, target) in ["/proc", "/sys", "/dev", "/", "/proc/self", "/a/../proc"].iter().enumerate() {
        let name = format!("hostile{at}");
        let image = Image::busybox(&name, json!({"Volumes": {*target: {}}}));
        write_archive(env.work().join("h.tar"), &image.oci_entries());
        env.ok(&["load", "-i", "h.tar"]);
        env.run(&["run", "--rm", "--network", "none", &name, "true"]).fails(125, &["image-volume=ignore"]);
        let options = ["run", "--rm", "--network", "none", "--image-volume=ignore", &name, "stat", "-f", "-c", "%T", "/proc"];
        env.run(&options).prints("proc");
    }
    assert!(names(env).is_empty());
}

fn volumes_from_lends_what_another_container_has(env: &TestEnv) {
    let folder = env.folder("share");
    env.busybox();
    let lender =
        env.ok(&["create", "--name", "lender", "-v", "named:/n", "-v", &format!("{folder}:/b"), "-v", "/anon", "bb", "true"]);
    env.sh(&["--volumes-from", "lender"], "touch /n/1 /b/2 /anon/3");
    assert!(env.work().join("share/2").exists());
    assert_eq!(
        env.sh(&["--volumes-from", "lender:ro"], "ls /n /anon; touch /n/x 2>&1 | grep -o Read-only"),
        "/anon:\n3\n\n/n:\n1\nRead-only"
    );
    // One's own goes before.
    assert_eq!(env.sh(&["--volumes-from", "lender", "--tmpfs", "/n"], "ls /n"), "");
    env.run(&["run", "--rm", "--volumes-from", "nobody", "bb", "true"]).fails(125, &["nobody"]);
    env.ok(&["rm", "-v", &lender]);
    assert_eq!(names(env), ["named"]);
}

fn prune_takes_what_no_container_mounts(env: &TestEnv) {
    env.busybox();
    for (name, label) in [("one", "keep=no"), ("two", "keep=yes"), ("used", "keep=no")] {
        env.ok(&["volume", "create", "-l", label, name]);
    }
    let id = env.ok(&["create", "-v", "used:/x", "bb", "true"]);
    env.cmd(&["volume", "prune"]).stdin("n\n").run().code(0);
    assert_eq!(names(env).len(), 3);
    assert_eq!(env.ok(&["volume", "prune", "-f", "--filter", "label=keep=no"]), "one");
    assert_eq!(env.cmd(&["volume", "prune"]).stdin("y\n").run().lines().last().unwrap().rsplit(' ').next().unwrap(), "two");
    assert_eq!(names(env), ["used"]);
    env.ok(&["rm", &id]);
}

fn filters_select_volumes(env: &TestEnv) {
    env.busybox();
    env.ok(&["volume", "create", "-l", "tier=front", "web"]);
    env.ok(&["volume", "create", "db"]);
    let id = env.ok(&["create", "-v", "db:/x", "bb", "true"]);
    for (filter, found) in [
        ("name=we", &["web"][..]),
        ("dangling=true", &["web"]),
        ("dangling=false", &["db"]),
        ("label=tier", &["web"]),
        ("label=tier=back", &[]),
        ("driver=local", &["db", "web"]),
    ] {
        let mut names = env.run(&["volume", "ls", "-q", "--filter", filter]).lines();
        names.sort();
        assert_eq!(names, found, "{filter}");
    }
    env.run(&["volume", "ls", "--filter", "colour=red"]).code(125);
    env.ok(&["rm", &id]);
}

fn export_and_import_carry_files_owners_and_links(env: &TestEnv) {
    data_image(env, json!({}));
    let look = "cd /data; find . | sort | xargs stat -c '%n %u:%g %a %F'; readlink link; [ plain -ef second ] && echo same";
    let before = in_data(env, &["-v", "from:/data"], look);
    env.ok(&["volume", "export", "from", "-o", "v.tar"]);
    env.ok(&["volume", "create", "to"]);
    env.ok(&["volume", "import", "to", "v.tar"]);
    let without_top = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let after = in_data(env, &["-v", "to:/data"], look);
    assert_eq!(without_top(&before), without_top(&after));
    env.run(&["volume", "export", "nope"]).code(125);
    env.run(&["volume", "import", "to", "/etc/passwd"]).code(125);
}

fn a_volume_in_memory_is_empty_at_each_start(env: &TestEnv) {
    env.ok(&["volume", "create", "-o", "type=tmpfs", "-o", "o=size=1m,noexec", "mem"]);
    let line = env.sh(&["-v", "mem:/m"], "touch /m/f; grep ' /m ' /proc/mounts");
    assert!(line.starts_with("tmpfs") && line.contains("size=1024k") && line.contains("noexec"), "{line}");
    let id = env.start(&["-v", "mem:/m"]);
    assert_eq!(env.ok(&["exec", &id, "ls", "/m"]), "");
    env.bb(&["-v", "mem:/m"], &["true"]).fails(125, &["mem", "one at a time"]);
    env.remove(&[&id]);
}

fn a_volume_of_a_folder_of_the_host(env: &TestEnv) {
    let folder = env.folder("share");
    env.file("share/f", "found");
    env.ok(&["volume", "create", "-o", "type=none", "-o", &format!("device={folder}"), "-o", "o=bind,ro", "v"]);
    assert_eq!(env.sh(&["-v", "v:/x"], "cat /x/f; touch /x/g 2>&1 | grep -o Read-only"), "foundRead-only");
    env.ok(&["volume", "rm", "v"]);
    assert!(env.work().join("share/f").exists());
}

fn a_subpath_stays_in_the_volume(env: &TestEnv) {
    env.file("secret", "of the host");
    let host = env.work().display().to_string();
    env.sh(
        &["-v", "v:/x"],
        &format!(
            "mkdir -p /x/a/b; echo in >/x/a/b/f; ln -s /a/b /x/abs; ln -s ../../../../../..{host} /x/up; ln -s {host} /x/out"
        ),
    );
    for path in ["a/b", "/a/b", "abs", "../../a/b"] {
        assert_eq!(env.sh(&["--mount", &format!("type=volume,src=v,dst=/y,volume-subpath={path}")], "cat /y/f"), "in", "{path}");
    }
    assert_eq!(env.sh(&["--mount", "type=volume,src=v,dst=/file,subpath=a/b/f"], "cat /file"), "in");
    for path in ["up", "out", "nothing", "out/secret"] {
        env.bb(&["--mount", &format!("type=volume,src=v,dst=/y,subpath={path}")], &["ls", "/y"]).fails(125, &["v"]);
    }
    let meta = files(env, "v").metadata().unwrap();
    assert_eq!(meta.uid(), rustix::process::getuid().as_raw());
}
