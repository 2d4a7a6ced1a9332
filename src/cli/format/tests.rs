use super::*;
use serde_json::json;

fn row() -> Value {
    json!({
        "ID": "4032b249ace3", "Names": "web", "Size": 12, "Big": u64::MAX, "Truth": true,
        "Labels": {"a.b": "c", "z": "1", "": "empty"}, "Ports": null, "Options": {},
        "Mounts": [{"Source": "/a", "RW": true}, {"Source": "/b", "RW": false}],
        "State": {"Status": "running", "Pid": -1, "Log": null}, "Command": ["sh", "-c", "echo <a>"], "Evil": "a\u{1b}b\tc",
    })
}

fn rendered(template: &str) -> Result<String, FormatError> {
    render_for(&[row()], &Format::parse(template)?, &[("ID", "CONTAINER ID")], true, false)
}

#[test]
fn templates_print_what_go_prints() {
    for (template, printed) in [
        ("{{.ID}}", "4032b249ace3\n"),
        ("{{.Id}} {{ .Names }}", "4032b249ace3 web\n"),
        ("{{.ID}}\\t{{.Names}}\\n", "4032b249ace3\tweb\n"),
        ("{{.Size}} {{.Big}} {{.Truth}} {{.State.Pid}}", "12 18446744073709551615 true -1\n"),
        ("{{.Labels}} {{.Command}} {{.Ports}} {{.State.Log}}", "map[:empty a.b:c z:1] [sh -c echo <a>] map[] []\n"),
        ("{{.Labels.nope}}|{{.Labels.z}}|{{.Ports.x.y}}", "<no value>|1|<no value>\n"),
        (r#"{{index .Labels "a.b"}}|{{index .Labels "nope"}}|{{index .Options "x"}}|{{index .Command 1}}"#, "c|||-c\n"),
        (
            "{{json .Labels}}{{json .Command}}{{json .State}}",
            "{\"\":\"empty\",\"a.b\":\"c\",\"z\":\"1\"}[\"sh\",\"-c\",\"echo <a>\"]{\"Log\":[],\"Pid\":-1,\"Status\":\"running\"}\n",
        ),
        ("{{range .Mounts}}{{.Source}}:{{if .RW}}rw{{else}}ro{{end}} {{end}}", "/a:rw /b:ro \n"),
        ("{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "=empty;a.b=c;z=1;\n"),
        ("{{range .Command}}{{println .}}{{end}}", "sh\n-c\necho <a>\n"),
        (r#"{{join .Command ","}} {{upper .Names}} {{lower "AB"}} {{title "my web"}}"#, "sh,-c,echo <a> WEB ab My Web\n"),
        (r#"{{pad .Names 2 1}}|{{pad "" 2 2}}|{{truncate .ID 4}}|{{.ID | truncate 3}}"#, "  web ||4032|403\n"),
        (r#"{{index (split "a/b" "/") 1}} {{len .Command}} {{len .Names}}"#, "b 3 3\n"),
        (r#"{{if eq .State.Status "running"}}yes{{end}}{{if and .Truth (not .Ports)}}!{{end}}"#, "yes!\n"),
        (r#"{{join .Command "\n"}}"#, "sh\n-c\necho <a>\n"),
        (r#"{{printf "%-6s|%5d|%q" .Names .Size .Names}}"#, "web   |   12|\"web\"\n"),
        ("{{with .State}}{{.Status}}{{end}}{{/* nothing */}}", "running\n"),
        ("{{.Evil}}", "a\u{1b}b\tc\n"),
        (
            r#"{{.Label "a.b"}}|{{.Label "nope"}}|{{if .Label "z"}}z{{end}}|{{upper ($.Label `z`)}} .Label \"x\""#,
            "c||z|1 .Label \\\"x\\\"\n",
        ),
        (r#"{{printf "%s-%s" (.Label "z") (.Label "a.b")}}"#, "1-c\n"),
        ("plain", "plain\n"),
        ("", "\n"),
    ] {
        assert_eq!(rendered(template).unwrap_or_else(|error| panic!("{template}: {error:?}")), printed, "{template}");
    }
}

#[test]
fn tables_have_headers_and_columns() {
    let table = "table {{.ID}}\\t{{.Names}}\\t{{.State.Status}}";
    assert_eq!(rendered(table).expect("good"), "CONTAINER ID  NAMES       STATUS\n4032b249ace3  web         running\n");
    assert_eq!(rendered("table {{.Evil}}\\t{{.ID}}").expect("good"), "EVIL        CONTAINER ID\na\\x1bb\\tc   4032b249ace3\n");
    let format = Format::parse(table).expect("good");
    assert_eq!(render_for(&[row()], &format, &[], false, false).expect("good"), "4032b249ace3  web         running\n");
    assert_eq!(render_for(&[], &format, &[], true, false).expect("good"), "ID          NAMES       STATUS\n");
    assert_eq!(Format::parse("table").expect("good"), Format::DefaultTable);
    assert_eq!(
        render_for(&[row()], &Format::DefaultTable, &[("ID", "CONTAINER ID"), ("Ports", "PORTS")], true, false).expect("good"),
        "CONTAINER ID  PORTS\n4032b249ace3  \n"
    );
}

#[test]
fn json_is_one_array_and_json_of_the_row_one_line_each() {
    let rows = [json!({"b": 1, "a": "\u{9b}\u{202e}<"}), json!({"b": 2})];
    let array = render_for(&rows, &Format::Json, &[], true, false).expect("good");
    assert!(array.starts_with("[\n    {\n        \"b\": 1,\n        \"a\": \""), "{array}");
    let lines = |terminal| render_for(&rows, &Format::parse("{{ json . }}").expect("good"), &[], true, terminal);
    assert_eq!(lines(false).expect("good"), "{\"b\":1,\"a\":\"\u{9b}\u{202e}<\"}\n{\"b\":2}\n");
    assert_eq!(lines(true).expect("good"), "{\"b\":1,\"a\":\"\\u009b\\u202e<\"}\n{\"b\":2}\n");
    assert_eq!(render_for(&[], &Format::parse("json").expect("good"), &[], true, false).expect("good"), "[]\n");
}

#[test]
fn a_terminal_gets_no_control_characters_of_values() {
    let format = Format::parse("{{.Evil}}\\t{{.ID}}").expect("good");
    assert_eq!(render_for(&[row()], &format, &[], true, true).expect("good"), "a\\x1bb\\tc\t4032b249ace3\n");
}

#[test]
fn bad_templates_say_what_is_bad() {
    for bad in ["{{.ID", "{{nope .ID}}", "{{range .Mounts}}", "{{end}}", "table {{.A"] {
        let error = Format::parse(bad).expect_err(bad);
        assert!(matches!(&error, FormatError::Parse { .. }), "{bad}: {error}");
    }
    for (bad, said) in [
        ("{{.Nope}}", "there is no field \"Nope\" (fields: ID Names"),
        ("{{.State.Nope}}", "there is no field \"Nope\""),
        ("{{.ID.Nope}}", "only maps and objects have fields"),
        ("{{lower .Size}}", "lower takes one text"),
        ("{{range .Size}}{{.X}}{{end}}", "fields"),
    ] {
        let error = rendered(bad).expect_err(bad).to_string();
        assert!(error.contains(said), "{bad}: {error}");
    }
}
