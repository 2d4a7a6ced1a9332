//! `--mount`, `--tmpfs`, `--read-only`, overlays, owners, `--rootfs`; and images that fight back.

use crate::harness::archive::{Image, busybox_root, write_archive};
use crate::harness::canary::Canary;
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::Value;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(every_spelling_of_a_bind_mount_mounts_it),
        case!(a_mount_that_cannot_be_is_125),
        case!(tmpfs_begins_with_the_images_files),
        case!(tmpfs_has_the_size_and_mode_that_were_asked_for),
        case!(read_only_leaves_places_in_memory),
        case!(read_only_without_tmpfs_leaves_nothing).gap("podman 4 leaves /dev writable"),
        case!(shm_has_the_size_that_was_asked_for),
        case!(read_only_goes_down_to_what_is_mounted_below).gap("podman's ro is not recursive"),
        case!(an_overlay_of_a_host_folder_is_thrown_away),
        case!(an_overlay_can_keep_what_is_written),
        case!(u_gives_the_files_to_the_containers_user_and_nothing_else).needs(&[Need::Subids]),
        case!(an_image_is_mounted_as_files),
        case!(an_image_that_is_mounted_stays).gap("podman 4.3 removes an image that a container mounts"),
        case!(devpts_ramfs_and_glob).gap("podman 4 has neither ramfs nor glob"),
        case!(a_link_can_be_mounted_itself).gap("podman 4 has no no-dereference"),
        case!(targets_that_are_links_stay_in_the_root),
        case!(a_mount_below_a_mount_stays_in_the_container),
        case!(a_target_that_is_swapped_for_a_link_stays_in_the_root),
        case!(no_target_and_no_source_leads_into_proc).gap("podman mounts over /proc"),
        case!(files_of_the_engine_are_not_made_in_a_folder_of_the_users).gap("podman makes them there"),
        case!(a_bind_mount_that_will_not_work_is_explained).needs(&[Need::Subids]).gap("podman explains nothing"),
        case!(inspect_shows_the_mounts),
        case!(a_root_folder_is_the_container),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn mount_line(text: &str, target: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.split(' ').nth(1) == Some(target));
    line.unwrap_or_else(|| panic!("no {target} in {text}")).split([' ', ',']).map(str::to_owned).collect()
}

fn every_spelling_of_a_bind_mount_mounts_it(env: &TestEnv) {
    let folder = env.folder("share");
    env.file("share/f", "found");
    for mount in [
        format!("type=bind,src={folder},dst=/x"),
        format!("type=bind,source={folder},destination=/x,ro"),
        format!("type=bind,src={folder},target=/x,readonly=true,bind-propagation=rslave"),
        "type=bind,src=./share,dst=/x".to_owned(),
    ] {
        env.bb(&["--mount", &mount], &["cat", "/x/f"]).prints("found");
    }
    let read_only = format!("type=bind,src={folder},dst=/x,ro");
    assert!(env.bb(&["--mount", &read_only], &["touch", "/x/g"]).stderr().contains("Read-only"));
}

fn a_mount_that_cannot_be_is_125(env: &TestEnv) {
    let folder = env.folder("share");
    for mount in [
        format!("type=bind,src={folder}"),
        format!("type=nosuch,src={folder},dst=/x"),
        "type=bind,src=/no/such/folder,dst=/x".to_owned(),
        format!("type=bind,src={folder},dst=/x,nosuchoption"),
        format!("type=bind,src={folder},dst=relative"),
    ] {
        let output = env.bb(&["--mount", &mount], &["true"]);
        assert_eq!(output.code, 125, "{output}");
    }
    env.bb(&["--tmpfs", "/x", "-v", &format!("{folder}:/x")], &["true"]).fails(125, &["/x"]);
}

