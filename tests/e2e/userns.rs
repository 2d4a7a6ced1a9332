//! User namespaces of a container's own: whose ids they have, and whom files belong to in them.

use crate::harness::archive::busybox_root;
use crate::harness::command::Cmd;
use crate::harness::{Case, Need, TestEnv, case};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

pub fn cases() -> Vec<Case> {
    let needs_ids = &[Need::Userns, Need::Subids];
    let own_store = "it looks at our store";
    vec![
        case!(with_keep_id_the_caller_is_the_same_inside).needs(needs_ids),
        case!(with_keep_id_the_program_runs_as_the_caller_whatever_the_image_says)
            .needs(needs_ids)
            .gap("podman takes the image's user, against its manual (mended in 2026)"),
        case!(with_keep_id_the_images_files_have_their_owners).needs(needs_ids),
        case!(with_keep_id_a_mounted_file_belongs_to_the_user).needs(needs_ids),
        case!(keep_id_takes_other_ids).needs(needs_ids),
        case!(keep_id_takes_a_size).needs(needs_ids).gap("podman 4.3 has no size"),
        case!(with_keep_id_there_is_a_root_whose_files_are_his).needs(needs_ids),
        case!(with_keep_id_hidden_files_of_lower_layers_stay_hidden).needs(needs_ids),
        case!(a_keep_id_container_can_be_entered_started_again_and_removed).needs(needs_ids),
        case!(what_goes_in_and_out_has_the_ids_of_the_container).needs(needs_ids).gap("podman's auto asks for /etc/subuid"),
        case!(what_leaves_a_keep_id_container_has_its_ids).needs(needs_ids).gap("podman 4.3 exports other ids"),
        case!(an_own_namespace_has_capabilities_in_itself_only).needs(needs_ids).only_ours("the default set is smaller in ours"),
        case!(a_terminal_belongs_to_the_kept_user).needs(needs_ids),
        case!(with_nomap_the_caller_is_nobody_inside).needs(needs_ids),
        case!(a_new_volume_has_the_ids_of_the_container).needs(needs_ids).gap("podman's auto asks for /etc/subuid"),
        case!(a_copy_into_a_new_volume_gives_it_the_ids_of_the_container).needs(needs_ids).gap("podman 4.3 gives it to root"),
        case!(parts_of_volumes_and_images_are_mounted_in_every_namespace).needs(needs_ids).gap("podman 4.3 mounts no parts"),
        case!(auto_namespaces_share_no_id).needs(needs_ids),
        case!(auto_says_when_no_ids_are_left).needs(needs_ids).only_ours("it counts our ids"),
        case!(written_maps_are_taken_as_they_are).needs(needs_ids),
        case!(written_maps_take_host_ids_and_flags).needs(needs_ids).gap("podman 4.3 has no flags"),
        case!(a_map_that_makes_no_sense_is_refused).needs(needs_ids).gap("podman leaves some to crun, which gives 126"),
        case!(the_environment_chooses_the_mode).needs(needs_ids).only_ours("of podman's two words for it one is ours"),
        case!(a_container_joins_the_namespace_of_another).needs(needs_ids),
        case!(the_shifted_files_are_made_once_and_go_with_the_image).needs(needs_ids).only_ours(own_store),
        case!(two_first_starts_at_once_both_work).needs(needs_ids),
        case!(passwd_and_group_get_entries_for_who_runs).needs(needs_ids),
        case!(passwd_entries_can_be_written_or_left_out).needs(needs_ids).gap("podman 4.3 gives 126 for an unknown --hostuser"),
        case!(a_mounted_passwd_file_is_left_alone).needs(needs_ids),
        case!(additional_groups_are_those_of_the_container)
            .needs(needs_ids)
            .gap("podman 4.3 leaves the primary group out (CVE-2022-2989)"),
        case!(an_unknown_group_is_refused).needs(needs_ids),
        case!(kept_groups_stand_alone).needs(&[Need::Userns]).only_ours("podman's runc cannot keep groups"),
        case!(the_umask_is_the_users).needs(&[Need::Userns]),
        case!(inspect_shows_the_ids).needs(needs_ids),
        case!(with_one_id_keep_id_maps_the_caller_to_himself)
            .needs(&[Need::Userns])
            .gap("podman refuses to run without subordinate ids"),
        case!(with_one_id_nomap_says_what_is_missing).needs(&[Need::Userns]).only_ours("podman's message is another"),
    ]
}

