//! `cp`, `export` and `diff`: files in and out, and what a hostile container can make of that.

use crate::harness::archive::{Image, write_archive};
use crate::harness::canary::Canary;
use crate::harness::{Case, Need, TestEnv, case};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(files_go_in_and_out_of_running_and_stopped_containers),
        case!(folders_follow_dockers_rules),
        case!(what_cannot_be_is_125_and_says_why),
        case!(what_goes_in_belongs_to_the_containers_user_and_what_goes_out_to_the_caller),
        case!(owners_of_the_source_are_kept_on_wish).gap("podman gives the files to the container's user all the same"),
        case!(a_file_takes_a_folders_place_only_with_overwrite),
        case!(an_archive_goes_in_and_out_by_the_standard_streams),
        case!(volumes_and_tmpfs_are_reached).gap("podman does not find what is in /dev/shm"),
        case!(times_modes_links_and_fifos_are_kept),
        case!(a_fifo_as_a_source_does_not_hang_and_a_device_is_refused).gap("podman hangs or copies"),
        case!(within_a_container_and_between_two).gap("podman locks the container against itself"),
        case!(links_of_a_container_lead_nowhere_outside),
        case!(a_link_that_is_swapped_meanwhile_leads_nowhere_outside),
        case!(archives_cannot_climb_or_write_through_their_own_links),
        case!(nothing_of_the_container_is_executed).needs(&[Need::Strace]).only_ours("it looks at our system calls"),
        case!(a_mount_point_is_written_in_place).gap("podman writes below the mount"),
        case!(an_export_has_the_layers_and_not_the_mounts),
        case!(an_export_is_whole_or_not_there).only_ours("podman leaves a half file"),
        case!(a_diff_names_what_changed).gap("podman lists what it made itself"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// A container that was made from the busybox image and does not run.
fn created(env: &TestEnv, options: &[&str]) -> String {
    env.busybox();
    env.ok(&[&["create", "--network", "none"], options, &["bb", "sleep", "1000"]].concat())
}

fn read(env: &TestEnv, name: &str) -> String {
    std::fs::read_to_string(env.work().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn files_go_in_and_out_of_running_and_stopped_containers(env: &TestEnv) {
    env.file("f", "content");
    for id in [created(env, &[]), env.start(&[])] {
        env.ok(&["cp", "f", &format!("{id}:/tmp")]);
        env.ok(&["cp", "f", &format!("{id}:/tmp/other")]);
        env.ok(&["cp", &format!("{id}:/tmp/f"), "back"]);
        env.ok(&["cp", &format!("{id}:/tmp/other"), "."]);
        assert_eq!((read(env, "back"), read(env, "other")), ("content".to_owned(), "content".to_owned()));
        std::fs::remove_file(env.work().join("other")).unwrap();
        env.remove(&[&id]);
    }
    // What was copied in is there after the start.
    let id = created(env, &[]);
    env.ok(&["cp", "f", &format!("{id}:/kept")]);
    env.ok(&["start", &id]);
    env.run(&["exec", &id, "cat", "/kept"]).prints("content");
    env.remove(&[&id]);
}

fn folders_follow_dockers_rules(env: &TestEnv) {
    env.file("d/sub/f", "1");
    env.file("d/g", "2");
    let id = env.start(&[]);
    let at = |path: &str| format!("{id}:{path}");
    env.ok(&["cp", "d", &at("/tmp/new")]);
    env.ok(&["cp", "d", &at("/tmp/new")]);
    env.ok(&["cp", "d/.", &at("/tmp/contents")]);
    env.ok(&["cp", "d/.", &at("/tmp/contents")]);
    let listed = env.ok(&["exec", &id, "sh", "-c", "cd /tmp && find * -type f | sort"]);
    assert_eq!(listed, "contents/g\ncontents/sub/f\nnew/d/g\nnew/d/sub/f\nnew/g\nnew/sub/f");
    env.ok(&["cp", &at("/tmp/contents"), "out"]);
    env.ok(&["cp", &at("/tmp/contents"), "out"]);
    env.ok(&["cp", &at("/tmp/contents/."), "out"]);
    for path in ["out/g", "out/contents/g", "out/contents/sub/f"] {
        assert!(env.work().join(path).is_file(), "{path}");
    }
    assert!(!env.work().join("out/contents/contents").exists());
    env.remove(&[&id]);
}

fn what_cannot_be_is_125_and_says_why(env: &TestEnv) {
    env.file("f", "x");
    env.file("d/f", "x");
    let id = created(env, &[]);
    let at = |path: &str| format!("{id}:{path}");
    env.ok(&["cp", "f", &at("/f")]);
    for (from, to, words) in [
        ("nope", at("/x"), "could not be found"),
        ("f", at("/no/such"), "could not be found"),
        ("f", at("/nodir/"), "could not be found"),
        ("d", at("/f"), "must be a directory"),
        (&at("/nope"), "x".to_owned(), "could not be found"),
        (&at("/etc"), "f".to_owned(), "must be a directory"),
        (&at("/f"), "nodir/".to_owned(), "could not be found"),
        ("f", "nosuch:/x".to_owned(), "nosuch"),
        ("f", "g".to_owned(), ""),
        ("-", at("/f"), "must be a directory"),
    ] {
        let output = env.run(&["cp", from, &to]);
        assert!(output.code == 125 && output.stderr().contains(words), "{from} {to}: {output}");
    }
    env.cmd(&["cp", "-", &at("/tmp")]).stdin("no archive").run().fails(125, &["tar"]);
    env.remove(&[&id]);
}

fn what_goes_in_belongs_to_the_containers_user_and_what_goes_out_to_the_caller(env: &TestEnv) {
    env.file("d/f", "x");
    let id = env.start(&["--user", "33:44"]);
    env.ok(&["cp", "d", &format!("{id}:/tmp/")]);
    let owners = env.ok(&["exec", &id, "stat", "-c", "%u:%g", "/tmp/d", "/tmp/d/f"]);
    assert_eq!(owners, "33:44\n33:44");
    env.ok(&["exec", "--user", "0", &id, "chown", "-R", "5:6", "/tmp/d"]);
    env.ok(&["cp", &format!("{id}:/tmp/d"), "out"]);
    for path in ["out", "out/f"] {
        let meta = std::fs::metadata(env.work().join(path)).unwrap();
        assert_eq!(meta.uid(), rustix::process::getuid().as_raw(), "{path}");
    }
    env.remove(&[&id]);
}

fn owners_of_the_source_are_kept_on_wish(env: &TestEnv) {
    env.file("f", "x");
    let (one, two) = (env.start(&["--user", "33:44"]), env.start(&["--user", "33:44"]));
    env.ok(&["cp", "--archive=false", "f", &format!("{one}:/tmp/f")]);
    env.run(&["exec", &one, "stat", "-c", "%u:%g", "/tmp/f"]).prints("0:0");
    env.ok(&["exec", "--user", "0", &one, "chown", "5:6", "/tmp/f"]);
    env.ok(&["cp", "-a=false", &format!("{one}:/tmp/f"), &format!("{two}:/tmp/f")]);
    env.run(&["exec", &two, "stat", "-c", "%u:%g", "/tmp/f"]).prints("5:6");
    env.remove(&[&one, &two]);
}

fn a_file_takes_a_folders_place_only_with_overwrite(env: &TestEnv) {
    env.file("one/x", "file");
    env.file("two/x/in", "folder");
    let id = created(env, &[]);
    let to = format!("{id}:/tmp");
    env.ok(&["cp", "one/.", &to]);
    assert_eq!(env.run(&["cp", "two/.", &to]).code, 125);
    env.ok(&["cp", "--overwrite", "two/.", &to]);
    env.ok(&["cp", &format!("{id}:/tmp/x/in"), "in"]);
    assert_eq!(env.run(&["cp", "one/.", &to]).code, 125);
    env.ok(&["cp", "--overwrite", "one/.", &to]);
    env.ok(&["cp", &format!("{id}:/tmp/x"), "back"]);
    assert_eq!((read(env, "in"), read(env, "back")), ("folder".to_owned(), "file".to_owned()));
    env.remove(&[&id]);
}

fn an_archive_goes_in_and_out_by_the_standard_streams(env: &TestEnv) {
    env.file("d/f", "content");
    let id = env.start(&[]);
    env.ok(&["cp", "d", &format!("{id}:/tmp/")]);
    let out = env.run(&["cp", &format!("{id}:/tmp/d"), "-"]);
    out.ok();
    std::fs::write(env.work().join("out.tar"), &out.stdout).unwrap();
    let names = env.host("tar", &["tf", "out.tar"]).run().ok();
    assert_eq!(names.lines().map(|name| name.trim_end_matches('/')).collect::<Vec<_>>(), ["d", "d/f"]);
    env.host("gzip", &["-k", "out.tar"]).run().ok();
    for archive in ["out.tar", "out.tar.gz"] {
        let bytes = std::fs::read(env.work().join(archive)).unwrap();
        env.ok(&["exec", &id, "sh", "-c", "rm -rf /home/d"]);
        env.cmd(&["cp", "-", &format!("{id}:/home")]).stdin(bytes).run().ok();
        env.run(&["exec", &id, "cat", "/home/d/f"]).prints("content");
    }
    env.remove(&[&id]);
}

fn volumes_and_tmpfs_are_reached(env: &TestEnv) {
    let folder = env.folder("share");
    env.file("f", "content");
    let volume = format!("{folder}:/mnt/share");
    let (running, stopped) = (env.start(&["-v", &volume]), created(env, &["-v", &volume]));
    env.ok(&["cp", "f", &format!("{running}:/mnt/share/one")]);
    env.ok(&["cp", "f", &format!("{stopped}:/mnt/share/two")]);
    env.ok(&["cp", "f", &format!("{running}:/dev/shm/three")]);
    assert_eq!((read(env, "share/one"), read(env, "share/two")), ("content".to_owned(), "content".to_owned()));
    env.run(&["exec", &running, "cat", "/dev/shm/three"]).prints("content");
    env.ok(&["cp", &format!("{running}:/dev/shm/three"), "three"]);
    env.ok(&["cp", &format!("{stopped}:/mnt/share/one"), "four"]);
    assert_eq!((read(env, "three"), read(env, "four")), ("content".to_owned(), "content".to_owned()));
    env.remove(&[&running, &stopped]);
}

fn times_modes_links_and_fifos_are_kept(env: &TestEnv) {
    let file = env.file("d/f", "x");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(then).unwrap();
    symlink("f", env.work().join("d/l")).unwrap();
    std::fs::hard_link(&file, env.work().join("d/h")).unwrap();
    env.host("mkfifo", &["d/p"]).run().ok();
    let id = created(env, &[]);
    env.ok(&["cp", "d", &format!("{id}:/tmp/d")]);
    env.ok(&["cp", &format!("{id}:/tmp/d"), "back"]);
    let meta = |name: &str| std::fs::symlink_metadata(env.work().join("back").join(name)).unwrap();
    assert_eq!((meta("f").mode() & 0o7777, meta("f").mtime()), (0o640, 1_000_000_000));
    assert_eq!(std::fs::read_link(env.work().join("back/l")).unwrap().to_str(), Some("f"));
    assert_eq!(meta("h").ino(), meta("f").ino());
    assert_eq!(meta("p").mode() >> 12, 0o1);
    // A link at the end of the source is followed.
    symlink("d", env.work().join("link")).unwrap();
    env.ok(&["cp", "link", &format!("{id}:/tmp/")]);
    env.ok(&["cp", &format!("{id}:/tmp/link/f"), "through"]);
    assert_eq!(read(env, "through"), "x");
    env.remove(&[&id]);
}

fn a_fifo_as_a_source_does_not_hang_and_a_device_is_refused(env: &TestEnv) {
    let id = env.start_script(&[], "mkfifo /tmp/p; echo ready; exec sleep 1000");
    env.ok(&["cp", &format!("{id}:/tmp/p"), "p"]);
    assert_eq!(std::fs::symlink_metadata(env.work().join("p")).unwrap().mode() >> 12, 0o1);
    env.run(&["cp", &format!("{id}:/dev/null"), "n"]).fails(125, &["device"]);
    env.run(&["cp", "/dev/null", &format!("{id}:/tmp/n")]).fails(125, &["device"]);
    assert!(!env.work().join("n").exists());
    env.ok(&["cp", &format!("{id}:/proc/version"), "v"]);
    assert!(read(env, "v").contains("Linux"));
    env.remove(&[&id]);
}

fn within_a_container_and_between_two(env: &TestEnv) {
    env.file("f", "content");
    for (one, two) in [(env.start(&[]), created(env, &[])), (created(env, &[]), env.start(&[]))] {
        env.ok(&["cp", "f", &format!("{one}:/tmp/f")]);
        env.ok(&["cp", &format!("{one}:/tmp/f"), &format!("{one}:/root/g")]);
        env.ok(&["cp", &format!("{one}:/root"), &format!("{two}:/root/copy")]);
        env.ok(&["cp", &format!("{two}:/root/copy/g"), "back"]);
        assert_eq!(read(env, "back"), "content");
        env.run(&["cp", &format!("{one}:/root"), &format!("{one}:/root/below")]).fails(125, &["into itself"]);
        env.remove(&[&one, &two]);
    }
}

/// An image whose root holds links to the canary, and one link that stays inside.
fn hostile(env: &TestEnv, canary: &Canary) {
    let image = Image::busybox_with("hostile", |layer| {
        layer
            .symlink("abs", &canary.text())
            .symlink("up", &format!("../../../../../../../..{}", canary.text()))
            .symlink("leaf", &canary.at("file"))
            .symlink("magic", "/proc/self/root")
            .folder("run", 0o755)
            .symlink("var/run", "/run");
    });
    write_archive(env.work().join("hostile.tar"), &image.oci_entries());
    env.ok(&["load", "-i", "hostile.tar"]);
}

/// T29.
fn links_of_a_container_lead_nowhere_outside(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    hostile(env, &canary);
    env.file("f", "intruder");
    env.file("d/file", "intruder");
    let running = env.ok(&["run", "-d", "--network", "none", "hostile", "sleep", "1000"]);
    let stopped = env.ok(&["create", "--network", "none", "hostile", "sleep", "1000"]);
    for id in [&running, &stopped] {
        for target in ["/abs", "/abs/", "/abs/file", "/abs/new", "/up/file", "/up/new", "/leaf", "/abs/folder/x"] {
            for source in ["f", "d", "d/."] {
                let _ = env.run(&["cp", source, &format!("{id}:{target}")]);
            }
            canary.assert_unchanged();
        }
        for (number, source) in
            ["/abs", "/abs/secret", "/up/file", "/abs/.", "/magic/../..", "/magic/etc/hostname"].iter().enumerate()
        {
            let out = format!("out{number}");
            let _ = env.run(&["cp", &format!("{id}:{source}"), &out]);
            let found = env.host("grep", &["-r", "canary ", &out]).run();
            assert!(found.code != 0, "{source}: {found}");
        }
        // The twin: a link that stays inside is followed.
        env.ok(&["cp", "f", &format!("{id}:/var/run/f")]);
        env.ok(&["cp", &format!("{id}:/run/f"), "inside"]);
        assert_eq!(read(env, "inside"), "intruder");
        env.host("sh", &["-c", "chmod -R u+rwX out* inside 2>/dev/null; rm -rf out* inside"]).run().ok();
    }
    canary.assert_unchanged();
    env.remove(&[&running, &stopped]);
}

/// T29, T30.
fn a_link_that_is_swapped_meanwhile_leads_nowhere_outside(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    env.file("d/file", "intruder");
    env.file("d/folder/inner", "intruder");
    let script = format!(
        "mkdir -p /t/d/folder; echo mine >/t/d/file; cp -r /t/d /t/saved; echo ready; \
         while :; do rm -rf /t/d; ln -s {0} /t/d; rm -f /t/d; cp -r /t/saved /t/d; rm -rf /t/d/folder; ln -s {0}/folder /t/d/folder; done",
        canary.text()
    );
    let id = env.start_script(&[], &script);
    for round in 0..12 {
        let _ = env.run(&["cp", "d/.", &format!("{id}:/t/d")]);
        let _ = env.run(&["cp", "d/file", &format!("{id}:/t/d/file")]);
        let out = format!("out{round}");
        let _ = env.run(&["cp", &format!("{id}:/t/d"), &out]);
        let _ = env.run(&["cp", &format!("{id}:/t/d/secret"), &format!("{out}-s")]);
        let _ = env.run(&["export", "-o", &format!("{out}.tar"), &id]);
        let found = env.host("sh", &["-c", &format!("grep -r 'canary ' {out}* || [ $? = 1 ]")]).run();
        assert_eq!(found.ok(), "", "round {round}");
        let _ = env.run(&["diff", &id]);
        if round % 4 == 0 {
            let made = env.run(&["commit", "-q", &id, "raced"]);
            let look = ["run", "--rm", "--network", "none", "raced", "grep", "-r", "canary ", "/t"];
            assert!(made.code != 0 || env.run(&look).stdout().is_empty(), "round {round}");
        }
        canary.assert_unchanged();
    }
    env.remove(&[&id]);
}

/// T29.
fn archives_cannot_climb_or_write_through_their_own_links(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    let id = created(env, &[]);
    for fill in [
        |layer: &mut crate::harness::archive::Layer, _: &str| {
            layer.file("../../../../escaped", 0o644, "x");
        },
        |layer: &mut crate::harness::archive::Layer, canary: &str| {
            layer.symlink("l", canary).file("l/file", 0o644, "x").file("l/new", 0o644, "x");
        },
        |layer: &mut crate::harness::archive::Layer, canary: &str| {
            layer.hard_link("h", &format!("{canary}/file")).file("h", 0o644, "x");
        },
    ] {
        let archive = crate::harness::archive::layer(|layer| fill(layer, &canary.text()));
        let _ = env.cmd(&["cp", "-", &format!("{id}:/tmp")]).stdin(archive).run();
        canary.assert_unchanged();
        assert!(!env.path().join("escaped").exists());
    }
    env.remove(&[&id]);
}

/// T18.
fn nothing_of_the_container_is_executed(env: &TestEnv) {
    let id = env.start(&[]);
    env.file("f", "x");
    for args in [
        vec!["cp".to_owned(), "f".to_owned(), format!("{id}:/tmp/f")],
        vec!["cp".to_owned(), format!("{id}:/etc"), "etc".to_owned()],
        vec!["export".to_owned(), "-o".to_owned(), "x.tar".to_owned(), id.clone()],
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let trace = env.path().join("trace");
        let front = ["strace", "-f", "-qq", "-e", "trace=execve,setns", "-o", trace.to_str().unwrap()];
        env.cmd(&args).behind(&front).run().ok();
        let text = std::fs::read_to_string(&trace).unwrap();
        let joined = text.find("setns(").expect("it joins the container");
        let after: Vec<&str> = text[joined..].lines().filter(|line| line.contains("execve(")).collect();
        assert!(after.is_empty(), "{after:?}");
    }
    env.remove(&[&id]);
}

/// T30.
fn a_mount_point_is_written_in_place(env: &TestEnv) {
    env.file("hosts", "10.1.2.3 written\n");
    let id = env.start(&[]);
    env.ok(&["cp", "hosts", &format!("{id}:/etc/hosts")]);
    env.run(&["exec", &id, "cat", "/etc/hosts"]).prints("10.1.2.3 written");
    env.remove(&[&id]);
}

fn an_export_has_the_layers_and_not_the_mounts(env: &TestEnv) {
    let folder = env.folder("share");
    env.file("share/hidden", "x");
    let script =
        "echo own >/own; ln /own /again; chown 33:44 /own; mkdir -p /deep/er; rm -r /home/app; echo ready; exec sleep 1000";
    let id = env.start_script(&["-v", &format!("{folder}:/mnt/share")], script);
    let check = |name: &str| {
        let list = env.host("tar", &["--numeric-owner", "-tvf", name]).run().ok();
        let line = |path: &str| list.lines().find(|line| line.split_whitespace().nth(5) == Some(path));
        let owned = line("own").or_else(|| line("again")).unwrap_or_else(|| panic!("{list}"));
        assert!(owned.contains("33/44"), "{owned}");
        assert!(list.contains("link to") && line("deep/er/").is_some() && line("bin/sh").is_some(), "{list}");
        assert!(line("mnt/share/hidden").is_none() && line("proc/1/").is_none() && line("dev/null").is_none(), "{list}");
        assert!(line("home/app/").is_none(), "{list}");
    };
    env.ok(&["export", "-o", "running.tar", &id]);
    check("running.tar");
    let out = env.run(&["export", &id]);
    out.ok();
    std::fs::write(env.work().join("stream.tar"), &out.stdout).unwrap();
    check("stream.tar");
    env.ok(&["stop", "-t", "0", &id]);
    env.ok(&["export", "-o", "stopped.tar", &id]);
    check("stopped.tar");
    // What was exported can be run again.
    env.ok(&["import", "stopped.tar", "again"]);
    env.run(&["run", "--rm", "--network", "none", "again", "cat", "/own"]).prints("own");
    env.remove(&[&id]);
}

fn an_export_is_whole_or_not_there(env: &TestEnv) {
    env.file("old.tar", "old");
    env.run(&["export", "-o", "old.tar", "nosuch"]).fails(125, &["nosuch"]);
    assert_eq!(read(env, "old.tar"), "old");
    let id = created(env, &[]);
    env.run(&["export", "-o", "no/such/folder.tar", &id]).fails(125, &["no/such"]);
    env.run(&["export", "-o", "/dev/full", &id]).fails(125, &["No space"]);
    let names: Vec<_> = std::fs::read_dir(env.work()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["old.tar"]);
    env.remove(&[&id]);
}

fn a_diff_names_what_changed(env: &TestEnv) {
    let id = created(env, &[]);
    env.run(&["diff", &id]).prints("");
    env.remove(&[&id]);
    let folder = env.folder("share");
    let script = "echo x >>/etc/passwd; rm /bin/cat; rm -rf /home/app; mkdir /new; echo >/new/f; rm -r /root; mkdir -m 700 /root; \
                  chmod 700 /var; echo >/mnt/share/f; echo ready; exec sleep 1000";
    let id = env.start_script(&["-v", &format!("{folder}:/mnt/share")], script);
    let shown = env.ok(&["diff", &id]);
    let shown: Vec<&str> = shown.lines().filter(|line| *line != "A /mnt").collect();
    assert_eq!(
        shown,
        ["C /bin", "D /bin/cat", "C /etc", "C /etc/passwd", "C /home", "D /home/app", "A /new", "A /new/f", "C /var"]
    );
    let json: serde_json::Value = serde_json::from_str(&env.ok(&["diff", "--format", "json", &id])).unwrap();
    assert_eq!(json["deleted"], serde_json::json!(["/bin/cat", "/home/app"]));
    env.remove(&[&id]);
}
