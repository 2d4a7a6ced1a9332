//! The environment, labels, names: what a container is told, and where it comes from.

use crate::harness::archive::{Image, write_archive};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(layers_of_the_environment_lie_in_order),
        case!(files_have_comments_and_no_quotes),
        case!(the_whole_environment_is_passed_on_only_when_asked),
        case!(proxies_are_passed_on_unless_told_otherwise),
        case!(variables_of_the_image_are_left_out_and_merged).gap("podman finds no program without a PATH"),
        case!(exec_reads_files_too),
        case!(labels_and_annotations_are_kept),
        case!(hosts_are_added).gap("podman takes a name with a blank"),
        case!(the_host_is_a_name_on_its_own_network).gap("podman 4.3 knows no host-gateway"),
        case!(name_servers_are_those_that_are_asked_for).gap("podman refuses name servers without a network"),
        case!(files_of_ours_can_be_left_out).gap("podman 4.3 knows no --no-hostname"),
        case!(a_hosts_file_of_the_users_is_the_base).gap("podman 4.3 has it in containers.conf only"),
        case!(the_time_zone_is_the_hosts_or_a_named_one),
        case!(sockets_of_the_service_manager_are_passed_on).gap("crun leaves LISTEN_PID at 1"),
        case!(single_descriptors_are_passed_on).gap("podman 4.3 has no --preserve-fd"),
        case!(descriptors_are_passed_on_only_when_asked),
        case!(limits_are_set_and_bounded),
        case!(kernel_settings_are_the_containers_own).gap("podman passes what the runtime then refuses"),
        case!(init_reaps_and_passes_signals_on).gap("podman's init ends with 1 where there is no program"),
        case!(inits_program_is_no_file_of_the_host).only_ours("podman's init is a file"),
        case!(an_init_of_the_hosts_is_read_only),
        case!(the_oom_score_holds_for_exec_too).gap("podman's exec sessions have a score of their own"),
        case!(a_platform_that_is_not_there_is_no_container).only_ours("the words are ours"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn load(env: &TestEnv, name: &str, variables: &[&str]) {
    let path = env.work().join("image.tar");
    write_archive(&path, &Image::busybox(name, json!({ "Env": variables })).docker_entries());
    env.ok(&["load", "-i", &path.to_string_lossy()]);
}

fn layers_of_the_environment_lie_in_order(env: &TestEnv) {
    load(env, "layers", &["A=image", "B=image", "C=image", "D=image"]);
    let first = env.file("first", "B=first\nC=first\nD=first\n");
    let second = env.file("second", "C=second\n");
    let options = ["--rm", "--network", "none", "--env-file", &first, "--env-file", &second, "-e", "D=user"];
    let args = [&["run"], &options[..], &["layers", "sh", "-c", "echo $A $B $C $D"]].concat();
    env.run(&args).prints("image first second user");
}

fn files_have_comments_and_no_quotes(env: &TestEnv) {
    let file = env.file("env", "# no\n\n  A=\"1\" # kept\nHERE\nNOT_HERE\nPRE*\n");
    let script = "echo \"$A|$HERE|${NOT_HERE-unset}|$PRE_X\"";
    let output = env.bb_cmd(&["--env-file", &file], &["sh", "-c", script]).env("HERE", "h").env("PRE_X", "x").run();
    output.prints("\"1\" # kept|h|unset|x");
    env.bb(&["--env-file", "/no/such/file"], &["true"]).fails(125, &["/no/such/file"]);
}

fn the_whole_environment_is_passed_on_only_when_asked(env: &TestEnv) {
    let script = ["sh", "-c", "echo ${GIVEN-unset}"];
    assert_eq!(env.bb_cmd(&["--env-host"], &script).env("GIVEN", "g").run().ok(), "g");
    assert_eq!(env.bb_cmd(&[], &script).env("GIVEN", "g").run().ok(), "unset");
    assert_eq!(env.bb_cmd(&["--env-host", "-e", "GIVEN=e"], &script).env("GIVEN", "g").run().ok(), "e");
}

fn proxies_are_passed_on_unless_told_otherwise(env: &TestEnv) {
    let script = ["sh", "-c", "echo ${http_proxy-unset} ${NO_PROXY-unset}"];
    let run = |options: &[&str]| env.bb_cmd(options, &script).env("http_proxy", "http://p").env("NO_PROXY", "n").run().ok();
    assert_eq!(run(&[]), "http://p n");
    assert_eq!(run(&["--http-proxy=false"]), "unset unset");
    assert_eq!(run(&["-e", "http_proxy=mine"]), "mine n");
}

fn variables_of_the_image_are_left_out_and_merged(env: &TestEnv) {
    load(env, "vars", &["A=image", "B=image"]);
    let run = |options: &[&str]| {
        let args = [&["run", "--rm", "--network", "none"], options, &["vars", "sh", "-c", "echo ${A-unset} ${B-unset}"]].concat();
        env.run(&args).ok()
    };
    assert_eq!(run(&["--unsetenv", "A"]), "unset image");
    assert_eq!(run(&["--unsetenv-all"]), "unset unset");
    assert_eq!(run(&["--unsetenv-all", "-e", "B=user"]), "unset user");
    assert_eq!(run(&["--env-merge", "A=${A}-more"]), "image-more image");
}

fn exec_reads_files_too(env: &TestEnv) {
    let file = env.file("env", "A=file\nB=file\n");
    let id = env.start(&["-e", "A=container"]);
    let args = ["exec", "--env-file", &file, "-e", "B=cli", &id, "sh", "-c", "echo $A $B"];
    env.run(&args).prints("file cli");
    env.remove(&[&id]);
}

fn labels_and_annotations_are_kept(env: &TestEnv) {
    let file = env.file("labels", "# no\na=file\nb=file\n");
    let id = env.start(&["--label-file", &file, "-l", "b=cli", "--annotation", "x=y"]);
    assert_eq!(env.field(&id, "{{.Config.Labels.a}} {{.Config.Labels.b}}"), "file cli");
    assert_eq!(env.field(&id, "{{.Config.Annotations.x}}"), "y");
    env.remove(&[&id]);
    env.bb(&["--annotation", "x"], &["true"]).fails(125, &["annotation"]);
}

fn hosts_are_added(env: &TestEnv) {
    let text = env.sh(&["--add-host", "one:192.0.2.1", "--add-host", "six:2001:db8::1"], "cat /etc/hosts");
    assert!(text.contains("192.0.2.1\tone") && text.contains("2001:db8::1\tsix"), "{text}");
    for bad in ["one", "one:", "one:nowhere", "o ne:192.0.2.1"] {
        env.bb(&["--add-host", bad], &["true"]).fails(125, &["host"]);
    }
}

fn the_host_is_a_name_on_its_own_network(env: &TestEnv) {
    env.busybox();
    let args = ["run", "--rm", "--network", "host", "--add-host", "gw:host-gateway", "bb", "cat", "/etc/hosts"];
    let text = env.ok(&args);
    assert!(text.lines().any(|line| line.ends_with("\tgw")), "{text}");
}

fn name_servers_are_those_that_are_asked_for(env: &TestEnv) {
    env.busybox();
    let options = ["--dns", "192.0.2.53", "--dns-search", "example.net", "--dns-option", "ndots:3"];
    let args = [&["run", "--rm", "--network", "host"], &options[..], &["bb", "cat", "/etc/resolv.conf"]].concat();
    let text = env.ok(&args);
    assert_eq!(text, "search example.net\noptions ndots:3\nnameserver 192.0.2.53");
    env.bb(&["--dns", "nowhere"], &["true"]).fails(125, &["nowhere"]);
    env.bb(&["--dns", "192.0.2.53"], &["true"]).fails(125, &["network"]);
}

fn files_of_ours_can_be_left_out(env: &TestEnv) {
    let shown = env.sh(&["--no-hosts", "--no-hostname", "--dns", "none"], "cat /proc/self/mountinfo");
    for path in ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"] {
        assert!(!shown.contains(&format!(" {path} ")), "{shown}");
    }
    env.bb(&["--no-hosts", "--add-host", "a:192.0.2.1"], &["true"]).fails(125, &["no-hosts"]);
}