fn own() -> (u32, u32) {
    (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw())
}

fn map(text: &str) -> Vec<Vec<u32>> {
    text.lines().map(|line| line.split_whitespace().map(|number| number.parse().unwrap()).collect()).collect()
}

fn with_keep_id_the_caller_is_the_same_inside(env: &TestEnv) {
    let (uid, gid) = own();
    for (file, id) in [("uid_map", uid), ("gid_map", gid)] {
        let rows = map(&env.sh(&["--userns=keep-id"], &format!("cat /proc/self/{file}")));
        let caller = rows.iter().find(|row| row[0] == id).unwrap_or_else(|| panic!("{rows:?}"));
        // Ids of the session, in which 0 is the caller.
        assert_eq!(caller[1..], [0, 1], "{rows:?}");
        assert_eq!(rows[0], [0, 1, id], "{rows:?}");
    }
}

fn with_keep_id_the_program_runs_as_the_caller_whatever_the_image_says(env: &TestEnv) {
    let (uid, gid) = own();
    env.busybox();
    let archive = busybox_root().to_string_lossy().into_owned();
    env.ok(&["import", "-c", "USER app", &archive, "other"]);
    let ids = ["sh", "-c", "echo $(id -u):$(id -g)"];
    let run = |options: &[&str], image: &str| env.ok(&[&["run", "--rm", "--network", "none"], options, &[image], &ids].concat());
    assert_eq!(run(&[], "other"), "1000:1000");
    assert_eq!(run(&["--userns=keep-id"], "other"), format!("{uid}:{gid}"));
    assert_eq!(run(&["--userns=keep-id", "-u", "root"], "other"), "0:0");
    assert_eq!(run(&["--userns=keep-id", "-u", "app"], "other"), "1000:1000");
}

fn with_keep_id_the_images_files_have_their_owners(env: &TestEnv) {
    // Of root, of a user of the image, and times and modes.
    let script = "stat -c '%u:%g %a %s %Y %n' /bin/busybox /etc/passwd /home/app; stat -c '%u:%g %a %n' / /tmp; readlink /bin/sh; md5sum /bin/busybox";
    let plain = env.sh(&[], script);
    let kept = env.sh(&["--userns=keep-id", "-u", "0", "--passwd=false"], script);
    assert_eq!(plain, kept);
    assert!(plain.contains("1000:1000"), "the image has a file that is not root's: {plain}");
}

fn with_keep_id_a_mounted_file_belongs_to_the_user(env: &TestEnv) {
    let (uid, gid) = own();
    let folder = env.folder("mine");
    std::fs::write(Path::new(&folder).join("old"), "x").unwrap();
    let volume = format!("{folder}:/mine");
    let text = env.sh(&["--userns=keep-id", "-v", &volume], "stat -c %u:%g /mine /mine/old; echo y > /mine/new");
    assert_eq!(text, format!("{uid}:{gid}\n{uid}:{gid}"));
    let made = std::fs::metadata(Path::new(&folder).join("new")).unwrap();
    assert_eq!((made.uid(), made.gid()), (uid, gid));
}

fn keep_id_takes_other_ids(env: &TestEnv) {
    let folder = env.folder("mine");
    let volume = format!("{folder}:/mine");
    let script = "echo $(id -u):$(id -g); stat -c %u:%g /mine; touch /mine/new";
    assert_eq!(env.sh(&["--userns=keep-id:uid=200,gid=210", "-v", &volume], script), "200:210\n200:210");
    assert_eq!(std::fs::metadata(Path::new(&folder).join("new")).unwrap().uid(), own().0);
}

fn keep_id_takes_a_size(env: &TestEnv) {
    let size = own().0 + 10;
    let rows = map(&env.sh(&[&format!("--userns=keep-id:size={size}")], "cat /proc/self/uid_map"));
    assert_eq!(rows.iter().map(|row| row[2]).sum::<u32>(), size, "{rows:?}");
    env.bb(&["--userns=keep-id:size=1"], &["true"]).fails(125, &["namespace of 1 id"]);
}

