//! How layers are stacked: by the kernel, by a program, by copies; and where no layer can be.

use crate::harness::archive::{Image, write_archive};
use crate::harness::{Case, Need, TestEnv, case, host};
use std::fs;

pub fn cases() -> Vec<Case> {
    let ours = "it looks into our store";
    let all = [
        case!(the_driver_is_found_out_and_remembered).only_ours(ours),
        case!(a_program_stacks_the_layers).only_ours(ours),
        case!(all_that_shows_layers_goes_by_the_program).only_ours(ours),
        case!(the_program_ends_with_the_container_whoever_is_killed).only_ours(ours),
        case!(containers_can_be_whole_copies).only_ours(ours),
        case!(five_hundred_layers_are_stacked).only_ours(ours),
        case!(foreign_drivers_are_refused_with_a_reason).only_ours(ours),
        case!(storage_conf_says_where_the_store_is).only_ours(ours),
        case!(removal_works_at_zero_bytes_free).only_ours(ours).needs(&[Need::SmallDisk]),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

const PROGRAM: &str = "/usr/bin/fuse-overlayfs";
const OPTION: &str = "overlay.mount_program=/usr/bin/fuse-overlayfs";

/// The command line that loads busybox under the name `bb` with global options.
fn load(env: &TestEnv, options: &[&str], image: &Image) {
    write_archive(env.work().join("in.tar"), &image.oci_entries());
    env.ok(&[options, &["load", "-q", "-i", "in.tar"]].concat());
}

fn busybox() -> Image {
    Image::busybox_with("bb", |layer| {
        layer.file("d/old", 0o644, "old").whiteout("bin", "vi");
    })
}

fn driver(env: &TestEnv) -> String {
    fs::read_to_string(env.data().join("driver")).unwrap()
}

/// The processes of the program that stack the layers of a container.
fn programs(id: &str) -> usize {
    let ours = |pid: &str| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.starts_with(PROGRAM.as_bytes()) && String::from_utf8_lossy(&line).contains(id)
    };
    let names = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()) && ours(name)).count()
}

fn until_no_program(id: &str) {
    let begin = std::time::Instant::now();
    while programs(id) > 0 {
        assert!(begin.elapsed().as_secs() < 20, "a program is left");
        std::thread::yield_now();
    }
}

fn has_program() -> bool {
    host::find_program("fuse-overlayfs").is_some() && std::path::Path::new("/dev/fuse").exists()
}

fn the_driver_is_found_out_and_remembered(env: &TestEnv) {
    assert!(!env.data().join("driver").exists());
    load(env, &[], &busybox());
    assert_eq!(driver(env), "overlay\n");
    assert_eq!(env.ok(&["info", "--format", "{{.Store.GraphDriverName}}"]), "overlay");
}

fn a_program_stacks_the_layers(env: &TestEnv) {
    if !has_program() {
        return;
    }
    load(env, &["--storage-opt", OPTION], &busybox());
    assert_eq!(driver(env), format!("fuse-overlayfs {PROGRAM}\n"));
    let script = "grep ' / ' /proc/mounts; cat /d/old; rm /d/old; echo new >/d/new; chown 7:8 /d/new; test -e /bin/vi; echo $?";
    let shown = env.ok(&["run", "--name", "c", "--network", "none", "bb", "sh", "-c", script]);
    assert!(shown.starts_with("fuse / fuse") && shown.ends_with("old1"), "{shown}");
    let id = env.field("c", "{{.Id}}");
    until_no_program(&id);
    let diff = env.run(&["diff", "c"]).lines();
    for line in ["D /d/old", "A /d/new", "C /d"] {
        assert!(diff.iter().any(|found| found == line), "{line}: {diff:?}");
    }
    assert!(!diff.iter().any(|line| line.contains(".wh.")), "{diff:?}");
    env.ok(&["commit", "-q", "c", "made"]);
    assert_eq!(env.ok(&["run", "--rm", "--network", "none", "made", "sh", "-c", "stat -c %u:%g /d/*"]), "7:8");
    assert!(env.ok(&["run", "--rm", "--network", "none", "--userns", "keep-id", "made", "id"]).starts_with("uid="));
    env.remove(&["c"]);
    until_no_program(&id);
}

