//! containers.conf: what counts where an option is not given.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(options_of_a_container_come_from_the_file_and_the_command_line_wins),
        case!(the_image_and_the_command_line_come_before_the_files_environment),
        case!(a_wrong_type_is_refused_by_its_key).gap("podman names no table"),
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