fn with_keep_id_there_is_a_root_whose_files_are_his(env: &TestEnv) {
    let id = env.start(&["--userns=keep-id"]);
    // A chown to another id, and a file of root's that the user may not touch.
    env.ok(&["exec", "-u", "0", &id, "sh", "-c", "touch /root-only /other && chmod 600 /root-only && chown 7:8 /other"]);
    assert_eq!(env.ok(&["exec", &id, "stat", "-c", "%u:%g", "/other"]), "7:8");
    let output = env.run(&["exec", &id, "sh", "-c", "echo x > /root-only"]);
    assert!(output.code != 0 && output.stderr().contains("denied"), "{output}");
    let root_mount = env.ok(&["exec", &id, "sh", "-c", "grep ' / / ' /proc/self/mountinfo"]);
    assert!(!root_mount.contains("nosuid"), "{root_mount}");
    env.remove(&[&id]);
}

fn with_keep_id_hidden_files_of_lower_layers_stay_hidden(env: &TestEnv) {
    let id = env.start(&["--userns=keep-id"]);
    env.ok(&["exec", "-u", "0", &id, "sh", "-c", "rm /etc/group && rm -r /home && mkdir /home && echo new > /etc/passwd"]);
    env.ok(&["restart", "-t", "0", &id]);
    let text = env.ok(&["exec", "-u", "0", &id, "sh", "-c", "ls /home; head -1 /etc/passwd"]);
    assert_eq!(text, "new");
    env.remove(&[&id]);
}

fn a_keep_id_container_can_be_entered_started_again_and_removed(env: &TestEnv) {
    let (uid, _) = own();
    let id = env.start(&["--userns=keep-id", "--name", "kept"]);
    let namespace = |pid: i32| std::fs::read_link(format!("/proc/{pid}/ns/user")).unwrap();
    let first = namespace(env.init_pid("kept"));
    assert_ne!(first, std::fs::read_link("/proc/self/ns/user").unwrap());
    assert_eq!(env.ok(&["exec", "kept", "readlink", "/proc/self/ns/user"]), first.to_string_lossy());
    assert_eq!(env.ok(&["exec", "kept", "id", "-u"]), uid.to_string());
    env.ok(&["exec", "-u", "0", "kept", "sh", "-c", "mkdir -p /deep/er; touch /deep/er/file; chmod 0 /deep"]);
    env.ok(&["exec", "kept", "sh", "-c", "echo stays > /tmp/file"]);
    env.ok(&["stop", "kept"]);
    env.ok(&["start", "kept"]);
    assert_eq!(env.ok(&["exec", "kept", "cat", "/tmp/file"]), "stays");
    assert_eq!(env.ok(&["exec", "kept", "sh", "-c", "grep -c :$(id -u): /etc/passwd"]), "1");
    // Its files belong to ids that are not the caller's.
    env.remove(&[&id]);
}

fn what_leaves_a_keep_id_container_has_its_ids(env: &TestEnv) {
    let (uid, gid) = own();
    let id = env.start(&["--userns=keep-id", "--name", "kept"]);
    env.ok(&["exec", "-u", "0", "kept", "sh", "-c", "mkdir /opt && chown 7:8 /opt"]);
    env.ok(&["exec", "kept", "sh", "-c", "touch /tmp/mine"]);
    for state in ["running", "exited"] {
        if state == "exited" {
            env.ok(&["stop", "-t", "0", "kept"]);
        }
        let tar = env.file("root.tar", env.run(&["export", "kept"]).stdout);
        let listed = env.host("tar", &["--numeric-owner", "-tvf", &tar]).run().ok();
        let owner = |path: &str| {
            let line =
                listed.lines().find(|line| line.ends_with(&format!(" {path}"))).unwrap_or_else(|| panic!("{path}: {listed}"));
            line.split_whitespace().nth(1).unwrap_or_default().to_owned()
        };
        assert_eq!((owner("opt/"), owner("tmp/mine")), ("7/8".to_owned(), format!("{uid}/{gid}")), "{state}");
        assert_eq!(owner("etc/"), "0/0", "{state}");
        env.ok(&["commit", "-q", "kept", "copy"]);
        let args = ["run", "--rm", "--network", "none", "-u", "0", "copy", "stat", "-c", "%u:%g", "/opt", "/tmp/mine"];
        assert_eq!(env.ok(&args), format!("7:8\n{uid}:{gid}"), "{state}");
        env.ok(&["rmi", "-f", "copy"]);
    }
    env.remove(&[&id]);
}