fn a_hosts_file_of_the_users_is_the_base(env: &TestEnv) {
    let file = env.file("hosts", "192.0.2.9 mine\n");
    let text = env.sh(&["--hosts-file", &file], "cat /etc/hosts");
    assert!(text.contains("192.0.2.9\tmine") && text.contains("localhost"), "{text}");
}

fn the_time_zone_is_the_hosts_or_a_named_one(env: &TestEnv) {
    if !std::path::Path::new("/usr/share/zoneinfo/Asia/Tokyo").exists() {
        return;
    }
    env.bb(&["--tz", "Asia/Tokyo"], &["date", "+%Z"]).prints("JST");
    for bad in ["No/Where", "../../../etc/passwd"] {
        let output = env.bb(&["--tz", bad], &["true"]);
        assert!(output.code >= 125 && output.stderr().contains("zone"), "{output}");
    }
}

fn descriptors_are_passed_on_only_when_asked(env: &TestEnv) {
    let file = env.file("three", "three\n");
    let front = ["sh", "-c", "exec \"$@\" 3<three 5<three", "sh"];
    let run = |options: &[&str], command: &[&str]| env.bb_cmd(options, command).behind(&front).run();
    let list = ["sh", "-c", "cd /proc/self/fd; echo *"];
    assert_eq!(run(&[], &list).ok(), "0 1 2 3", "3 is the shell's own, of the folder: {file}");
    run(&["--preserve-fds", "1"], &["sh", "-c", "cat <&3"]).prints("three");
    run(&["--preserve-fds", "1"], &["no-such-program"]).fails(127, &["no-such-program"]);
    run(&["--preserve-fds", "2"], &["true"]).fails(125, &["4"]);
    let id = env.start(&[]);
    let exec = |options: &[&str], command: &[&str]| {
        let args: Vec<&str> = [&["exec"], options, &[&id], command].concat();
        env.cmd(&args).behind(&front).run()
    };
    assert_eq!(exec(&[], &list).ok(), "0 1 2 3", "3 is the shell's own");
    exec(&["--preserve-fds", "1"], &["sh", "-c", "cat <&3"]).prints("three");
    exec(&["--preserve-fd", "5"], &["sh", "-c", "cat <&5; (: <&4) 2>/dev/null || echo no"]).prints("three\nno");
    exec(&["--preserve-fds", "2"], &["true"]).fails(125, &["4"]);
    env.ok(&["rm", "-f", "-t", "0", &id]);
}

