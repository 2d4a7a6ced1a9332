//! `ps`, `images`, `inspect`, `--format`.

use crate::harness::archive::{Image, digest, write_archive};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(ps_shows_what_runs_and_a_shows_all),
        case!(ps_q_prints_ids_short_or_whole),
        case!(ps_takes_go_templates_and_json),
        case!(ps_takes_one_label_by_its_key).gap("podman 4 has no Label"),
        case!(ps_of_nothing_is_a_heading),
        case!(ps_of_an_ended_container_says_its_code),
        case!(images_are_listed_with_name_tag_and_id),
        case!(images_takes_go_templates_and_json),
        case!(inspect_is_a_json_array_with_podmans_names),
        case!(inspect_takes_go_templates),
        case!(inspect_finds_images_too),
        case!(inspect_of_several_goes_on_after_an_error),
        case!(a_bad_template_is_an_error),
        case!(version_and_help_need_no_store).only_ours("it looks for our store"),
        case!(nothing_is_printed_to_errors_when_all_is_well),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn ps_shows_what_runs_and_a_shows_all(env: &TestEnv) {
    let id = env.start(&["--name", "runs"]);
    env.ok(&["create", "--name", "made", "bb", "true"]);
    let running = env.run(&["ps"]).lines();
    assert_eq!(running.len(), 2, "{running:?}");
    let heading: Vec<&str> = running[0].split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
    assert_eq!(heading, ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]);
    assert!(
        running[1].starts_with(&id[..12]) && running[1].contains("localhost/bb:latest") && running[1].contains("Up "),
        "{running:?}"
    );
    assert!(running[1].trim_end().ends_with("runs"), "{running:?}");
    let all = env.run(&["ps", "--all"]).lines();
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all.iter().any(|line| line.contains("Created") && line.trim_end().ends_with("made")), "{all:?}");
    env.remove(&["runs", "made"]);
}

fn ps_q_prints_ids_short_or_whole(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "bb", "true"]);
    assert_eq!(env.ok(&["ps", "-a", "-q"]), id[..12]);
    assert_eq!(env.ok(&["ps", "-aq", "--no-trunc"]), id);
    assert_eq!(env.ok(&["ps", "-q"]), "");
    env.ok(&["rm", &id]);
}

fn ps_takes_go_templates_and_json(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--name", "c", "--label", "k=v", "bb", "echo", "x"]);
    let format = |format: &str| env.ok(&["ps", "-a", "--format", format]);
    assert_eq!(format("{{.ID}} {{.Names}} {{.Image}} {{lower .State}}"), format!("{} c localhost/bb:latest created", &id[..12]));
    assert_eq!(format("{{index .Labels \"k\"}}|{{upper .Names}}"), "v|C");
    let table = format("table {{.Names}}\t{{.Status}}");
    assert_eq!(
        table.lines().map(|line| line.split_whitespace().collect()).collect::<Vec<Vec<&str>>>(),
        [["NAMES", "STATUS"], ["c", "Created"]]
    );
    let rows: Value = serde_json::from_str(&format("json")).unwrap();
    assert_eq!((&rows[0]["Id"], &rows[0]["Names"][0], &rows[0]["State"]), (&json!(id), &json!("c"), &json!("created")), "{rows}");
    assert_eq!(rows.as_array().unwrap().len(), 1);
    env.ok(&["rm", "c"]);
}

fn ps_takes_one_label_by_its_key(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "--label", "a.b=v", "bb", "true"]);
    assert_eq!(env.ok(&["ps", "-a", "--format", "{{.Names}} {{.Label \"a.b\"}}"]), "c v");
    env.ok(&["rm", "c"]);
}

fn ps_of_nothing_is_a_heading(env: &TestEnv) {
    assert_eq!(env.run(&["ps", "-a"]).lines().len(), 1);
    assert_eq!(env.ok(&["ps", "-a", "--noheading"]), "");
    assert_eq!(env.ok(&["ps", "-a", "--format", "json"]), "[]");
}