fn what_goes_in_and_out_has_the_ids_of_the_container(env: &TestEnv) {
    env.file("hello", "hello");
    let script = "trap 'exit 0' TERM; touch /tmp/mine /tmp/other; chown 5 /tmp/other 2>&-; chmod 600 /etc/group 2>&-; echo ready; while :; do sleep 1000 & wait $!; done";
    for options in
        [&["--userns=nomap"][..], &["--userns=auto:size=3000"], &["--uidmap", "0:1:5000"], &["--userns=keep-id", "-u", "0"]]
    {
        let id = env.start_script(options, script);
        for state in ["running", "exited"] {
            if state == "exited" {
                env.ok(&["stop", &id]);
            }
            let into = format!("{id}:/tmp/hello");
            let copied = env.run(&["cp", "hello", &into]);
            assert_eq!((copied.code, copied.stderr()), (0, String::new()), "{options:?} {state}");
            env.ok(&["cp", &format!("{id}:/tmp/other"), "out"]);
            assert_eq!(std::fs::metadata(env.work().join("out")).expect("the copy").uid(), own().0, "{options:?} {state}");
            let changed = env.ok(&["diff", &id]);
            assert!(
                changed.contains("A /tmp/hello") && changed.contains("C /etc/group") && !changed.contains("/bin"),
                "{changed}"
            );
            env.ok(&["commit", "-q", &id, "copy"]);
            let files = ["/tmp/hello", "/tmp/mine", "/tmp/other", "/etc/group"];
            let list = [&["run", "--rm", "--network", "none", "-u", "0", "copy", "stat", "-c", "%u:%g %a"][..], &files].concat();
            assert_eq!(env.ok(&list), "0:0 644\n0:0 644\n5:0 644\n0:0 600", "{options:?} {state}");
            env.ok(&["rmi", "-f", "copy"]);
        }
        env.remove(&[&id]);
    }
}

fn an_own_namespace_has_capabilities_in_itself_only(env: &TestEnv) {
    let text = env.sh(&["--userns=keep-id"], "grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | cut -f2 | sort -u");
    assert_eq!(text, "0000000000000000");
    let root = env.sh(&["--userns=keep-id", "-u", "0"], "grep CapEff /proc/self/status | cut -f2");
    assert_eq!(root, env.sh(&[], "grep CapEff /proc/self/status | cut -f2"));
}

fn a_terminal_belongs_to_the_kept_user(env: &TestEnv) {
    let output = env.bb(&["-t", "--userns=keep-id"], &["sh", "-c", "stat -c %u $(tty); echo fine > $(tty)"]);
    assert_eq!(output.ok().replace('\r', ""), format!("{}\nfine", own().0));
}

fn with_nomap_the_caller_is_nobody_inside(env: &TestEnv) {
    let folder = env.folder("mine");
    let volume = format!("{folder}:/mine");
    let text = env.sh(&["--userns=nomap", "-v", &volume], "cat /proc/self/uid_map; stat -c %u /mine /bin/busybox; id -u");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(map(lines[0])[0][..2], [0, 1], "{text}");
    assert_eq!(lines[1..], ["65534", "0", "0"], "{text}");
}

const OWN: [&str; 3] = ["--userns=nomap", "--userns=auto", "--userns=keep-id"];

fn a_new_volume_has_the_ids_of_the_container(env: &TestEnv) {
    for userns in OWN {
        let look = "stat -c %u:%g /empty /filled /given /filled/busybox; touch /empty/f && stat -c %u:%g /empty/f";
        let volumes = ["-v", "empty:/empty", "-v", "filled:/bin", "-v", "filled:/filled", "-v", "given:/given:U"];
        let text = env.sh(&[&[userns, "-u", "5:6"], &volumes[..]].concat(), look);
        assert_eq!(text.lines().collect::<Vec<_>>(), ["5:6", "0:0", "5:6", "0:0", "5:6"], "{userns}");
        // It stays what it is for the next one.
        assert_eq!(env.sh(&["-v", "filled:/filled"], "test -x /filled/busybox && echo there"), "there");
        env.ok(&["volume", "rm", "empty", "filled", "given"]);
    }
}