fn sockets_of_the_service_manager_are_passed_on(env: &TestEnv) {
    env.file("three", "three\n");
    let front = ["sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec \"$@\" 3<three", "sh"];
    let script = r#"echo "$LISTEN_FDS $LISTEN_FDNAMES"; [ "$LISTEN_PID" = $$ ] && echo mine; cat <&3"#;
    let run = |options: &[&str]| env.bb_cmd(options, &["sh", "-c", script]).behind(&front).run();
    run(&[]).prints("1 web\nmine\nthree");
    run(&["--init", "-e", "LISTEN_PID=1"]).prints("1 web\nmine\nthree");
    run(&["--pid", "host"]).prints("1 web\nmine\nthree");
    env.ok(&["create", "--name", "later", "--network", "none", "bb", "sh", "-c", script]);
    env.cmd(&["start", "-a", "later"]).behind(&front).run().prints("1 web\nmine\nthree");
    let others = ["sh", "-c", "LISTEN_PID=1 LISTEN_FDS=1 exec \"$@\" 3<three", "sh"];
    let none =
        env.bb_cmd(&[], &["sh", "-c", "echo ${LISTEN_FDS-none}; (: <&3) 2>/dev/null || echo closed"]).behind(&others).run();
    none.prints("none\nclosed");
    env.ok(&["rm", "later"]);
}

fn single_descriptors_are_passed_on(env: &TestEnv) {
    env.file("three", "three\n");
    let front = ["sh", "-c", "exec \"$@\" 3<three 5<three", "sh"];
    let run = |options: &[&str], script: &str| env.bb_cmd(options, &["sh", "-c", script]).behind(&front).run();
    run(&["--preserve-fd", "5"], "cat <&5; (: <&4) 2>/dev/null || echo no").prints("three\nno");
    run(&["--preserve-fds", "1", "--preserve-fd", "5", "--init"], "cat <&3; cat <&5 | wc -l").ok();
}

fn limits_are_set_and_bounded(env: &TestEnv) {
    let options = ["--ulimit", "nofile=100:200", "--ulimit", "core=0"];
    assert_eq!(env.sh(&options, "ulimit -Sn; ulimit -Hn; ulimit -c"), "100\n200\n0");
    let id = env.start(&options);
    assert_eq!(env.ok(&["exec", &id, "sh", "-c", "ulimit -n"]), "100");
    assert!(env.field(&id, "{{range .HostConfig.Ulimits}}{{.Name}} {{.Soft}} {{end}}").contains("RLIMIT_NOFILE 100"));
    env.remove(&[&id]);
    // Fewer than it takes to make a container.
    assert_eq!(env.sh(&["--ulimit", "nofile=4:4"], "ulimit -n"), "4");
    for bad in ["nofile=2:1", "nofile", "nothing=1"] {
        env.bb(&["--ulimit", bad], &["true"]).fails(125, &["limit"]);
    }
    let (_, hard) = (0, rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum);
    if let Some(hard) = hard {
        let output = env.bb(&["--ulimit", &format!("nofile={}", hard + 1)], &["true"]);
        assert!(output.code >= 125, "{output}");
    }
}