fn ps_of_an_ended_container_says_its_code(env: &TestEnv) {
    env.busybox();
    env.run(&["run", "--name", "c", "--network", "none", "bb", "sh", "-c", "exit 42"]).code(42);
    let line = env.ok(&["ps", "-a", "--format", "{{.Status}}"]);
    assert!(line.starts_with("Exited (42) "), "{line}");
    env.ok(&["rm", "c"]);
}

fn images_are_listed_with_name_tag_and_id(env: &TestEnv) {
    env.busybox();
    let lines = env.run(&["images"]).lines();
    let words: Vec<Vec<&str>> = lines.iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0][..4], ["REPOSITORY", "TAG", "IMAGE", "ID"]);
    assert_eq!(words[1][..2], ["localhost/bb", "latest"]);
    let id = env.ok(&["images", "-q"]);
    assert_eq!(words[1][2], id);
    assert_eq!(id.len(), 12);
    let whole = env.ok(&["images", "-q", "--no-trunc"]);
    assert!(whole.starts_with(&format!("sha256:{id}")) && whole.len() == 71, "{whole}");
}

fn images_takes_go_templates_and_json(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["images", "-q"]);
    assert_eq!(env.ok(&["images", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"]), format!("localhost/bb:latest {id}"));
    let rows: Value = serde_json::from_str(&env.ok(&["images", "--format", "json"])).unwrap();
    assert!(rows[0]["Id"].as_str().unwrap().starts_with(&id), "{rows}");
    assert_eq!(rows[0]["Names"], json!(["localhost/bb:latest"]), "{rows}");
}

fn inspect_is_a_json_array_with_podmans_names(env: &TestEnv) {
    let folder = env.folder("share");
    env.busybox();
    let volume = format!("{folder}:/share:ro");
    let id = env.ok(&[
        "create", "--name", "c", "-e", "A=1", "-w", "/tmp", "-u", "app", "-v", &volume, "--label", "k=v", "-t", "bb", "echo",
        "x y",
    ]);
    let all: Value = serde_json::from_str(&env.ok(&["inspect", "c"])).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 1);
    let one = &all[0];
    assert_eq!((&one["Id"], &one["Name"], &one["ImageName"]), (&json!(id), &json!("c"), &json!("localhost/bb:latest")));
    assert_eq!((&one["Path"], &one["Args"]), (&json!("echo"), &json!(["x y"])));
    assert_eq!(one["State"]["Status"], json!("created"));
    for key in ["Running", "Pid", "ExitCode", "OOMKilled", "StartedAt", "FinishedAt"] {
        assert!(!one["State"][key].is_null(), "State.{key} of {one}");
    }
    let config = &one["Config"];
    assert_eq!((&config["User"], &config["WorkingDir"], &config["Tty"]), (&json!("app"), &json!("/tmp"), &json!(true)));
    assert!(config["Env"].as_array().unwrap().contains(&json!("A=1")) && config["Labels"]["k"] == json!("v"), "{config}");
    assert_eq!(config["Cmd"], json!(["echo", "x y"]));
    let mount = &one["Mounts"][0];
    assert_eq!((&mount["Source"], &mount["Destination"], &mount["RW"]), (&json!(folder), &json!("/share"), &json!(false)));
    assert!(one["Created"].is_string() && one["HostConfig"].is_object() && one["NetworkSettings"].is_object(), "{one}");
    env.ok(&["rm", "c"]);
}

fn inspect_takes_go_templates(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "-e", "A=1", "--label", "a.b=v", "bb", "true"]);
    for (format, wanted) in [
        ("{{.Name}}", "c"),
        ("{{.State.Running}}", "false"),
        ("{{index .Config.Labels \"a.b\"}}", "v"),
        ("{{json .Config.Labels}}", "{\"a.b\":\"v\"}"),
        ("{{if eq .State.Status \"created\"}}yes{{else}}no{{end}}", "yes"),
        ("{{len .Config.Cmd}}", "1"),
        ("{{join .Config.Cmd \",\"}}", "true"),
        ("{{printf \"%s-%d\" .Name .State.ExitCode}}", "c-0"),
    ] {
        assert_eq!(env.field("c", format), wanted, "{format}");
    }
    let names = env.field("c", "{{range .Config.Env}}{{println .}}{{end}}");
    assert!(names.contains("A=1\n") || names.ends_with("A=1"), "{names:?}");
    env.ok(&["rm", "c"]);
}