fn tmpfs_begins_with_the_images_files(env: &TestEnv) {
    assert_eq!(env.sh(&["--tmpfs", "/etc"], "grep -c root /etc/passwd; touch /etc/new"), "1");
    assert_eq!(env.sh(&["--tmpfs", "/etc:notmpcopyup"], "ls /etc/passwd 2>/dev/null; stat -c %a /etc"), "1777");
    assert_eq!(env.sh(&["--mount", "type=tmpfs,dst=/new,tmpfs-mode=0700"], "stat -c %a /new"), "700");
    let image = Image::busybox_with("modes", |layer| {
        let owned = crate::harness::archive::Attributes { mode: 0o750, uid: 0, gid: 0 };
        layer.entry(tar::EntryType::Directory, "d/", owned, "", b"").file("d/f", 0o600, "x");
    });
    write_archive(env.work().join("m.tar"), &image.oci_entries());
    env.ok(&["load", "-i", "m.tar"]);
    let args = ["run", "--rm", "--network", "none", "--tmpfs", "/d", "modes", "stat", "-c", "%a", "/d", "/d/f"];
    env.run(&args).prints("1777\n600");
}

fn tmpfs_has_the_size_and_mode_that_were_asked_for(env: &TestEnv) {
    let text = env.sh(
        &["--tmpfs", "/t:size=2m,noexec", "--mount", "type=tmpfs,dst=/u,tmpfs-size=3m,tmpfs-mode=0711"],
        "cat /proc/mounts; stat -c %a /u",
    );
    let (one, two) = (mount_line(&text, "/t"), mount_line(&text, "/u"));
    assert!(
        one.contains(&"size=2048k".to_owned()) && one.contains(&"noexec".to_owned()) && one.contains(&"nosuid".to_owned()),
        "{one:?}"
    );
    assert!(two.contains(&"size=3072k".to_owned()) && text.ends_with("711"), "{two:?}");
    let output = env.bb(&["--tmpfs", "/t:size=64k"], &["dd", "if=/dev/zero", "of=/t/f", "bs=1k", "count=100"]);
    assert!(output.code != 0 && output.stderr().contains("No space"), "{output}");
}

fn read_only_leaves_places_in_memory(env: &TestEnv) {
    let script = "for f in /etc/x /x /run/x /tmp/x /var/tmp/x /dev/shm/x /dev/x; do touch $f 2>/dev/null && echo $f; done; \
        grep ' / ' /proc/mounts | head -1 | cut -d' ' -f4 | cut -c1-2";
    let writable = env.sh(&["--read-only"], script);
    assert_eq!(writable, "/run/x\n/tmp/x\n/var/tmp/x\n/dev/shm/x\n/dev/x\nro");
    // What is mounted stays as it was asked for.
    let folder = env.folder("share");
    env.sh(&["--read-only", "-v", &format!("{folder}:/made/anew")], "touch /made/anew/f");
    assert!(env.work().join("share/f").exists());
    let id = env.start(&["--read-only"]);
    assert_eq!(env.field(&id, "{{.HostConfig.ReadonlyRootfs}}"), "true");
    assert_eq!(env.ok(&["exec", &id, "sh", "-c", "touch /x 2>&1 | grep -o Read-only"]), "Read-only");
    env.remove(&[&id]);
}

fn read_only_without_tmpfs_leaves_nothing(env: &TestEnv) {
    let script =
        "for f in /etc/x /run/x /tmp/x /var/tmp/x /dev/shm/x /dev/x; do touch $f 2>/dev/null && echo $f; done; echo >/dev/null";
    assert_eq!(env.sh(&["--read-only", "--read-only-tmpfs=false"], script), "");
}

fn shm_has_the_size_that_was_asked_for(env: &TestEnv) {
    let size = |options: &[&str]| mount_line(&env.sh(options, "cat /proc/mounts"), "/dev/shm").join(",");
    assert!(size(&[]).contains("size=65536k") || size(&[]).contains("size=64000k"));
    assert!(size(&["--shm-size", "1m"]).contains("size=1024k"));
    env.bb(&["--shm-size", "big"], &["true"]).code(125);
}