/// H18, T25.
fn kernel_settings_are_the_containers_own(env: &TestEnv) {
    let options =
        ["--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.msgmax=4096", "--sysctl", "net/ipv4/conf/all/log_martians=1"];
    let script = "cd /proc/sys; cat net/ipv4/ip_forward kernel/msgmax net/ipv4/conf/all/log_martians";
    assert_eq!(env.sh(&options, script), "1\n4096\n1");
    for bad in ["kernel.core_pattern=|/x", "vm.swappiness=1", "net.ipv4/../../kernel.core_pattern=x", "kernel.hostname=x"] {
        env.bb(&["--sysctl", bad], &["true"]).fails(125, &["sett"]);
    }
    env.bb(&["--ipc", "host", "--sysctl", "kernel.msgmax=4096"], &["true"]).fails(125, &["sett"]);
    env.bb(&["--pid", "host", "--init"], &["true"]).fails(125, &["init"]);
    env.bb(&["--sysctl", "net.x"], &["true"]).fails(125, &["net.x"]);
    let two = "kernel.shm_rmid_forced=1\nkernel.core_pattern=x";
    let output = env.bb(&["--sysctl", two], &["true"]);
    assert_eq!(output.code, 125, "{output}");
}

fn init_reaps_and_passes_signals_on(env: &TestEnv) {
    // An orphan that has ended stays in /proc until somebody waits for it.
    let script = "p=$(sh -c 'sleep 0.1 >/dev/null & echo $!'); while [ -e /proc/$p ]; do sleep 0.05; done; echo $$";
    let output = env.bb(&["--init"], &["sh", "-c", script]);
    assert_eq!(output.ok(), "2", "{output}");
    env.bb(&["--init"], &["sh", "-c", "exit 7"]).code(7);
    env.bb(&["--init"], &["sh", "-c", "kill -9 $$"]).code(137);
    env.bb(&["--init"], &["no-such-program"]).code(127);
    let id = env.start_script(&["--init"], "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done");
    env.ok(&["stop", "-t", "20", &id]);
    assert_eq!(env.field(&id, "{{.State.ExitCode}}"), "9");
    env.remove(&[&id]);
}

fn inits_program_is_no_file_of_the_host(env: &TestEnv) {
    let output = env.bb(&["--init"], &["sh", "-c", "readlink /proc/1/exe; echo x 2>&1 >>/proc/1/exe"]);
    assert!(output.stdout().starts_with("/memfd:coracle-init") && output.code != 0, "{output}");
}

fn an_init_of_the_hosts_is_read_only(env: &TestEnv) {
    // A busybox with a name that is no applet runs nothing: a script that is its own init is enough.
    let script = env.file("init", "#!/bin/sh\nshift\nexec \"$@\"\n");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = env.bb(&["--init", "--init-path", &script], &["sh", "-c", "echo up; grep -c 'init ro' /proc/self/mountinfo"]);
    assert_eq!(output.ok(), "up\n1", "{output}");
    env.bb(&["--init", "--init-path", "/no/such/init"], &["true"]).fails(125, &["/no/such/init"]);
}

fn the_oom_score_holds_for_exec_too(env: &TestEnv) {
    let id = env.start(&["--oom-score-adj", "500"]);
    assert_eq!(env.ok(&["exec", &id, "cat", "/proc/1/oom_score_adj", "/proc/self/oom_score_adj"]), "500\n500");
    assert_eq!(env.field(&id, "{{.HostConfig.OomScoreAdj}}"), "500");
    env.remove(&[&id]);
    env.bb(&["--oom-score-adj", "1001"], &["true"]).code(125);
}

fn a_platform_that_is_not_there_is_no_container(env: &TestEnv) {
    env.busybox();
    let output = env.run(&["run", "--rm", "--pull", "never", "--arch", "s390x", "bb", "true"]);
    output.fails(125, &["platform"]);
}
