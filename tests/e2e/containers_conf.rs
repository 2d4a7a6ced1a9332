//! containers.conf: what counts where an option is not given.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(options_of_a_container_come_from_the_file_and_the_command_line_wins),
        case!(the_image_and_the_command_line_come_before_the_files_environment),
        case!(a_wrong_type_is_refused_by_its_key).gap("podman names no table"),
        case!(kernel_settings_of_the_file_are_left_out_where_the_namespace_is_shared).gap("podman 4 refuses them"),
        case!(a_wrong_value_is_told_with_the_files_name_and_its_key).only_ours("the words are ours"),
        case!(a_key_that_nobody_knows_is_told_and_passed_over).only_ours("podman says so when debugging only"),
        case!(files_count_in_their_order_and_lists_add_up_where_they_say_so).only_ours("podman 4 has no append"),
        case!(options_that_only_files_have_are_honoured).only_ours("podman 4 lacks some"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn options_of_a_container_come_from_the_file_and_the_command_line_wins(env: &TestEnv) {
    env.busybox();
    let text = "[containers]\numask = \"0077\"\nshm_size = \"1m\"\nnetns = \"none\"\nread_only = true\nannotations = [\"a=1\"]\n\
                default_capabilities = [\"CHOWN\"]\ndefault_ulimits = [\"nofile=100:200\"]\n[engine]\nstop_timeout = 3\n";
    let conf = env.file("containers.conf", text);
    let run = |args: &[&str]| env.cmd(args).env("CONTAINERS_CONF", &conf).run();
    let script = "umask; ulimit -n; grep CapBnd /proc/self/status; touch /x 2>&1; df -k /dev/shm | tail -n 1";
    let seen = run(&["run", "--rm", "bb", "sh", "-c", script]).ok();
    for text in ["0077", "100\n", "0000000000000001", "Read-only", "1024"] {
        assert!(seen.contains(text), "{text}: {seen}");
    }
    let script = "umask; ulimit -n; touch /x && echo made; grep CapBnd /proc/self/status";
    let options = ["--umask", "0027", "--ulimit", "nofile=90:90", "--read-only=false", "--cap-add", "kill"];
    let seen = run(&[&["run", "--rm"][..], &options, &["bb", "sh", "-c", script]].concat()).ok();
    for text in ["0027", "90\n", "made", "0000000000000021"] {
        assert!(seen.contains(text), "{text}: {seen}");
    }
    run(&["create", "--name", "c", "bb", "true"]).code(0);
    let format = "{{.HostConfig.NetworkMode}} {{.HostConfig.ShmSize}} {{.Config.StopTimeout}} {{.HostConfig.ReadonlyRootfs}}";
    assert_eq!(run(&["inspect", "--format", format, "c"]).ok(), "none 1048576 3 true");
    env.ok(&["rm", "c"]);
}

fn the_image_and_the_command_line_come_before_the_files_environment(env: &TestEnv) {
    env.busybox();
    let conf = env.file("containers.conf", "[containers]\nnetns = \"none\"\nenv = [\"PATH=/nowhere\", \"A=file\", \"B=file\"]\n");
    let over = env.file("over.conf", "[containers]\nenv = [\"C=over\", {append=true}]\n");
    let run = |args: &[&str]| env.cmd(args).env("CONTAINERS_CONF", &conf).env("CONTAINERS_CONF_OVERRIDE", &over).run();
    let seen = run(&["run", "--rm", "-e", "B=given", "bb", "/bin/busybox", "env"]).ok();
    for text in ["A=file", "B=given", "C=over"] {
        assert!(seen.lines().any(|line| line == text), "{text}: {seen}");
    }
}

fn a_wrong_type_is_refused_by_its_key(env: &TestEnv) {
    env.busybox();
    let bad = env.file("bad.conf", "[containers]\npids_limit = \"many\"\n");
    let output = env.cmd(&["create", "bb", "true"]).env("CONTAINERS_CONF", &bad).run();
    output.fails(125, &["bad.conf", "containers", "pids_limit"]);
}

fn kernel_settings_of_the_file_are_left_out_where_the_namespace_is_shared(env: &TestEnv) {
    env.busybox();
    let text = "[containers]\ndefault_sysctls = [\"net.ipv4.ping_group_range=0 0\", \"kernel.msgmax=4096\"]\n";
    let conf = env.file("containers.conf", text);
    let run = |options: &[&str]| {
        let script = "cat /proc/sys/net/ipv4/ping_group_range /proc/sys/kernel/msgmax";
        let args = [&["run", "--rm"], options, &["bb", "sh", "-c", script]].concat();
        env.cmd(&args).env("CONTAINERS_CONF", &conf).run().ok()
    };
    assert_eq!(run(&["--network", "none"]), "0\t0\n4096");
    let (group, size) = ("/proc/sys/net/ipv4/ping_group_range", "/proc/sys/kernel/msgmax");
    let of_the_host = |path: &str| std::fs::read_to_string(path).expect("a setting").trim().to_owned();
    // Groups that are not mapped into the container are shown as the one that stands for them, so only the own value can be told.
    let (own, shared) = (run(&["--network", "none", "--ipc", "host"]), run(&["--network", "host"]));
    assert_eq!(own, format!("0\t0\n{}", of_the_host(size)));
    assert!(shared.ends_with("\n4096"), "{shared}");
    assert!(of_the_host(group) == "0\t0" || !shared.starts_with("0\t0\n"), "{shared}");
}

fn a_wrong_value_is_told_with_the_files_name_and_its_key(env: &TestEnv) {
    env.busybox();
    for (text, words) in [
        ("[engine]\n\nruntime = \"nothing-like-it\"\n", &["f.conf: line 3: [engine] runtime: ", "nothing-like-it"][..]),
        ("[containers]\numask = \"9\"\n", &["f.conf: line 2: [containers] umask: invalid umask"]),
        ("[containers]\ndefault_capabilities = [\"FLYING\"]\n", &["f.conf: line 2: [containers] default_capabilities: "]),
        ("[engine]\npull_policy = \"x\"\n", &["f.conf: line 2: [engine] pull_policy: "]),
        ("[engine]\nimage_volume_mode = \"x\"\n", &["f.conf: line 2: [engine] image_volume_mode: "]),
    ] {
        let conf = env.file("f.conf", text);
        env.cmd(&["create", "bb", "true"]).env("CONTAINERS_CONF", &conf).run().fails(125, words);
    }
    // What the command line says wrongly is not the file's fault.
    let conf = env.file("f.conf", "[containers]\npidns = \"private\"\n");
    let output = env.cmd(&["create", "--umask", "9", "bb", "true"]).env("CONTAINERS_CONF", &conf).run().fails(125, &["umask"]);
    assert!(!output.stderr().contains("f.conf"), "{output}");
}

fn a_key_that_nobody_knows_is_told_and_passed_over(env: &TestEnv) {
    env.busybox();
    let conf = env.file("f.conf", "[containers]\nunheard_of = 1\nlabel = false\n[engine]\nhooks_dir = [\"/h\"]\nnum_locks = 5\n");
    let output = env.cmd(&["run", "--rm", "--network", "none", "bb", "echo", "done"]).env("CONTAINERS_CONF", &conf).run();
    assert_eq!(output.ok(), "done");
    let told = output.stderr();
    for words in ["f.conf: line 2: [containers] unheard_of: ", "f.conf: line 5: [engine] hooks_dir: "] {
        assert!(told.contains(words), "{told}");
    }
    assert_eq!(told.lines().count(), 2, "{told}");
}

fn files_count_in_their_order_and_lists_add_up_where_they_say_so(env: &TestEnv) {
    env.busybox();
    let folder = env.home().join(".config/containers");
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("make");
        std::fs::write(&path, format!("[containers]\n{text}\n")).expect("write");
    };
    put("containers.conf", "env = [\"A=main\", \"B=main\"]\nnetns = \"none\"\ntz = \"UTC\"");
    put("containers.conf.d/10.conf", "env = [{append = true}, \"B=ten\"]\numask = \"0070\"");
    put("containers.conf.d/20.conf", "env = [\"C=twenty\"]\numask = \"0007\"");
    put("containers.conf.d/30.txt", "umask = \"0777\"");
    put("containers.conf.modules/more.conf", "env = [\"D=module\"]\numask = \"0077\"");
    let over = env.file("over.conf", "[containers]\nenv = [\"E=over\"]\n");
    let script = "echo $A $B $C $D $E $(umask)";
    let tail = ["run", "--rm", "bb", "sh", "-c", script];
    assert_eq!(env.cmd(&tail).run().ok(), "main ten twenty 0007");
    let with_module = [&["--module", "more.conf"], &tail[..]].concat();
    assert_eq!(env.cmd(&with_module).env("CONTAINERS_CONF_OVERRIDE", &over).run().ok(), "main ten twenty module over 0077");
    env.cmd(&["--module", "none.conf", "create", "bb", "true"]).run().fails(125, &["none.conf", "no such module"]);
    // A file that stands in for all leaves the user's out, but not what is to come last.
    let alone = env.file("alone.conf", "[containers]\nenv = [\"A=alone\"]\nnetns = \"none\"\n");
    let output = env.cmd(&tail).env("CONTAINERS_CONF", &alone).env("CONTAINERS_CONF_OVERRIDE", &over).run();
    assert_eq!(output.ok(), "over 0022");
}