fn read_only_goes_down_to_what_is_mounted_below(env: &TestEnv) {
    env.busybox();
    let below = env.folder("share/below");
    let parent = below.strip_suffix("/below").unwrap().to_owned();
    let try_it = |volume: &str| {
        let script = format!("mount -t tmpfs tmpfs '{below}' && exec \"$@\"");
        let args = [
            "run",
            "--rm",
            "--network",
            "none",
            "--mount",
            volume,
            "bb",
            "sh",
            "-c",
            "touch /x/f; touch /x/below/f && echo written",
        ];
        env.cmd(&args).behind(&["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]).run().stdout()
    };
    assert_eq!(try_it(&format!("type=bind,src={parent},dst=/x,ro")).trim(), "");
    assert_eq!(try_it(&format!("type=bind,src={parent},dst=/x,ro,bind-recursive=writable")).trim(), "written");
    assert!(!env.work().join("share/f").exists());
}

fn an_overlay_of_a_host_folder_is_thrown_away(env: &TestEnv) {
    let folder = env.folder("share");
    env.file("share/f", "host");
    let volume = format!("{folder}:/x:O");
    assert_eq!(env.sh(&["-v", &volume], "echo changed >/x/f; rm -f /x/none; touch /x/new; cat /x/f"), "changed");
    assert_eq!(std::fs::read_to_string(env.work().join("share/f")).unwrap(), "host");
    assert!(!env.work().join("share/new").exists());
    env.busybox();
    let id = env.ok(&["create", "--network", "none", "-v", &volume, "bb", "sh", "-c", "ls /x; touch /x/new"]);
    for _ in 0..2 {
        assert_eq!(env.ok(&["start", "-a", &id]), "f", "nothing is left of the last start");
    }
    env.ok(&["rm", &id]);
}

fn an_overlay_can_keep_what_is_written(env: &TestEnv) {
    let (folder, upper, work) = (env.folder("share"), env.folder("upper"), env.folder("work"));
    let volume = format!("{folder}:/x:O,upperdir={upper},workdir={work}");
    env.sh(&["-v", &volume], "echo kept >/x/f");
    env.bb(&["-v", &volume], &["cat", "/x/f"]).prints("kept");
    assert!(env.work().join("upper/f").exists() && !env.work().join("share/f").exists());
    env.ok(&["unshare", "rm", "-rf", &work]);
}

fn u_gives_the_files_to_the_containers_user_and_nothing_else(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    let folder = env.folder("share/sub");
    env.file("share/sub/f", "x");
    std::os::unix::fs::symlink(canary.text(), env.work().join("share/out")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", env.work().join("share/abs")).unwrap();
    let parent = folder.strip_suffix("/sub").unwrap().to_owned();
    let volume = format!("{parent}:/x:U");
    let look = "cd /x; stat -c '%n %u:%g' . sub sub/f out";
    for _ in 0..2 {
        assert_eq!(env.sh(&["-u", "7:8", "-v", &volume], look), ". 7:8\nsub 7:8\nsub/f 7:8\nout 7:8");
    }
    assert_eq!(env.sh(&["-v", &volume], look), ". 0:0\nsub 0:0\nsub/f 0:0\nout 0:0");
    assert_eq!(env.sh(&["-u", "7:8", "-v", "v:/x:U"], "touch /x/f; stat -c %u:%g /x"), "7:8");
    canary.assert_unchanged();
}

fn an_image_is_mounted_as_files(env: &TestEnv) {
    env.busybox();
    let image = Image::busybox_with("other", |layer| {
        layer.folder("d", 0o755).file("d/f", 0o644, "of the image");
    });
    write_archive(env.work().join("o.tar"), &image.oci_entries());
    env.ok(&["load", "-i", "o.tar"]);
    let read_only = "cat /i/d/f; touch /i/x 2>&1 | grep -o Read-only";
    assert_eq!(env.sh(&["--mount", "type=image,src=other,dst=/i"], read_only), "of the imageRead-only");
    env.sh(&["--mount", "type=image,src=other,dst=/i,rw=true"], "echo x >/i/d/f; touch /i/new");
    assert_eq!(env.sh(&["--mount", "type=image,src=other,dst=/i"], read_only), "of the imageRead-only");
    assert!(env.bb(&["--mount", "type=image,src=nosuch,dst=/i"], &["true"]).code >= 125);
}

fn an_image_that_is_mounted_stays(env: &TestEnv) {
    env.busybox();
    let archive = busybox_root().to_string_lossy().into_owned();
    env.ok(&["import", "-c", "LABEL a=b", &archive, "other"]);
    let id = env.ok(&["create", "--mount", "type=image,src=other,dst=/i", "bb", "true"]);
    let refused = env.run(&["rmi", "other"]);
    assert!(refused.code == 2 || refused.code == 125, "an image that is mounted: {refused}");
    env.ok(&["rm", &id]);
    env.ok(&["rmi", "other"]);
}

fn devpts_ramfs_and_glob(env: &TestEnv) {
    env.file("conf/a.conf", "a");
    env.file("conf/b.conf", "b");
    env.file("conf/c.txt", "c");
    let glob = "type=glob,src=./conf/*.conf,dst=/conf,ro";
    let text = env.sh(
        &["--mount", "type=devpts,dst=/pty,mode=0600", "--mount", "type=ramfs,dst=/ram", "--mount", glob],
        "cat /conf/*; ls /conf | wc -l; touch /ram/f; ls /pty; cat /proc/mounts",
    );
    assert!(text.starts_with("ab2\nptmx\n"), "{text}");
    assert!(mount_line(&text, "/pty").contains(&"devpts".to_owned()) && mount_line(&text, "/ram").contains(&"ramfs".to_owned()));
    env.bb(&["--mount", "type=glob,src=./conf/*.nosuch,dst=/conf"], &["true"]).fails(125, &["no path fits"]);
}

fn a_link_can_be_mounted_itself(env: &TestEnv) {
    env.file("real", "content");
    std::os::unix::fs::symlink("/etc/hostname", env.work().join("link")).unwrap();
    let text = env.sh(&["--mount", "type=bind,src=./link,dst=/l,no-dereference"], "readlink /l");
    assert_eq!(text, "/etc/hostname");
}

fn targets_that_are_links_stay_in_the_root(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    let image = Image::busybox_with("links", |layer| {
        layer.symlink("abs", &canary.text()).symlink("up", &format!("../../../../..{}", canary.text()));
        layer.symlink("self", "/proc/self/root").symlink("cwd", "/proc/self/cwd").symlink("one", "/proc/1/root/tmp");
        layer.symlink("fine", "tmp");
    });
    write_archive(env.work().join("i.tar"), &image.oci_entries());
    env.ok(&["load", "-i", "i.tar"]);
    let folder = env.folder("share");
    for link in ["abs", "up", "self", "cwd", "one"] {
        for options in [
            vec!["-v".to_owned(), format!("vol:/{link}/new")],
            vec!["-v".to_owned(), format!("vol:/{link}")],
            vec!["--tmpfs".to_owned(), format!("/{link}/new")],
            vec!["-v".to_owned(), format!("{folder}:/{link}/new:O")],
            vec!["--mount".to_owned(), format!("type=image,src=links,dst=/{link}/i")],
            vec!["--mount".to_owned(), format!("type=ramfs,dst=/{link}")],
        ] {
            let mut args: Vec<&str> = vec!["run", "--rm", "--network", "none"];
            args.extend(options.iter().map(String::as_str));
            args.extend(["links", "true"]);
            let output = env.run(&args);
            assert!(output.code == 0 || output.code >= 125, "{output}");
            canary.assert_unchanged();
        }
    }
    // The twin: a link that stays inside is followed.
    let args = ["run", "--rm", "--network", "none", "--tmpfs", "/fine/t", "links", "grep", "-c", " /tmp/t ", "/proc/mounts"];
    env.run(&args).prints("1");
}

fn a_mount_below_a_mount_stays_in_the_container(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    // The first mount brings the links along that the second one goes through.
    let folder = env.folder("share");
    std::os::unix::fs::symlink(canary.text(), env.work().join("share/abs")).unwrap();
    std::os::unix::fs::symlink("/proc/1/root", env.work().join("share/root")).unwrap();
    for target in ["/a/abs/new", "/a/abs", "/a/root/tmp/x"] {
        for mount in [format!("vol:{target}"), format!("/etc/passwd:{target}")] {
            let output = env.bb(&["-v", &format!("{folder}:/a"), "-v", &mount], &["true"]);
            assert!(output.code == 0 || output.code >= 125, "{output}");
            canary.assert_unchanged();
        }
    }
    assert_eq!(env.sh(&["-v", &format!("{folder}:/a"), "-v", "vol:/a/inner"], "touch /a/inner/f; ls /a/inner"), "f");
    assert_eq!(std::fs::read_dir(env.work().join("share/inner")).unwrap().count(), 0);
}

fn no_target_and_no_source_leads_into_proc(env: &TestEnv) {
    let folder = env.folder("share");
    for options in [
        vec!["-v".to_owned(), format!("{folder}:/proc")],
        vec!["--tmpfs".to_owned(), "/proc".to_owned()],
        vec!["--mount".to_owned(), "type=tmpfs,dst=//proc/.".to_owned()],
        vec!["-v".to_owned(), "vol:/x/../proc".to_owned()],
    ] {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let output = env.bb(&options, &["true"]);
        assert!(output.code >= 125, "{output}");
    }
    // A volume as the parent of what the kernel shows does not replace it.
    assert_eq!(env.sh(&["-v", "vol:/sys/fs/cgroup"], "stat -f -c %T /proc"), "proc");
}

fn files_of_the_engine_are_not_made_in_a_folder_of_the_users(env: &TestEnv) {
    let folder = env.folder("etc");
    env.file("etc/hosts", "mine\n");
    env.sh(&["-v", &format!("{folder}:/etc")], "true");
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["hosts"]);
    assert_eq!(std::fs::read_to_string(env.work().join("etc/hosts")).unwrap(), "mine\n");
    // In a volume they are wanted as anywhere.
    assert!(env.sh(&["-v", "v:/etc"], "cat /etc/hosts").contains("localhost"));
}

fn a_bind_mount_that_will_not_work_is_explained(env: &TestEnv) {
    let folder = env.folder("share");
    let volume = format!("{folder}:/x");
    let output = env.bb(&["-u", "1000", "-v", &volume], &["touch", "/x/f"]);
    assert!(output.code != 0 && output.stderr().contains("keep-id:uid=1000") && output.stderr().contains(&folder), "{output}");
    // Also for a user that the image names.
    let add = "echo app:x:1000:1000::/:/bin/sh >> /etc/passwd";
    env.ok(&["run", "--name", "made", "--network", "none", "bb", "sh", "-c", add]);
    env.ok(&["commit", "-q", "made", "named"]);
    env.remove(&["made"]);
    let output = env.run(&["run", "--rm", "--network", "none", "-u", "app", "-v", &volume, "named", "touch", "/x/f"]);
    assert!(output.code != 0 && output.stderr().contains("keep-id:uid=1000"), "{output}");
    for options in [
        vec!["-v", &volume],
        vec!["-u", "1000", "-v", "/etc/passwd:/p"],
        vec!["-u", "1000", "-v", "vol:/x"],
        vec!["-u", "1000", "--tmpfs", "/x"],
    ] {
        let output = env.bb(&options, &["true"]);
        assert!(output.code == 0 && output.stderr.is_empty(), "a false alarm: {output}");
    }
    let read_only = format!("{volume}:ro");
    assert!(env.bb(&["-u", "1000", "-v", &read_only], &["ls", "/x"]).stderr().is_empty());
    let given = format!("{volume}:U");
    assert!(env.bb(&["-u", "1000", "-v", &given], &["touch", "/x/f"]).stderr().is_empty());
    env.sh(&["-v", &given], "rm /x/f");
}

fn inspect_shows_the_mounts(env: &TestEnv) {
    let folder = env.folder("share");
    env.busybox();
    let id = env.ok(&[
        "create",
        "-v",
        &format!("{folder}:/b:ro,noexec"),
        "-v",
        "vol:/v:nocopy",
        "--tmpfs",
        "/t:size=1m",
        "--shm-size",
        "1m",
        "bb",
        "true",
    ]);
    let mounts: Vec<Value> = serde_json::from_str(&env.field(&id, "{{json .Mounts}}")).unwrap();
    assert_eq!(mounts.iter().map(|mount| mount["Type"].as_str().unwrap()).collect::<Vec<_>>(), ["volume", "bind"]);
    assert_eq!((&mounts[1]["Source"], &mounts[1]["RW"]), (&Value::from(folder.as_str()), &Value::from(false)));
    assert!(mounts[0]["Source"].as_str().unwrap().ends_with("/vol/_data"));
    let binds: Vec<String> = serde_json::from_str(&env.field(&id, "{{json .HostConfig.Binds}}")).unwrap();
    assert!(binds.iter().any(|bind| bind.starts_with(&format!("{folder}:/b:ro,")) && bind.contains("rprivate")), "{binds:?}");
    assert!(binds.iter().any(|bind| bind.starts_with("vol:/v:")), "{binds:?}");
    let tmpfs: Value = serde_json::from_str(&env.field(&id, "{{json .HostConfig.Tmpfs}}")).unwrap();
    assert!(tmpfs["/t"].as_str().unwrap().starts_with("size=1m,rw,rprivate"), "{tmpfs}");
    assert_eq!(env.field(&id, "{{.HostConfig.ShmSize}}"), "1048576");
    env.ok(&["rm", &id]);
}

fn a_root_folder_is_the_container(env: &TestEnv) {
    let archive = busybox_root().to_string_lossy().into_owned();
    let folder = env.folder("root");
    env.host("tar", &["-xf", &archive, "-C", &folder]).run().code(0);
    let before = std::fs::read_dir(&folder).unwrap().count();
    let over = format!("{folder}:O");
    env.run(&["run", "--rm", "--network", "none", "--rootfs", &over, "sh", "-c", "touch /made; ls /made"]).prints("/made");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), before);
    env.run(&["run", "--rm", "--network", "none", "--rootfs", &folder, "sh", "-c", "touch /made; ls /made"]).prints("/made");
    assert!(env.work().join("root/made").exists());
    env.run(&["run", "--rm", "--rootfs", "./nosuch", "true"]).fails(125, &["nosuch"]);
    let id = env.ok(&["create", "--network", "none", "--rootfs", &folder, "cat", "/made"]);
    assert_eq!(env.field(&id, "{{.Rootfs}}{{.ImageName}}"), folder);
    env.ok(&["start", "-a", &id]);
    env.ok(&["rm", &id]);
}

