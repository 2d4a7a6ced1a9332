use super::*;
use std::os::unix::fs::PermissionsExt as _;

struct Home {
    folder: tempfile::TempDir,
    places: Places,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::below(folder.path());
        Self { folder, places }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn keeper(&self) -> Keeper {
        Keeper::new(&self.places, &Registries::default(), None)
    }
}

fn auth(pair: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(pair)
}

fn pair(user: &str, password: &str) -> Option<Credentials> {
    Some(Credentials::Password { user: user.to_owned(), password: password.to_owned() })
}

#[test]
fn the_closest_key_of_the_first_file_counts() {
    let home = Home::new();
    let text = format!(
        r#"{{"auths":{{"quay.io":{{"auth":"{}"}},"quay.io/team":{{"auth":"{}"}},"https://index.docker.io/v1/":{{"auth":"{}"}},
            "http://old.io/v1/":{{"auth":"{}"}},"token.io":{{"auth":"{}","identitytoken":"refresh"}},
            "plain.io":{{"username":"u","password":"p"}},"empty.io":{{}}}}}}"#,
        auth("all:1"),
        auth("team:2:3\0\0"),
        auth("hub:4"),
        auth("old:5"),
        auth("x:"),
    );
    home.write("home/.docker/config.json", &text);
    let keeper = home.keeper();
    for (name, found) in [
        ("quay.io/a/b", pair("all", "1")),
        ("quay.io/team/b", pair("team", "2:3")),
        ("quay.io/teamwork", pair("all", "1")),
        ("quay.io:5000/team", None),
        ("docker.io/library/busybox", pair("hub", "4")),
        ("old.io/a", pair("old", "5")),
        ("token.io/a", Some(Credentials::IdentityToken("refresh".to_owned()))),
        ("plain.io/a", pair("u", "p")),
        ("empty.io/a", None),
    ] {
        assert_eq!(keeper.find(name).unwrap(), found, "{name}");
    }
    home.write("run/containers/auth.json", &format!(r#"{{"auths":{{"quay.io":{{"auth":"{}"}}}}}}"#, auth("session:6")));
    assert_eq!(keeper.find("quay.io/team/b").unwrap(), pair("session", "6"), "the first file that knows the name");
    home.write("home/.dockercfg", &format!(r#"{{"ancient.io":{{"auth":"{}","email":"x"}}}}"#, auth("a:7")));
    assert_eq!(keeper.find("ancient.io").unwrap(), pair("a", "7"));
}

#[test]
fn a_login_is_kept_for_good_and_what_others_wrote_stays() {
    let home = Home::new();
    let path = home.write("home/.config/containers/auth.json", r#"{"auths":{"a.io":{"auth":"eDp5"}},"HttpHeaders":{"X":"y"}}"#);
    home.write("run/containers/auth.json", r#"{"auths":{"b.io":{"auth":"eDp5"}}}"#);
    let keeper = home.keeper();
    keeper.store("b.io", "me", "s:ecret").unwrap();
    assert_eq!(keeper.find("b.io/x").unwrap(), pair("me", "s:ecret"), "the older login of the session is gone");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("a.io") && text.contains("HttpHeaders") && !text.contains("ecret"), "{text}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing half written stays");
    assert!(keeper.remove("b.io").unwrap());
    assert!(!keeper.remove("b.io").unwrap());
    assert_eq!((keeper.find("b.io").unwrap(), keeper.find("a.io").unwrap()), (None, pair("x", "y")));
    keeper.clone().for_session().unwrap().store("c.io", "me", "2").unwrap();
    assert!(std::fs::read_to_string(home.folder.path().join("run/containers/auth.json")).unwrap().contains("c.io"));
    keeper.remove_all().unwrap();
    assert_eq!((keeper.find("a.io").unwrap(), keeper.find("c.io").unwrap()), (None, None));
    assert!(std::fs::read_to_string(&path).unwrap().contains("HttpHeaders"));
}

#[test]
fn a_named_file_is_the_only_one() {
    let home = Home::new();
    home.write("home/.docker/config.json", r#"{"auths":{"a.io":{"auth":"eDp5"}}}"#);
    let other = home.folder.path().join("other.json");
    let keeper = Keeper::new(&home.places, &Registries::default(), Some(&other));
    assert_eq!(keeper.find("a.io").unwrap(), None);
    keeper.store("b.io/ns", "u", "p").unwrap();
    assert_eq!(keeper.find("b.io/ns/x").unwrap(), pair("u", "p"));
    assert_eq!(keeper.find("b.io/x").unwrap(), None);
}

#[test]
fn damage_is_told_and_never_taken_for_nothing() {
    let home = Home::new();
    for text in ["[]", "{", r#"{"auths":{"a.io":{"auth":"!!"}}}"#, r#"{"auths":{"a.io":{"auth":"bm9jb2xvbg=="}}}"#] {
        home.write("home/.config/containers/auth.json", text);
        assert!(home.keeper().find("a.io/x").is_err(), "{text}");
    }
    home.write("home/.config/containers/auth.json", "  \n");
    assert_eq!(home.keeper().find("a.io/x").unwrap(), None);
    home.write("home/.config/containers/auth.json", r#"{"credHelpers":{"a.io":"no-such-helper-here"}}"#);
    let error = home.keeper().find("a.io/x").unwrap_err();
    assert!(error.to_string().contains("docker-credential-no-such-helper-here"), "{error}");
    assert!(matches!(home.keeper().store("a b", "u", "p"), Err(AuthError::BadName { .. })));
}

#[test]
fn what_is_typed_for_a_registry_is_its_host() {
    for (typed, name) in [
        ("quay.io", "quay.io"),
        ("https://quay.io/", "quay.io"),
        ("quay.io/team", "quay.io/team"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("index.docker.io", "docker.io"),
        ("docker.io/team", "docker.io/team"),
        ("localhost:5000", "localhost:5000"),
    ] {
        assert_eq!(registry_name(typed), name, "{typed}");
    }
    assert!(!format!("{:?}", Credentials::parse("me:secret")).contains("secret"));
}
