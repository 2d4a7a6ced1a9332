use super::*;

fn read(text: &str) -> Result<Registries, ConfigError> {
    let path = PathBuf::from("test.conf");
    let mut all = Registries::default();
    all.merge(parse::parse(&path, text)?, path);
    Ok(all)
}

fn names(registries: &Registries, name: &str) -> Vec<String> {
    let shown = |source: Source| source.name + if source.insecure { " insecure" } else { "" };
    registries.sources(name).unwrap().into_iter().map(shown).collect()
}

const FIELD: &str = r#"
unqualified-search-registries = ["registry.fedoraproject.org", "docker.io"]
short-name-mode = "permissive"
credential-helpers = ["secretservice", "containers-auth.json"]
something-new = 1

[[registry]]
prefix = "example.com/foo"
insecure = false
blocked = false
location = "internal-registry-for-example.com/bar"

[[registry.mirror]]
location = "example-mirror-0.local/mirror-for-foo"

[[registry.mirror]]
location = "example-mirror-1.local/mirrors/foo"
insecure = true
pull-from-mirror = "digest-only"

[[registry]]
location = "registry.local:5000"
insecure = true

[[registry]]
prefix = "*.blocked.example"
blocked = true

[[registry]]
prefix = "*.dev.example"
location = "cache.example/dev"

[aliases]
"fedora" = "registry.fedoraproject.org/fedora"
"gone" = ""
"#;

#[test]
fn names_lead_where_the_longest_prefix_says() {
    let conf = read(FIELD).unwrap();
    let digest = format!("sha256:{}", "0".repeat(64));
    for (name, wanted) in [
        ("example.com/foo/a:1", &["example-mirror-0.local/mirror-for-foo/a:1", "internal-registry-for-example.com/bar/a:1"][..]),
        ("example.com/foobar:1", &["example.com/foobar:1"]),
        ("registry.local:5000/a", &["registry.local:5000/a insecure"]),
        ("registry.local:50001/a", &["registry.local:50001/a"]),
        ("a.b.dev.example:80/x/y:1", &["cache.example/dev/x/y:1"]),
        ("dev.example/x", &["dev.example/x"]),
    ] {
        assert_eq!(names(&conf, name), wanted, "{name}");
    }
    let by_digest = names(&conf, &format!("example.com/foo@{digest}"));
    assert_eq!(by_digest[1], format!("example-mirror-1.local/mirrors/foo@{digest} insecure"));
    assert_eq!(conf.sources("x.blocked.example/a"), Err("*.blocked.example".to_owned()));
    assert_eq!((conf.alias("fedora"), conf.alias("gone")), (Some("registry.fedoraproject.org/fedora"), None));
    assert_eq!((conf.mode(), conf.search().len()), (ShortNameMode::Permissive, 2));
    assert_eq!(conf.credential_helpers(), ["secretservice", "containers-auth.json"]);
}

#[test]
fn a_later_file_wins_and_the_rest_stays() {
    let mut conf = read(FIELD).unwrap();
    let path = PathBuf::from("90-mine.conf");
    let text = "unqualified-search-registries = []\n[[registry]]\nlocation = \"registry.local:5000\"\n[aliases]\n\"fedora\" = \"quay.io/f\"\n";
    conf.merge(parse::parse(&path, text).unwrap(), path);
    assert!(conf.search().is_empty());
    assert_eq!(conf.mode(), ShortNameMode::Permissive);
    assert_eq!(names(&conf, "registry.local:5000/a"), ["registry.local:5000/a"]);
    assert_eq!(conf.alias("fedora"), Some("quay.io/f"));
}

#[test]
fn what_is_wrong_is_refused_with_a_reason() {
    for (text, reason) in [
        ("[registries.search]\nregistries = ['docker.io']", "version 1"),
        ("short-name-mode = 'maybe'", "maybe"),
        ("[[registry]]\ninsecure = true", "neither"),
        ("[[registry]]\nprefix = 'a.io'", "no location"),
        ("[[registry]]\nprefix = 'a.*.io'\nlocation = 'b.io'", "*.DOMAIN"),
        ("[[registry]]\nlocation = 'https://a.io'", "scheme"),
        ("[[registry]]\nlocation = 'a.io'\n[[registry.mirror]]\ninsecure = true", "mirror"),
        ("[[registry]]\nlocation = 'a.io'\n[[registry.mirror]]\nlocation = 'b.io'\npull-from-mirror = 'x'", "pull-from-mirror"),
        ("unqualified-search-registries = 'docker.io'", "test.conf"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.to_string().contains(reason), "{text}: {error}");
    }
}

#[test]
fn files_are_found_and_choices_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(folder.path());
    assert!(!Registries::load(&places).unwrap().is_configured());
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("etc/containers/registries.conf", "unqualified-search-registries = ['system.io']");
    write("etc/containers/registries.conf.d/20.conf", "[aliases]\na = 'x.io/a'\nb = 'x.io/b'");
    write("home/.config/containers/registries.conf.d/10.conf", "[aliases]\nb = 'mine.io/b'");
    write("home/.config/containers/registries.conf.d/readme.txt", "not toml at all");
    let conf = Registries::load(&places).unwrap();
    assert_eq!(
        (conf.search(), conf.alias("a"), conf.alias("b")),
        (&["system.io".to_owned()][..], Some("x.io/a"), Some("mine.io/b"))
    );
    write("home/.config/containers/registries.conf", "unqualified-search-registries = ['mine.io']");
    remember_alias(&places, "c", "x.io/c").unwrap();
    remember_alias(&places, "a", "y.io/a").unwrap();
    let conf = Registries::load(&places).unwrap();
    assert_eq!((conf.search(), conf.alias("a"), conf.alias("c")), (&["mine.io".to_owned()][..], Some("y.io/a"), Some("x.io/c")));
}