fn options_that_only_files_have_are_honoured(env: &TestEnv) {
    env.busybox();
    let text = "[containers]\nhost_containers_internal_ip = \"192.0.2.9\"\noom_score_adj = 500\nnetns = \"none\"\n";
    let conf = env.file("f.conf", text);
    let script = "grep internal /etc/hosts; cat /proc/self/oom_score_adj";
    let run = |options: &[&str]| {
        let args = [&["run", "--rm", "--add-host", "h:host-gateway"], options, &["bb", "sh", "-c", script]].concat();
        env.cmd(&args).env("CONTAINERS_CONF", &conf).run().ok()
    };
    assert_eq!(run(&[]), "192.0.2.9\thost.containers.internal host.docker.internal\n500");
    assert!(run(&["--oom-score-adj", "600"]).ends_with("\n600"));
    let conf = env.file("init.conf", "[containers]\ninit = true\nno_hosts = true\nnetns = \"none\"\n");
    let run = |options: &[&str]| {
        let args = [&["run", "--rm"], options, &["bb", "sh", "-c", "echo $$; wc -l </etc/hosts"]].concat();
        env.cmd(&args).env("CONTAINERS_CONF", &conf).run()
    };
    assert_ne!(run(&[]).stdout().lines().next(), Some("1"));
    let given = run(&["--init=false", "--no-hosts=false"]).ok();
    assert!(given.starts_with("1\n") && !given.ends_with("\n0"), "{given}");
}