/// Volumes of images, overlays of mounts, `cp`, `export`, `mount`: with a program as with the kernel.
fn all_that_shows_layers_goes_by_the_program(env: &TestEnv) {
    if !has_program() {
        return;
    }
    load(env, &["--storage-opt", OPTION], &busybox());
    load(
        env,
        &["--storage-opt", OPTION],
        &Image::busybox_with("other", |layer| {
            layer.file("data/x", 0o644, "upper").whiteout("bin", "vi");
        }),
    );
    let run = |options: &[&str], script: &str| {
        env.ok(&[&["run", "--rm", "--network", "none"][..], options, &["bb", "sh", "-c", script]].concat())
    };
    let look = "cat /m/data/x; test -e /m/bin/vi; echo $?; touch /m/y 2>/dev/null || echo read-only";
    assert_eq!(run(&["--mount", "type=image,src=other,dst=/m"], look), "upper1\nread-only");
    assert_eq!(run(&["--mount", "type=image,src=other,dst=/m,rw=true"], "echo y >/m/data/y; cat /m/data/*"), "uppery");
    env.file("folder/file", "mine");
    let folder = env.work().join("folder").to_string_lossy().into_owned();
    let script = "cat /o/file; echo changed >/o/file; cat /o/file";
    assert_eq!(run(&["-v", &format!("{folder}:/o:O")], script), "minechanged");
    assert_eq!(fs::read_to_string(env.work().join("folder/file")).unwrap(), "mine");
    env.ok(&["create", "--name", "c", "--network", "none", "bb", "true"]);
    env.ok(&["cp", "folder/file", "c:/d/in"]);
    env.ok(&["cp", "c:/d/in", "back"]);
    assert_eq!(fs::read_to_string(env.work().join("back")).unwrap(), "mine");
    env.ok(&["export", "-o", "c.tar", "c"]);
    let listed = env.host("tar", &["-tf", "c.tar"]).run().ok();
    assert!(listed.contains("d/in") && listed.contains("d/old") && !listed.contains("bin/vi\n"), "{listed}");
    let tool = env.tool().to_string_lossy().into_owned();
    let script = format!(
        "cat $({tool} mount c)/d/in $({tool} image mount other)/data/x; {tool} unmount -a >/dev/null; {tool} image unmount -a >/dev/null"
    );
    assert_eq!(env.ok(&["unshare", "sh", "-c", &script]), "mineupper");
    env.remove(&["c"]);
    until_no_program(&env.data().to_string_lossy());
}

fn the_program_ends_with_the_container_whoever_is_killed(env: &TestEnv) {
    if !has_program() {
        return;
    }
    load(env, &["--storage-opt", OPTION], &busybox());
    for what in ["{{.State.ConmonPid}}", "{{.State.Pid}}", ""] {
        let id = env.ok(&["run", "-d", "--network", "none", "bb", "sleep", "1000"]);
        assert_eq!(programs(&id), 1);
        match what {
            "" => drop(env.ok(&["kill", &id])),
            what => {
                let pid = env.field(&id, what);
                crate::harness::program::ok("kill", &["-9", &pid]);
            }
        }
        until_no_program(&id);
        env.remove(&[&id]);
    }
}

fn containers_can_be_whole_copies(env: &TestEnv) {
    load(env, &["--storage-driver", "vfs"], &busybox());
    assert_eq!((driver(env).as_str(), env.ok(&["info", "--format", "{{.Store.GraphDriverName}}"]).as_str()), ("vfs\n", "vfs"));
    let script = "cat /d/old; echo x >/new; test -e /bin/vi; echo $?";
    assert_eq!(env.ok(&["run", "--name", "c", "--network", "none", "bb", "sh", "-c", script]), "old1");
    assert_eq!(env.ok(&["run", "--rm", "--network", "none", "bb", "ls", "/d"]), "old");
    env.run(&["diff", "c"]).fails(125, &["export"]);
    env.run(&["commit", "c", "made"]).fails(125, &["--squash"]);
    env.ok(&["commit", "-q", "--squash", "c", "made"]);
    assert_eq!(env.ok(&["run", "--rm", "--network", "none", "made", "cat", "/new"]), "x");
    env.ok(&["cp", "c:/new", "out"]);
    assert_eq!(fs::read_to_string(env.work().join("out")).unwrap(), "x\n");
    // Another driver leaves the container what it has.
    env.ok(&["--storage-driver", "overlay", "load", "-q", "-i", "in.tar"]);
    assert_eq!(driver(env), "overlay\n");
    env.ok(&["start", "-a", "c"]);
    env.remove(&["c"]);
}