fn inspect_finds_images_too(env: &TestEnv) {
    let image = Image::busybox("shown", json!({"Env": ["A=1"], "Cmd": ["sh"], "Labels": {"k": "v"}, "WorkingDir": "/tmp"}));
    write_archive(env.work().join("i.tar"), &image.docker_entries());
    env.ok(&["load", "-i", "i.tar"]);
    let id = &digest(&image.config_bytes())["sha256:".len()..];
    let all: Value = serde_json::from_str(&env.ok(&["inspect", "shown"])).unwrap();
    let one = &all[0];
    assert_eq!(one["Id"], json!(id));
    assert_eq!(
        (&one["Config"]["Env"], &one["Config"]["Cmd"], &one["Labels"]["k"]),
        (&json!(["A=1"]), &json!(["sh"]), &json!("v")),
        "{one}"
    );
    assert_eq!(one["RepoTags"], json!(["localhost/shown:latest"]));
    assert_eq!(one["RootFS"]["Layers"], json!([digest(&image.layers[0])]));
    assert_eq!((&one["Os"], &one["Architecture"]), (&json!("linux"), &json!(crate::harness::archive::architecture())));
    assert_eq!(env.field(&id[..12], "{{.Id}}"), id);
    // A container goes before an image of the same name.
    let container = env.ok(&["create", "--name", "shown", "shown"]);
    assert_eq!(env.field("shown", "{{.Id}}"), container);
    env.ok(&["rm", "shown"]);
}

fn inspect_of_several_goes_on_after_an_error(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "bb", "true"]);
    let output = env.run(&["inspect", "c", "nosuch", "bb"]);
    assert!(output.code != 0 && output.stderr().contains("nosuch"), "{output}");
    let all: Value = serde_json::from_str(&output.stdout()).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
    env.ok(&["rm", "c"]);
}

fn a_bad_template_is_an_error(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "bb", "true"]);
    for format in ["{{.NoSuchField}}", "{{", "{{.Name | nosuch}}"] {
        let output = env.run(&["inspect", "--format", format, "c"]);
        assert!(output.code == 125 && output.stderr().contains("Error: "), "{format}: {output}");
    }
    env.ok(&["rm", "c"]);
}

fn version_and_help_need_no_store(env: &TestEnv) {
    for args in [&["--version"][..], &["--help"], &["run", "--help"]] {
        let output = env.cmd(args).env_remove("HOME").env("XDG_DATA_HOME", "/proc/nosuch").run();
        assert!(!output.ok().is_empty() && output.stderr.is_empty(), "{output}");
    }
    assert!(!env.data().exists());
    assert!(env.ok(&["--version"]).starts_with("coracle "));
}

fn nothing_is_printed_to_errors_when_all_is_well(env: &TestEnv) {
    let id = env.start(&[]);
    for args in [
        &["ps", "-a"][..],
        &["images"],
        &["inspect", &id],
        &["logs", &id],
        &["exec", &id, "true"],
        &["tag", "bb", "other"],
        &["rmi", "other"],
        &["stop", "-t", "0", &id],
        &["rm", &id],
        &["run", "--rm", "--network", "none", "bb", "true"],
    ] {
        let output = env.run(args).code(0);
        assert_eq!(output.stderr(), "", "{output}");
    }
}