/// A mount's target is swapped for a link out of the root while containers start (CVE-2021-30465, CVE-2024-45310).
fn a_target_that_is_swapped_for_a_link_stays_in_the_root(env: &TestEnv) {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use std::sync::atomic::{AtomicBool, Ordering};
    let canary = Canary::new(env.work().join("canary"));
    env.busybox();
    let folder = env.folder("share");
    env.folder("share/b");
    let (real, link) = (env.work().join("share/b"), env.work().join("share/link"));
    std::os::unix::fs::symlink(format!("../../../../../../../..{}", canary.text()), &link).unwrap();
    let done = AtomicBool::new(false);
    let swaps = std::thread::scope(|scope| {
        let swapper = scope.spawn(|| {
            let mut swaps = 0_u64;
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &real, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                swaps += 1;
            }
            swaps
        });
        let mount = format!("{folder}:/a");
        for turn in 0..24 {
            let target = if turn % 2 == 0 { "vol:/a/b/c" } else { "/etc/passwd:/a/b/new/file" };
            let output = env.bb(&["-v", &mount, "-v", target], &["true"]);
            assert!(output.code == 0 || output.code >= 125, "{output}");
        }
        done.store(true, Ordering::Relaxed);
        swapper.join().unwrap()
    });
    assert!(swaps > 24, "{swaps} swaps are no race");
    canary.assert_unchanged();
}