fn five_hundred_layers_are_stacked(env: &TestEnv) {
    let mut image = busybox();
    let one = |number: usize| {
        crate::harness::archive::layer(|layer| {
            layer.file(&format!("n/{number}"), 0o644, "x");
        })
    };
    image.layers.extend((0..498).map(one));
    load(env, &[], &image);
    let count = ["run", "--rm", "--network", "none", "bb", "sh", "-c", "ls /n | wc -l"];
    assert_eq!(env.ok(&count).trim(), "498");
    if has_program() {
        load(env, &["--storage-opt", OPTION], &busybox());
        assert_eq!(driver(env), format!("fuse-overlayfs {PROGRAM}\n"));
        load(env, &[], &image);
        assert_eq!(env.ok(&count).trim(), "498");
    }
    load(env, &["--storage-driver", "vfs"], &image);
    assert_eq!(env.ok(&count).trim(), "498");
}

fn foreign_drivers_are_refused_with_a_reason(env: &TestEnv) {
    env.run(&["--storage-driver", "btrfs", "images"]).fails(125, &["btrfs", "overlay"]);
    env.run(&["--storage-opt", "overlay.size=1G", "images"]).fails(125, &["overlay.size=1G"]);
    write_archive(env.work().join("in.tar"), &busybox().oci_entries());
    let program = "overlay.mount_program=/bin/false";
    env.run(&["--storage-opt", program, "load", "-i", "in.tar"]).fails(125, &["/bin/false"]);
    assert_eq!(env.ok(&["images", "-q"]), "");
}

fn storage_conf_says_where_the_store_is(env: &TestEnv) {
    let folder = env.home().join(".config/containers");
    fs::create_dir_all(&folder).unwrap();
    let root = env.work().join("graph");
    fs::write(folder.join("storage.conf"), format!("[storage]\ndriver = \"vfs\"\ngraphroot = \"{}\"\n", root.display())).unwrap();
    load(env, &[], &busybox());
    assert_eq!(fs::read_to_string(root.join("coracle/driver")).unwrap(), "vfs\n");
    assert_eq!(env.ok(&["info", "--format", "{{.Store.GraphRoot}}"]), root.join("coracle").to_string_lossy());
    assert_eq!(env.ok(&["run", "--rm", "--network", "none", "bb", "cat", "/d/old"]), "old");
    // The command line goes before it.
    let other = env.work().join("other");
    let other = other.to_string_lossy();
    assert_eq!(env.ok(&["--root", &other, "images", "-q"]), "");
    env.ok(&["rmi", "-a"]);
    fs::remove_file(folder.join("storage.conf")).unwrap();
    env.ok(&["unshare", "rm", "-rf", &root.to_string_lossy(), &other]);
}

fn removal_works_at_zero_bytes_free(env: &TestEnv) {
    load(env, &[], &busybox());
    let id = env.ok(&["create", "--network", "none", "bb", "true"]);
    env.ok(&["tag", "bb", "second"]);
    let filler = env.data().join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    use std::io::Write as _;
    while file.write_all(&[1; 4096]).is_ok() {}
    while file.write_all(&[1]).is_ok() {}
    env.ok(&["rm", &id]);
    env.ok(&["untag", "bb", "second"]);
    env.ok(&["rmi", "bb"]);
    env.ok(&["system", "prune", "-a", "-f"]);
    assert_eq!(fs::read_dir(env.data().join("layers")).unwrap().count(), 0);
    drop(file);
    fs::remove_file(&filler).unwrap();
}