fn a_copy_into_a_new_volume_gives_it_the_ids_of_the_container(env: &TestEnv) {
    env.busybox();
    let file = env.file("note", "text\n");
    for userns in OWN {
        let options = ["--name", "c", "--network", "none", userns, "-u", "5:6", "-v", "new:/new"];
        env.ok(&[&["create"], &options[..], &["bb", "stat", "-c", "%u:%g", "/new"]].concat());
        env.ok(&["cp", &file, "c:/new/note"]);
        assert_eq!(env.ok(&["start", "-a", "c"]), "5:6", "{userns}");
        assert_eq!(env.sh(&["-v", "new:/new"], "cat /new/note"), "text");
        env.ok(&["rm", "c"]);
        env.ok(&["volume", "rm", "new"]);
    }
}

fn parts_of_volumes_and_images_are_mounted_in_every_namespace(env: &TestEnv) {
    env.sh(&["-v", "whole:/v"], "mkdir -p /v/part/of; echo found > /v/part/of/file; ln -s /etc /v/out");
    for userns in OWN {
        let part = "type=volume,src=whole,dst=/m,volume-subpath=part/of";
        assert_eq!(env.sh(&[userns, "--mount", part], "cat /m/file; ls /m"), "found\nfile", "{userns}");
        let image = "type=image,src=bb,dst=/m,subpath=bin";
        assert_eq!(env.sh(&[userns, "--mount", image], "test -x /m/busybox && ls / | grep -c ^m$"), "1", "{userns}");
        // The link is resolved inside the volume, where there is no /etc.
        let out = "type=volume,src=whole,dst=/m,volume-subpath=out";
        env.bb(&[userns, "--mount", out], &["true"]).fails(125, &["out in the volume"]);
    }
}

fn auto_namespaces_share_no_id(env: &TestEnv) {
    let ids: Vec<String> = (0..3).map(|_| env.start(&["--userns=auto:size=2000"])).collect();
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for id in &ids {
        let rows = map(&env.ok(&["exec", id, "cat", "/proc/self/uid_map"]));
        assert_eq!(rows.iter().map(|row| row[2]).sum::<u32>(), 2000, "{rows:?}");
        assert_eq!(env.ok(&["exec", id, "stat", "-c", "%u:%g", "/bin/busybox"]), "0:0");
        // As the host sees them.
        let seen = std::fs::read_to_string(format!("/proc/{}/uid_map", env.init_pid(id))).unwrap();
        runs.extend(map(&seen).iter().map(|row| (row[1], row[1] + row[2])));
    }
    runs.sort_unstable();
    assert!(runs.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{runs:?}");
    env.remove(&ids.iter().map(String::as_str).collect::<Vec<_>>());
}

fn auto_says_when_no_ids_are_left(env: &TestEnv) {
    env.bb(&["--userns=auto:size=4000000000"], &["true"]).fails(125, &["4000000000"]);
}

fn written_maps_are_taken_as_they_are(env: &TestEnv) {
    let text = env.sh(&["--uidmap", "0:1:100", "--uidmap", "100:0:1"], "cat /proc/self/uid_map /proc/self/gid_map; id -u");
    let rows = map(&text);
    assert_eq!(rows[..2], [vec![0, 1, 100], vec![100, 0, 1]]);
    assert_eq!(rows[2..4], rows[..2], "one map serves both");
    assert_eq!(rows[4], [0]);
}

fn written_maps_take_host_ids_and_flags(env: &TestEnv) {
    let (uid, _) = own();
    let rows = map(&env.sh(&["--uidmap", &format!("+u5:@{uid}:1")], "cat /proc/self/uid_map"));
    assert_eq!(rows[..2], [vec![0, 1, 5], vec![5, 0, 1]], "{rows:?}");
    env.bb(&["--uidmap", "0:@1:1"], &["true"]).fails(125, &["uid 1 of the host"]);
}

fn a_map_that_makes_no_sense_is_refused(env: &TestEnv) {
    for options in [
        &["--uidmap", "0"][..],
        &["--uidmap", "0:0:0"],
        &["--uidmap", "0:0:5", "--uidmap", "3:9:5"],
        &["--userns=keep"],
        &["--userns=keep-id:uid=x"],
        &["--userns=keep-id", "--uidmap", "0:0:1"],
        &["--uidmap", "0:0:4294967295"],
    ] {
        let output = env.bb(options, &["true"]);
        assert_eq!(output.code, 125, "{options:?}: {output}");
    }
}

fn the_environment_chooses_the_mode(env: &TestEnv) {
    for name in ["CORACLE_USERNS", "PODMAN_USERNS"] {
        let output = env.bb_cmd(&[], &["id", "-u"]).env(name, "keep-id").run();
        assert_eq!(output.ok(), own().0.to_string());
        let output = env.bb_cmd(&["--userns=host"], &["id", "-u"]).env(name, "keep-id").run();
        assert_eq!(output.ok(), "0");
    }
}

fn a_container_joins_the_namespace_of_another(env: &TestEnv) {
    let id = env.start(&["--userns=keep-id"]);
    let look = "readlink /proc/self/ns/user; stat -c %u /bin/busybox; touch /file; stat -c %u /file";
    let text = env.sh(&[&format!("--userns=container:{id}")], look);
    let wanted = env.ok(&["exec", &id, "readlink", "/proc/self/ns/user"]);
    assert_eq!(text, format!("{wanted}\n0\n0"));
    env.remove(&[&id]);
}

fn shifted(env: &TestEnv) -> Vec<PathBuf> {
    std::fs::read_dir(env.data().join("shifted")).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

fn the_shifted_files_are_made_once_and_go_with_the_image(env: &TestEnv) {
    env.sh(&["--userns=private"], "true");
    assert_eq!(shifted(env), [] as [PathBuf; 0], "the same ids need no other files");
    env.sh(&["--userns=keep-id"], "true");
    let first = shifted(env);
    let made = std::fs::metadata(&first[0]).unwrap().ino();
    env.sh(&["--userns=keep-id"], "true");
    assert_eq!((shifted(env), std::fs::metadata(&first[0]).unwrap().ino()), (first.clone(), made));
    env.sh(&["--userns=nomap"], "true");
    assert_eq!(shifted(env).len(), 2);
    let archive = busybox_root().to_string_lossy().into_owned();
    env.ok(&["rmi", "bb"]);
    assert_eq!(shifted(env), [] as [PathBuf; 0]);
    env.ok(&["import", &archive, "bb"]);
    env.sh(&["--userns=keep-id"], "true");
    assert_eq!(shifted(env), first);
}

fn two_first_starts_at_once_both_work(env: &TestEnv) {
    env.busybox();
    let args = ["run", "--rm", "--network", "none", "--userns=keep-id", "bb", "cat", "/etc/group"];
    let running: Vec<_> = (0..4).map(|_| env.cmd(&args).spawn()).collect();
    for run in running {
        assert!(run.wait().ok().starts_with("root:x:0:"));
    }
}

fn passwd_and_group_get_entries_for_who_runs(env: &TestEnv) {
    let (uid, gid) = own();
    let text = env.sh(&["--userns=keep-id", "-w", "/tmp"], "id -un; grep -c :x:$(id -g): /etc/group; echo $HOME; whoami");
    let name = crate::harness::program::user_name(uid).unwrap_or_else(|| uid.to_string());
    assert_eq!(text, format!("{name}\n1\n/tmp\n{name}"), "{gid}");
    let text = env.sh(&["-u", "4321"], "grep :4321: /etc/passwd");
    assert_eq!(text, "4321:*:4321:0:container user:/:/bin/sh");
    // Who has one gets no other.
    assert_eq!(env.sh(&["-u", "1000"], "grep -c :1000: /etc/passwd"), "1");
}

fn passwd_entries_can_be_written_or_left_out(env: &TestEnv) {
    let count = "grep -c :4321: /etc/passwd; true";
    assert_eq!(env.sh(&["-u", "4321", "--passwd=false"], count), "0");
    let entry = ["-u", "4321", "--passwd-entry", "me:x:$UID:$GID::/here:/bin/false"];
    assert_eq!(env.sh(&entry, "tail -1 /etc/passwd"), "me:x:4321:0::/here:/bin/false");
    let text = env.sh(&["--hostuser", "root"], "grep -c ^root: /etc/passwd");
    assert_eq!(text, "1");
    env.bb(&["--hostuser", "no-such-user"], &["true"]).fails(125, &["no-such-user"]);
}

fn a_mounted_passwd_file_is_left_alone(env: &TestEnv) {
    let file = env.file("passwd", "root:x:0:0::/:/bin/sh\n");
    env.bb(&["--userns=keep-id", "-v", &format!("{file}:/etc/passwd")], &["true"]).ok();
    assert_eq!(std::fs::read_to_string(file).unwrap(), "root:x:0:0::/:/bin/sh\n");
}

fn additional_groups_are_those_of_the_container(env: &TestEnv) {
    let id = env.start(&["--group-add", "tape", "--group-add", "777"]);
    assert_eq!(env.ok(&["exec", &id, "id", "-G"]), "0 26 777");
    let init = env.ok(&["exec", &id, "grep", "Groups", "/proc/1/status"]);
    assert_eq!(init.split_whitespace().skip(1).collect::<Vec<_>>(), ["0", "26", "777"]);
    env.remove(&[&id]);
    assert_eq!(env.sh(&["-u", "1:1", "--group-add", "tape"], "id -G"), "1 26");
}

fn an_unknown_group_is_refused(env: &TestEnv) {
    let output = env.bb(&["--group-add", "no-such-group"], &["true"]);
    assert!(output.code >= 125 && output.stderr().contains("no-such-group"), "{output}");
}

fn kept_groups_stand_alone(env: &TestEnv) {
    env.bb(&["--group-add", "keep-groups", "--group-add", "5"], &["true"]).fails(125, &["keep-groups"]);
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    let count = |text: &str| text.lines().find(|line| line.starts_with("Groups")).map(|line| line.split_whitespace().count());
    let inside = env.sh(&["--group-add", "keep-groups"], "cat /proc/self/status");
    assert_eq!(count(&inside), count(&own), "{inside}");
}

fn the_umask_is_the_users(env: &TestEnv) {
    assert_eq!(env.sh(&["--umask", "0077"], "umask; touch /f; stat -c %a /f"), "0077\n600");
    assert_eq!(env.sh(&[], "umask"), "0022");
    assert_eq!(env.bb(&["--umask", "9"], &["true"]).code, 125);
}

fn inspect_shows_the_ids(env: &TestEnv) {
    let (uid, gid) = own();
    env.busybox();
    env.ok(&["create", "--name", "c", "--network", "none", "--userns=keep-id", "bb", "true"]);
    assert_eq!(env.field("c", "{{.HostConfig.UsernsMode}} {{.Config.User}}"), format!("private {uid}:{gid}"));
    let map = env.field("c", "{{json .HostConfig.IDMappings}}");
    assert!(map.contains(&format!("\"0:1:{uid}\"")) && map.contains(&format!("\"{uid}:0:1\"")), "{map}");
    env.ok(&["rm", "c"]);
}

/// In a namespace in which the helpers cannot work: there is the caller's own id and no other.
fn with_one_id(cmd: Cmd) -> Cmd {
    let (uid, gid) = own();
    let script = format!("exec unshare --user --map-user={uid} --map-group={gid} \"$@\"");
    cmd.behind(&["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"])
}

fn with_one_id_keep_id_maps_the_caller_to_himself(env: &TestEnv) {
    let (uid, gid) = own();
    let archive = busybox_root().to_string_lossy().into_owned();
    with_one_id(env.cmd(&["import", &archive, "bb"])).run().ok();
    let script = "echo $(id -u):$(id -g); cat /proc/self/uid_map; stat -c %u /bin/busybox; touch /file && stat -c %u /file";
    let args = ["run", "--rm", "--network", "none", "--userns=keep-id", "bb", "sh", "-c", script];
    let output = with_one_id(env.cmd(&args)).run().ok();
    let lines: Vec<Vec<&str>> = output.lines().map(|line| line.split_whitespace().collect()).collect();
    let (ids, uid) = (format!("{uid}:{gid}"), uid.to_string());
    assert_eq!(lines, [vec![ids.as_str()], vec![uid.as_str(), "0", "1"], vec![uid.as_str()], vec![uid.as_str()]]);
}

fn with_one_id_nomap_says_what_is_missing(env: &TestEnv) {
    let archive = busybox_root().to_string_lossy().into_owned();
    with_one_id(env.cmd(&["import", &archive, "bb"])).run().ok();
    for mode in ["nomap", "auto"] {
        let args = ["run", "--rm", "--network", "none", &format!("--userns={mode}"), "bb", "true"];
        with_one_id(env.cmd(&args)).run().fails(125, &[]);
    }
}
